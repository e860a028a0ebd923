//! From the compiler's syntax trees to objects of the classes of `ast`.

use super::classes;
use std::collections::HashMap;
use std::sync::OnceLock;
use ungil_compiler::{Field, Node};
use ungil_runtime::SharedValue;
use ungil_runtime::objects::code::constant_object;
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

/// The one instance of each class of operators and contexts.
static MARKS: OnceLock<HashMap<&'static str, SharedValue>> = OnceLock::new();

/// The object of a tree.
///
/// # Errors
/// `RecursionError` for a tree that is too deep, or what making the classes raises.
pub fn tree_objects(cx: &mut Cx, node: &Node) -> R {
    let class = classes(cx)?[node.class];
    if node.fields.is_empty() && node.place.is_none() {
        return mark(cx, node.class);
    }
    let made = bare(cx, class)?;
    for (name, field) in &node.fields {
        let value = cx.recursing(" during ast construction", |cx| field_object(cx, field))?;
        cx.set_attr(made.r(), intern(cx, name).get(), value)?;
    }
    if let Some(place) = node.place {
        let numbers = [place.line, place.column, place.end_line, place.end_column];
        for (name, n) in super::PLACE_ORDER.into_iter().zip(numbers) {
            let n = cx.int(n.into());
            cx.set_attr(made.r(), intern(cx, name).get(), n)?;
        }
    }
    Ok(made)
}

fn bare(cx: &mut Cx, class: &'static PyType) -> R {
    let new = cx.get_attr(cx.builtin(Builtin::Object).as_ref(), cx.vm.names.new.get())?;
    cx.call(new.r(), &[class.as_ref()])
}

fn mark(cx: &mut Cx, name: &'static str) -> R {
    let marks = match MARKS.get() {
        Some(marks) => marks,
        None => {
            let mut made = HashMap::new();
            for sum in super::GRAMMAR {
                for name in sum.variants.iter().filter(|variant| !variant.contains('(')) {
                    let class = classes(cx)?[name];
                    made.insert(*name, SharedValue::new(bare(cx, class)?));
                }
            }
            // Threads that race make two sets, of which one stays.
            MARKS.get_or_init(|| made)
        }
    };
    match marks.get(name) {
        // Statements without fields have places and are never shared.
        Some(mark) => Ok(mark.get().own(cx)),
        None => Err(cx.system_error(format!("a node {name} without fields"))),
    }
}

fn field_object(cx: &mut Cx, field: &Field) -> R {
    Ok(match field {
        Field::Nothing => cx.none(),
        Field::Node(node) => tree_objects(cx, node)?,
        Field::List(fields) => {
            let mut items = Vec::with_capacity(fields.len());
            for field in fields {
                items.push(field_object(cx, field)?);
            }
            cx.list(items)
        }
        Field::Name(name) => intern(cx, name).get().own(cx),
        Field::Int(n) => cx.int(*n),
        Field::Constant(constant) => constant_object(cx, constant.clone()),
    })
}
