//! The classes of syntax trees, in the notation of the `ast` module's documentation.

/// A class that others derive from, or a class of its own if it has no variants.
pub struct Sum {
    pub name: &'static str,
    /// Its variants with their fields; for a class of its own, itself.
    pub variants: &'static [&'static str],
    /// Whether its nodes have places: `lineno` and so on; whether the end of the place may be missing.
    pub places: Places,
}

/// Which of the attributes of places a class has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Places {
    None,
    /// All four, the last two optional.
    Optional,
    /// All four.
    Required,
}

/// All classes but `AST`.
pub const GRAMMAR: &[Sum] = &[
    Sum {
        name: "mod",
        variants: &[
            "Module(stmt* body, type_ignore* type_ignores)",
            "Interactive(stmt* body)",
            "Expression(expr body)",
            "FunctionType(expr* argtypes, expr returns)",
        ],
        places: Places::None,
    },
    Sum {
        name: "stmt",
        variants: &[
            "FunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)",
            "AsyncFunctionDef(identifier name, arguments args, stmt* body, expr* decorator_list, expr? returns, string? type_comment, type_param* type_params)",
            "ClassDef(identifier name, expr* bases, keyword* keywords, stmt* body, expr* decorator_list, type_param* type_params)",
            "Return(expr? value)",
            "Delete(expr* targets)",
            "Assign(expr* targets, expr value, string? type_comment)",
            "TypeAlias(expr name, type_param* type_params, expr value)",
            "AugAssign(expr target, operator op, expr value)",
            "AnnAssign(expr target, expr annotation, expr? value, int simple)",
            "For(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)",
            "AsyncFor(expr target, expr iter, stmt* body, stmt* orelse, string? type_comment)",
            "While(expr test, stmt* body, stmt* orelse)",
            "If(expr test, stmt* body, stmt* orelse)",
            "With(withitem* items, stmt* body, string? type_comment)",
            "AsyncWith(withitem* items, stmt* body, string? type_comment)",
            "Match(expr subject, match_case* cases)",
            "Raise(expr? exc, expr? cause)",
            "Try(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)",
            "TryStar(stmt* body, excepthandler* handlers, stmt* orelse, stmt* finalbody)",
            "Assert(expr test, expr? msg)",
            "Import(alias* names)",
            "ImportFrom(identifier? module, alias* names, int? level)",
            "Global(identifier* names)",
            "Nonlocal(identifier* names)",
            "Expr(expr value)",
            "Pass",
            "Break",
            "Continue",
        ],
        places: Places::Optional,
    },
    Sum {
        name: "expr",
        variants: &[
            "BoolOp(boolop op, expr* values)",
            "NamedExpr(expr target, expr value)",
            "BinOp(expr left, operator op, expr right)",
            "UnaryOp(unaryop op, expr operand)",
            "Lambda(arguments args, expr body)",
            "IfExp(expr test, expr body, expr orelse)",
            "Dict(expr?* keys, expr* values)",
            "Set(expr* elts)",
            "ListComp(expr elt, comprehension* generators)",
            "SetComp(expr elt, comprehension* generators)",
            "DictComp(expr key, expr value, comprehension* generators)",
            "GeneratorExp(expr elt, comprehension* generators)",
            "Await(expr value)",
            "Yield(expr? value)",
            "YieldFrom(expr value)",
            "Compare(expr left, cmpop* ops, expr* comparators)",
            "Call(expr func, expr* args, keyword* keywords)",
            "FormattedValue(expr value, int conversion, expr? format_spec)",
            "Interpolation(expr value, constant str, int conversion, expr? format_spec)",
            "JoinedStr(expr* values)",
            "TemplateStr(expr* values)",
            "Constant(constant value, string? kind)",
            "Attribute(expr value, identifier attr, expr_context ctx)",
            "Subscript(expr value, expr slice, expr_context ctx)",
            "Starred(expr value, expr_context ctx)",
            "Name(identifier id, expr_context ctx)",
            "List(expr* elts, expr_context ctx)",
            "Tuple(expr* elts, expr_context ctx)",
            "Slice(expr? lower, expr? upper, expr? step)",
        ],
        places: Places::Optional,
    },
    Sum { name: "expr_context", variants: &["Load", "Store", "Del"], places: Places::None },
    Sum { name: "boolop", variants: &["And", "Or"], places: Places::None },
    Sum {
        name: "operator",
        variants: &[
            "Add", "Sub", "Mult", "MatMult", "Div", "Mod", "Pow", "LShift", "RShift", "BitOr", "BitXor",
            "BitAnd", "FloorDiv",
        ],
        places: Places::None,
    },
    Sum { name: "unaryop", variants: &["Invert", "Not", "UAdd", "USub"], places: Places::None },
    Sum {
        name: "cmpop",
        variants: &["Eq", "NotEq", "Lt", "LtE", "Gt", "GtE", "Is", "IsNot", "In", "NotIn"],
        places: Places::None,
    },
    Sum {
        name: "comprehension",
        variants: &["comprehension(expr target, expr iter, expr* ifs, int is_async)"],
        places: Places::None,
    },
    Sum {
        name: "excepthandler",
        variants: &["ExceptHandler(expr? type, identifier? name, stmt* body)"],
        places: Places::Optional,
    },
    Sum {
        name: "arguments",
        variants: &[
            "arguments(arg* posonlyargs, arg* args, arg? vararg, arg* kwonlyargs, expr?* kw_defaults, arg? kwarg, expr* defaults)",
        ],
        places: Places::None,
    },
    Sum {
        name: "arg",
        variants: &["arg(identifier arg, expr? annotation, string? type_comment)"],
        places: Places::Optional,
    },
    Sum { name: "keyword", variants: &["keyword(identifier? arg, expr value)"], places: Places::Optional },
    Sum {
        name: "alias",
        variants: &["alias(identifier name, identifier? asname)"],
        places: Places::Optional,
    },
    Sum {
        name: "withitem",
        variants: &["withitem(expr context_expr, expr? optional_vars)"],
        places: Places::None,
    },
    Sum {
        name: "match_case",
        variants: &["match_case(pattern pattern, expr? guard, stmt* body)"],
        places: Places::None,
    },
    Sum {
        name: "pattern",
        variants: &[
            "MatchValue(expr value)",
            "MatchSingleton(constant value)",
            "MatchSequence(pattern* patterns)",
            "MatchMapping(expr* keys, pattern* patterns, identifier? rest)",
            "MatchClass(expr cls, pattern* patterns, identifier* kwd_attrs, pattern* kwd_patterns)",
            "MatchStar(identifier? name)",
            "MatchAs(pattern? pattern, identifier? name)",
            "MatchOr(pattern* patterns)",
        ],
        places: Places::Required,
    },
    Sum { name: "type_ignore", variants: &["TypeIgnore(int lineno, string tag)"], places: Places::None },
    Sum {
        name: "type_param",
        variants: &[
            "TypeVar(identifier name, expr? bound, expr? default_value)",
            "ParamSpec(identifier name, expr? default_value)",
            "TypeVarTuple(identifier name, expr? default_value)",
        ],
        places: Places::Required,
    },
];
