//! What makes a syntax tree one that a source could have: contexts, numbers of parts, names.

use ungil_compiler::{Field, Node};

/// What is wrong with a tree.
pub enum Fault {
    Value(String),
    Type(String),
}

type Checked = Result<(), Fault>;

fn fault(text: impl Into<String>) -> Checked {
    Err(Fault::Value(text.into()))
}

/// Checks a tree: a `Module`, an `Expression` or an `Interactive`.
pub fn check(tree: &Node) -> Checked {
    match tree.class {
        "Expression" => expr(tree.field("body"), "Load"),
        _ => statements(tree.field("body")),
    }
}

fn statements(body: &Field) -> Checked {
    for stmt in body.items() {
        match stmt.node() {
            Some(node) => statement(node)?,
            None => return fault("None disallowed in statement list"),
        }
    }
    Ok(())
}

fn not_empty(field: &Field, what: &str, of: &str) -> Checked {
    match field.items().is_empty() {
        true => fault(format!("empty {what} on {of}")),
        false => Ok(()),
    }
}

fn body(node: &Node) -> Checked {
    not_empty(node.field("body"), "body", node.class)?;
    statements(node.field("body"))
}

fn exprs(list: &Field, context: &str) -> Checked {
    for item in list.items() {
        match item.node() {
            Some(_) => expr(item, context)?,
            None => return fault("None disallowed in expression list"),
        }
    }
    Ok(())
}

/// An expression that may be missing.
fn optional(field: &Field, context: &str) -> Checked {
    match field.is_nothing() {
        true => Ok(()),
        false => expr(field, context),
    }
}

fn name(field: &Field) -> Checked {
    match field.text() {
        Some(text @ ("None" | "True" | "False")) => {
            fault(format!("identifier field can't represent '{text}' constant"))
        }
        _ => Ok(()),
    }
}

fn statement(node: &Node) -> Checked {
    match node.class {
        "FunctionDef" | "AsyncFunctionDef" => {
            body(node)?;
            type_params(node)?;
            parameters(node.field("args"))?;
            exprs(node.field("decorator_list"), "Load")?;
            optional(node.field("returns"), "Load")
        }
        "ClassDef" => {
            body(node)?;
            type_params(node)?;
            exprs(node.field("bases"), "Load")?;
            keywords(node)?;
            exprs(node.field("decorator_list"), "Load")
        }
        "Delete" => {
            not_empty(node.field("targets"), "targets", node.class)?;
            exprs(node.field("targets"), "Del")
        }
        "Assign" => {
            not_empty(node.field("targets"), "targets", node.class)?;
            exprs(node.field("targets"), "Store")?;
            expr(node.field("value"), "Load")
        }
        "AugAssign" => {
            expr(node.field("target"), "Store")?;
            expr(node.field("value"), "Load")
        }
        "AnnAssign" => {
            if node.field("target").class() != "Name" && node.field("simple").int() != 0 {
                return Err(Fault::Type("AnnAssign with simple non-Name target".into()));
            }
            expr(node.field("target"), "Store")?;
            optional(node.field("value"), "Load")?;
            expr(node.field("annotation"), "Load")
        }
        "TypeAlias" => {
            if node.field("name").class() != "Name" {
                return Err(Fault::Type("TypeAlias with non-Name name".into()));
            }
            expr(node.field("name"), "Store")?;
            type_params(node)?;
            expr(node.field("value"), "Load")
        }
        "For" | "AsyncFor" => {
            expr(node.field("target"), "Store")?;
            expr(node.field("iter"), "Load")?;
            body(node)?;
            statements(node.field("orelse"))
        }
        "While" | "If" => {
            expr(node.field("test"), "Load")?;
            body(node)?;
            statements(node.field("orelse"))
        }
        "With" | "AsyncWith" => {
            not_empty(node.field("items"), "items", node.class)?;
            for item in node.field("items").items().iter().filter_map(Field::node) {
                expr(item.field("context_expr"), "Load")?;
                optional(item.field("optional_vars"), "Store")?;
            }
            body(node)
        }
        "Match" => {
            expr(node.field("subject"), "Load")?;
            not_empty(node.field("cases"), "cases", node.class)?;
            for case in node.field("cases").items().iter().filter_map(Field::node) {
                pattern(case.field("pattern"), false)?;
                optional(case.field("guard"), "Load")?;
                body(case)?;
            }
            Ok(())
        }
        "Try" | "TryStar" => try_statement(node),
        _ => simple(node),
    }
}

fn simple(node: &Node) -> Checked {
    match node.class {
        "Return" => optional(node.field("value"), "Load"),
        "Raise" => {
            if node.field("exc").is_nothing() && !node.field("cause").is_nothing() {
                return fault("Raise with cause but no exception");
            }
            optional(node.field("exc"), "Load")?;
            optional(node.field("cause"), "Load")
        }
        "Assert" => {
            expr(node.field("test"), "Load")?;
            optional(node.field("msg"), "Load")
        }
        "Import" => not_empty(node.field("names"), "names", node.class),
        "ImportFrom" => {
            if node.field("level").int() < 0 {
                return fault("Negative ImportFrom level");
            }
            not_empty(node.field("names"), "names", node.class)
        }
        "Global" | "Nonlocal" => not_empty(node.field("names"), "names", node.class),
        "Expr" => expr(node.field("value"), "Load"),
        _ => Ok(()),
    }
}

fn try_statement(node: &Node) -> Checked {
    let class = node.class;
    body(node)?;
    let handlers = node.field("handlers").items();
    if handlers.is_empty() && node.field("finalbody").items().is_empty() {
        return fault(format!("{class} has neither handlers nor finalbody"));
    }
    if handlers.is_empty() && !node.field("orelse").items().is_empty() {
        return fault(format!("{class} has orelse but no except handlers"));
    }
    for handler in handlers.iter().filter_map(Field::node) {
        optional(handler.field("type"), "Load")?;
        body(handler)?;
    }
    statements(node.field("finalbody"))?;
    statements(node.field("orelse"))
}

fn keywords(node: &Node) -> Checked {
    for keyword in node.field("keywords").items().iter().filter_map(Field::node) {
        expr(keyword.field("value"), "Load")?;
    }
    Ok(())
}

fn type_params(node: &Node) -> Checked {
    for param in node.field("type_params").items().iter().filter_map(Field::node) {
        name(param.field("name"))?;
        optional(param.field("bound"), "Load")?;
        optional(param.field("default_value"), "Load")?;
    }
    Ok(())
}

fn parameters(arguments: &Field) -> Checked {
    let Some(node) = arguments.node() else { return Ok(()) };
    let lists = ["posonlyargs", "args", "kwonlyargs"].map(|list| node.field(list));
    let single = [node.field("vararg"), node.field("kwarg")];
    for arg in lists.iter().flat_map(|list| list.items()).chain(single).filter_map(Field::node) {
        optional(arg.field("annotation"), "Load")?;
    }
    if node.field("defaults").items().len() > lists[0].items().len() + lists[1].items().len() {
        return fault("more positional defaults than args on arguments");
    }
    if node.field("kw_defaults").items().len() != lists[2].items().len() {
        return fault("length of kwonlyargs is not the same as kw_defaults on arguments");
    }
    exprs(node.field("defaults"), "Load")?;
    node.field("kw_defaults").items().iter().try_for_each(|default| optional(default, "Load"))
}

fn generators(node: &Node) -> Checked {
    if node.field("generators").items().is_empty() {
        return fault("comprehension with no generators");
    }
    for generator in node.field("generators").items().iter().filter_map(Field::node) {
        expr(generator.field("target"), "Store")?;
        expr(generator.field("iter"), "Load")?;
        exprs(generator.field("ifs"), "Load")?;
    }
    Ok(())
}

fn expr(field: &Field, context: &str) -> Checked {
    let Some(node) = field.node() else { return fault("None disallowed in expression list") };
    let own = node.field("ctx").class();
    match own {
        "" if context != "Load" => {
            return fault(format!("expression which can't be assigned to in {context} context"));
        }
        own if !own.is_empty() && own != context => {
            return fault(format!("expression must have {context} context but has {own} instead"));
        }
        _ => {}
    }
    match node.class {
        "BoolOp" => {
            if node.field("values").items().len() < 2 {
                return fault("BoolOp with less than 2 values");
            }
            exprs(node.field("values"), "Load")
        }
        "BinOp" => {
            expr(node.field("left"), "Load")?;
            expr(node.field("right"), "Load")
        }
        "NamedExpr" => {
            if node.field("target").class() != "Name" {
                return Err(Fault::Type("NamedExpr target must be a Name".into()));
            }
            expr(node.field("target"), "Store")?;
            expr(node.field("value"), "Load")
        }
        "UnaryOp" => expr(node.field("operand"), "Load"),
        "Lambda" => {
            parameters(node.field("args"))?;
            expr(node.field("body"), "Load")
        }
        "IfExp" => ["test", "body", "orelse"].iter().try_for_each(|part| expr(node.field(part), "Load")),
        "Await" | "YieldFrom" | "FormattedValue" | "Interpolation" => {
            expr(node.field("value"), "Load")?;
            optional(node.field("format_spec"), "Load")
        }
        "Yield" => optional(node.field("value"), "Load"),
        "Compare" => {
            let (ops, right) = (node.field("ops").items().len(), node.field("comparators").items().len());
            if right == 0 {
                return fault("Compare with no comparators");
            }
            if ops != right {
                return fault("Compare has a different number of comparators and operands");
            }
            exprs(node.field("comparators"), "Load")?;
            expr(node.field("left"), "Load")
        }
        "Call" => {
            expr(node.field("func"), "Load")?;
            exprs(node.field("args"), "Load")?;
            keywords(node)
        }
        "JoinedStr" | "TemplateStr" => exprs(node.field("values"), "Load"),
        "Attribute" => expr(node.field("value"), "Load"),
        "Subscript" => {
            expr(node.field("slice"), "Load")?;
            expr(node.field("value"), "Load")
        }
        "Starred" => expr(node.field("value"), context),
        "Name" => name(node.field("id")),
        "Slice" => ["lower", "upper", "step"].iter().try_for_each(|part| optional(node.field(part), "Load")),
        _ => display(node, context),
    }
}

fn display(node: &Node, context: &str) -> Checked {
    match node.class {
        "List" | "Tuple" => exprs(node.field("elts"), context),
        "Set" => exprs(node.field("elts"), "Load"),
        "Dict" => {
            if node.field("keys").items().len() != node.field("values").items().len() {
                return fault("Dict doesn't have the same number of keys as values");
            }
            node.field("keys").items().iter().try_for_each(|key| optional(key, "Load"))?;
            exprs(node.field("values"), "Load")
        }
        "ListComp" | "SetComp" | "GeneratorExp" => {
            generators(node)?;
            expr(node.field("elt"), "Load")
        }
        "DictComp" => {
            generators(node)?;
            expr(node.field("key"), "Load")?;
            optional(node.field("value"), "Load")
        }
        _ => Ok(()),
    }
}

/// The value of a pattern: a literal, or names with dots.
fn pattern_value(value: &Field) -> Checked {
    let is_value = match value.class() {
        "Constant" => true,
        "Attribute" => is_dotted(value),
        "UnaryOp" | "BinOp" => true,
        _ => false,
    };
    match is_value {
        true => expr(value, "Load"),
        false => fault("patterns may only match literals and attribute lookups"),
    }
}

fn is_dotted(value: &Field) -> bool {
    match value.node() {
        Some(node) if node.class == "Attribute" => is_dotted(node.field("value")),
        Some(node) => node.class == "Name",
        None => false,
    }
}

fn pattern(field: &Field, star: bool) -> Checked {
    let Some(node) = field.node() else { return Ok(()) };
    let all = |name: &str, star: bool| node.field(name).items().iter().try_for_each(|p| pattern(p, star));
    match node.class {
        "MatchValue" => pattern_value(node.field("value")),
        "MatchSingleton" => match node.field("value") {
            Field::Constant(
                ungil_bytecode::Const::None | ungil_bytecode::Const::True | ungil_bytecode::Const::False,
            ) => Ok(()),
            _ => fault("MatchSingleton can only contain True, False and None"),
        },
        "MatchSequence" => all("patterns", true),
        "MatchMapping" => {
            if node.field("keys").items().len() != node.field("patterns").items().len() {
                return fault("MatchMapping doesn't have the same number of keys as patterns");
            }
            capture(node.field("rest"))?;
            for key in node.field("keys").items() {
                pattern_value(key)?;
            }
            all("patterns", false)
        }
        "MatchClass" => {
            if node.field("kwd_attrs").items().len() != node.field("kwd_patterns").items().len() {
                return fault("MatchClass doesn't have the same number of keyword attributes as patterns");
            }
            expr(node.field("cls"), "Load")?;
            if !is_dotted(node.field("cls")) {
                return fault("MatchClass cls field can only contain Name or Attribute nodes.");
            }
            node.field("kwd_attrs").items().iter().try_for_each(name)?;
            all("patterns", false)?;
            all("kwd_patterns", false)
        }
        "MatchStar" if !star => fault("can't use MatchStar here"),
        "MatchStar" => capture(node.field("name")),
        "MatchAs" => {
            capture(node.field("name"))?;
            match (node.field("pattern"), node.field("name")) {
                (Field::Nothing, _) => Ok(()),
                (_, Field::Nothing) => fault("MatchAs must specify a target name if a pattern is given"),
                (inner, _) => pattern(inner, false),
            }
        }
        _ => {
            if node.field("patterns").items().len() < 2 {
                return fault("MatchOr requires at least 2 patterns");
            }
            all("patterns", false)
        }
    }
}

/// A name that a pattern binds.
fn capture(field: &Field) -> Checked {
    match field.text() {
        Some("_") => fault("can't capture name '_' in patterns"),
        _ => name(field),
    }
}
