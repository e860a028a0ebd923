//! `_ast`: the classes of syntax trees.
//!
//! They are ordinary classes made at import from the grammar (`grammar.rs`), with the methods of `node.rs`; so programs
//! can derive from them and add attributes.

mod grammar;
mod make;
mod node;
mod take;
mod validate;

use grammar::{GRAMMAR, Places, Sum};
use std::collections::HashMap;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::generic_alias::new_generic_alias;
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::type_::new_class;
use ungil_runtime::objects::union::type_or;
use ungil_runtime::prelude::*;

/// The attributes of a node's place.
const PLACE_ORDER: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

/// Flags of `compile()` that only the `ast` module uses.
const CONSTANTS: &[(&str, i64)] = &[
    ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000),
    ("PyCF_ONLY_AST", 0x400),
    ("PyCF_TYPE_COMMENTS", 0x1000),
    ("PyCF_OPTIMIZED_AST", 0x8400),
];

/// The classes by name.
static CLASSES: OnceLock<HashMap<&'static str, &'static PyType>> = OnceLock::new();

/// A field: its type, whether it is a list or optional, its name.
struct Field {
    kind: &'static str,
    shape: Option<char>,
    name: &'static str,
}

/// Name and fields of a variant ("Name(identifier id, expr_context ctx)").
fn parse(variant: &'static str) -> (&'static str, Vec<Field>) {
    let Some((name, rest)) = variant.split_once('(') else { return (variant, Vec::new()) };
    let fields = rest.trim_end_matches(')').split(", ").filter_map(|field| {
        let (kind, name) = field.split_once(' ')?;
        // `expr?*` is a list in which some may be missing.
        let shape = kind.chars().last().filter(|c| "*?".contains(*c));
        Some(Field { kind: kind.trim_end_matches(['*', '?']), shape, name })
    });
    (name, fields.collect())
}

/// The documentation of a class with variants, as the grammar has it.
fn doc_of(sum: &Sum) -> String {
    let fieldless = sum.variants.iter().all(|v| !v.contains('('));
    let separator = match fieldless {
        true => " | ".to_string(),
        false => format!("\n{} | ", " ".repeat(sum.name.len())),
    };
    format!("{} = {}", sum.name, sum.variants.join(&separator))
}

fn names_tuple(cx: &Cx, names: impl Iterator<Item = &'static str>) -> Obj {
    cx.tuple(names.map(|n| intern(cx, n).get().own(cx)).collect())
}

/// A class with these bases and attributes.
fn make_class(cx: &mut Cx, name: &str, base: &'static PyType, attrs: Vec<(&str, Obj)>) -> R<&'static PyType> {
    let namespace = PyDict::new(cx);
    let module = cx.str("ast");
    let dict: &PyDict = namespace.downcast(cx).expect("just made");
    for (key, value) in attrs.into_iter().chain([("__module__", module)]) {
        dict.set_str(cx, intern(cx, key).get(), value);
    }
    let (name, bases) = (cx.str(name), cx.tuple(vec![base.as_ref().own(cx)]));
    let meta = cx.builtin(Builtin::Type);
    let class = new_class(cx, meta, name.r(), bases.r(), namespace.r(), None)?;
    // The module's tables know it for good.
    match PyType::from_ref(SharedValue::new(class).get(), cx) {
        Some(class) => Ok(class),
        None => Err(cx.system_error("a class that is none")),
    }
}

fn place_attrs(cx: &Cx, places: Places) -> Vec<(&'static str, Obj)> {
    let names: &[&str] = if places == Places::None { &[] } else { &PLACE_ORDER };
    let mut attrs = vec![("_attributes", names_tuple(cx, names.iter().copied()))];
    if places == Places::Optional {
        attrs.extend(PLACE_ORDER[2..].iter().map(|&name| (name, cx.none())));
    }
    attrs
}

/// One class with its fields; those that may be missing are `None` by default.
fn make_variant(
    cx: &mut Cx,
    variant: &'static str,
    base: &'static PyType,
    extra: Vec<(&'static str, Obj)>,
) -> R<(&'static str, &'static PyType)> {
    let (name, fields) = parse(variant);
    let names = names_tuple(cx, fields.iter().map(|f| f.name));
    let mut attrs = vec![("_fields", names.clone()), ("__match_args__", names), ("__doc__", cx.str(variant))];
    attrs.extend(fields.iter().filter(|f| f.shape == Some('?')).map(|f| (f.name, cx.none())));
    attrs.extend(extra);
    Ok((name, make_class(cx, name, base, attrs)?))
}

fn make_classes(cx: &mut Cx) -> R<HashMap<&'static str, &'static PyType>> {
    let object = cx.builtin(Builtin::Object);
    let empty = cx.tuple(Vec::new());
    let attrs = ["_fields", "__match_args__", "_attributes"].map(|name| (name, empty.clone()));
    let ast = make_class(cx, "AST", object, attrs.into())?;
    // As CPython, which names it in full.
    *ast.name.write().unwrap_or_else(|p| p.into_inner()) = "ast.AST".into();
    node::add_methods(cx, ast)?;
    let mut classes = HashMap::from([("AST", ast)]);
    for sum in GRAMMAR {
        let places = place_attrs(cx, sum.places);
        if parse(sum.variants[0]).0 == sum.name {
            let (name, class) = make_variant(cx, sum.variants[0], ast, places)?;
            classes.insert(name, class);
            continue;
        }
        let mut attrs = vec![("_fields", empty.clone()), ("__match_args__", empty.clone())];
        attrs.push(("__doc__", cx.str(&doc_of(sum))));
        attrs.extend(places);
        let base = make_class(cx, sum.name, ast, attrs)?;
        classes.insert(sum.name, base);
        for variant in sum.variants {
            let (name, class) = make_variant(cx, variant, base, Vec::new())?;
            classes.insert(name, class);
        }
    }
    for variant in GRAMMAR.iter().flat_map(|sum| sum.variants) {
        add_field_types(cx, &classes, variant)?;
    }
    Ok(classes)
}

/// `_field_types` and `__annotations__` of a class.
fn add_field_types(
    cx: &mut Cx,
    classes: &HashMap<&'static str, &'static PyType>,
    variant: &'static str,
) -> R<()> {
    let (name, fields) = parse(variant);
    let types = PyDict::new(cx);
    for field in fields {
        let plain = match field.kind {
            "identifier" | "string" => cx.builtin(Builtin::Str),
            "int" => cx.builtin(Builtin::Int),
            "constant" => cx.builtin(Builtin::Object),
            kind => classes[kind],
        };
        let of = match field.shape {
            Some('*') => new_generic_alias(cx, cx.builtin(Builtin::List).as_ref(), plain.as_ref()),
            Some(_) => type_or(cx, plain.as_ref(), Ref::immediate(Value::NONE))?,
            None => plain.as_ref().own(cx),
        };
        let key = intern(cx, field.name);
        if let Some(types) = types.downcast::<PyDict>(cx) {
            types.set_str(cx, key.get(), of);
        }
    }
    let class = classes[name];
    for key in ["_field_types", "__annotations_cache__"] {
        class.set_attr(cx, intern(cx, key).get(), types.clone())?;
    }
    Ok(())
}

/// The classes, made when first needed.
///
/// # Errors
/// What making classes raises.
pub fn classes(cx: &mut Cx) -> R<&'static HashMap<&'static str, &'static PyType>> {
    if let Some(known) = CLASSES.get() {
        return Ok(known);
    }
    // Threads that race make two sets, of which one stays.
    let made = make_classes(cx)?;
    Ok(CLASSES.get_or_init(|| made))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    // Set once, whichever thread is first.
    let _ = cx.vm.hooks.tree_objects.set(make::tree_objects);
    let _ = cx.vm.hooks.take_tree.set(take::checked_tree);
    for (name, class) in classes(cx)? {
        add(cx, module, name, class.as_ref().own(cx));
    }
    for &(name, value) in CONSTANTS {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    Ok(())
}
