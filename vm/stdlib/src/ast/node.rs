//! The methods of `ast.AST`.

use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::native::new_method_descriptor;
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::objects::union::PyUnion;
use ungil_runtime::ops::{instance_dict, set_instance_dict};
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::warn;

/// Nodes shown within each other by `repr`.
const REPR_DEPTH: usize = 3;
/// Characters of a text that `repr` shows.
const REPR_TEXT: usize = 200;

/// The texts in a tuple of the class (`_fields`, `_attributes`).
fn names(cx: &mut Cx, class: &'static PyType, attr: &str) -> R<Vec<Obj>> {
    let attr = intern(cx, attr);
    match cx.get_attr_opt(class.as_ref(), attr.get())? {
        Some(names) => cx.collect(names.r()),
        None => Ok(Vec::new()),
    }
}

fn is_in(cx: &Cx, names: &[Obj], name: Ref<'_>) -> bool {
    let text = cx.text_of(name);
    names.iter().any(|n| cx.text_of(n.r()) == text)
}

fn init(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let name = class.name();
    let fields = names(cx, class, "_fields")?;
    let given = a.varargs(cx, 1);
    if given.len() > fields.len() {
        let (n, s) = (fields.len(), if fields.len() == 1 { "" } else { "s" });
        return Err(cx.type_error(format!("{name} constructor takes at most {n} positional argument{s}")));
    }
    let mut seen = vec![false; fields.len()];
    for (i, v) in given.iter().enumerate() {
        let v = v.own(cx);
        cx.set_attr(a.get(0), fields[i].r(), v)?;
        seen[i] = true;
    }
    for (key, value) in a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default() {
        let text = cx.text_of(key.r());
        match fields.iter().position(|f| cx.text_of(f.r()) == text) {
            Some(i) if i < given.len() => {
                return Err(cx.type_error(format!("{name} got multiple values for argument '{text}'")));
            }
            Some(i) => seen[i] = true,
            None => {
                let attributes = names(cx, class, "_attributes")?;
                if !is_in(cx, &attributes, key.r()) {
                    let message = format!(
                        "{name}.__init__ got an unexpected keyword argument '{text}'. Support for arbitrary keyword arguments is deprecated and will be removed in Python 3.15."
                    );
                    warn(cx, Builtin::DeprecationWarning, &message)?;
                }
            }
        }
        cx.set_attr(a.get(0), key.r(), value)?;
    }
    let missing: Vec<Obj> =
        fields.into_iter().zip(seen).filter(|(_, seen)| !seen).map(|(field, _)| field).collect();
    fill_missing(cx, a.get(0), class, &missing)?;
    Ok(cx.none())
}

/// Fields that were not given: lists are empty, contexts `Load()`, optional ones the class's `None`.
fn fill_missing(cx: &mut Cx, node: Ref<'_>, class: &'static PyType, missing: &[Obj]) -> R<()> {
    if missing.is_empty() {
        return Ok(());
    }
    let key = intern(cx, "_field_types");
    let Some(types) = cx.get_attr_opt(class.as_ref(), key.get())? else { return Ok(()) };
    let name = class.name();
    for field in missing {
        let text = cx.text_of(field.r());
        let Some(of) = cx.get_item_opt(types.r(), field.r())? else {
            let message = format!(
                "Field '{text}' is missing from {name}._field_types. This will become an error in Python 3.15."
            );
            warn(cx, Builtin::DeprecationWarning, &message)?;
            continue;
        };
        if of.downcast::<PyUnion>(cx).is_some() {
            continue;
        }
        let default = if cx.is_exactly(of.r(), Builtin::GenericAlias) {
            cx.list(Vec::new())
        } else if of.r().is(super::classes(cx)?["expr_context"].as_ref()) {
            let load = super::classes(cx)?["Load"].as_ref();
            cx.call(load, &[])?
        } else {
            let message = format!(
                "{name}.__init__ missing 1 required positional argument: '{text}'. This will become an error in Python 3.15."
            );
            warn(cx, Builtin::DeprecationWarning, &message)?;
            continue;
        };
        cx.set_attr(node, field.r(), default)?;
    }
    Ok(())
}

/// `(class, (None, ...), state)`: the arguments keep the constructor from complaining, the state has the values.
fn reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let class = cx.class_of(a.get(0));
    let fields = names(cx, class, "_fields")?;
    let nones = vec![cx.none(); fields.len()];
    let args = cx.tuple(nones);
    let state = instance_dict(cx, a.get(0))?;
    Ok(cx.tuple(vec![class.as_ref().own(cx), args, state]))
}

fn replace(cx: &mut Cx, a: Args<'_>) -> R {
    if !a.varargs(cx, 1).is_empty() {
        return Err(cx.type_error("__replace__() takes no positional arguments"));
    }
    let class = cx.class_of(a.get(0));
    let mut known = names(cx, class, "_fields")?;
    known.extend(names(cx, class, "_attributes")?);
    let dict = instance_dict(cx, a.get(0))?;
    let Some(dict) = dict.downcast::<PyDict>(cx) else { return Ok(cx.none()) };
    let state = dict.copy(cx);
    for (key, value) in a.varkw(cx, 2).map(|kw| kw.items(cx)).unwrap_or_default() {
        if !is_in(cx, &known, key.r()) {
            let (name, text) = (class.name(), cx.text_of(key.r()));
            return Err(
                cx.type_error(format!("{name}.__replace__ got an unexpected keyword argument '{text}'."))
            );
        }
        if let Some(state) = state.downcast::<PyDict>(cx) {
            state.set(cx, key, value)?;
        }
    }
    let new = cx.get_attr(cx.builtin(Builtin::Object).as_ref(), cx.vm.names.new.get())?;
    let made = cx.call(new.r(), &[class.as_ref()])?;
    set_instance_dict(cx, made.r(), Some(state.r()))?;
    Ok(made)
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let text = node_text(cx, a.get(0), REPR_DEPTH)?;
    Ok(cx.str(&text))
}

fn is_node(cx: &mut Cx, v: Ref<'_>) -> R<bool> {
    let ast = super::classes(cx)?["AST"];
    Ok(cx.class_of(v).is_subclass(ast, cx))
}

fn node_text(cx: &mut Cx, node: Ref<'_>, depth: usize) -> R<String> {
    let class = cx.class_of(node);
    let name = class.name();
    let fields = names(cx, class, "_fields")?;
    if depth == 0 {
        return Ok(format!("{name}(...)"));
    }
    let mut parts = Vec::new();
    for field in fields {
        let value = cx.get_attr(node, field.r())?;
        let text = field_text(cx, value.r(), depth - 1)?;
        parts.push(format!("{}={text}", cx.text_of(field.r())));
    }
    Ok(format!("{name}({})", parts.join(", ")))
}

fn field_text(cx: &mut Cx, value: Ref<'_>, depth: usize) -> R<String> {
    if is_node(cx, value)? {
        return cx.recursing("", |cx| node_text(cx, value, depth));
    }
    let is_list = value.downcast::<PyList>(cx).is_some();
    if !is_list && value.downcast::<PyTuple>(cx).is_none() {
        let text = cx.repr_string(value)?;
        return Ok(match text.char_indices().nth(REPR_TEXT) {
            Some((at, _)) if cx.is_instance_of(value, Builtin::Str) => text[..at].to_string(),
            _ => text,
        });
    }
    let items = cx.items_if_sequence(value).unwrap_or_default();
    let mut parts = Vec::new();
    for (i, item) in items.iter().enumerate() {
        // Of a long list the first and the last are shown.
        if i == 0 || i + 1 == items.len() {
            parts.push(match is_node(cx, item.r())? {
                true => cx.recursing("", |cx| node_text(cx, item.r(), depth))?,
                false => cx.repr_string(item.r())?,
            });
        } else if i == 1 {
            parts.push("...".into());
        }
    }
    let list = parts.join(", ");
    Ok(if is_list { format!("[{list}]") } else { format!("({list})") })
}

const METHODS: &[(&str, &str, NativeFn)] = &[
    ("__init__", "($self, /, *args, **kwargs)", Full(init)),
    ("__repr__", "($self, /)", Full(repr)),
    ("__reduce__", "($self, /)", Full(reduce)),
    ("__replace__", "($self, /, *args, **fields)", Full(replace)),
];

/// Fills the class `AST`.
///
/// # Errors
/// What setting attributes raises.
pub fn add_methods(cx: &mut Cx, class: &'static PyType) -> R<()> {
    for &(name, signature, f) in METHODS {
        let def = NativeDef::leak(name, signature, f);
        let method = new_method_descriptor(cx, class, def);
        class.set_attr(cx, intern(cx, name).get(), method)?;
    }
    Ok(())
}
