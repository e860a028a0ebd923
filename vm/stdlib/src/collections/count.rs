//! `_count_elements`, the inner loop of `Counter`.

use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

/// Counts the items of an iterable in a mapping.
pub(super) fn count_elements(cx: &mut Cx, a: Args<'_>) -> R {
    let mapping = a.get(0);
    let iterator = cx.iter(a.get(1))?;
    let one = cx.int(1);
    let plain = plain_dict(cx, mapping);
    let get = match plain {
        Some(_) => None,
        None => Some(cx.get_attr_str(mapping, "get")?),
    };
    let zero = cx.int(0);
    while let Some(key) = cx.next(iterator.r())? {
        match (plain, &get) {
            (Some(dict), _) => {
                let hash = cx.hash(key.r())?;
                let new = match dict.get_known_hash(cx, key.r(), hash)? {
                    Some(old) => cx.binary(BinaryOp::Add, old.r(), one.r())?,
                    None => one.clone(),
                };
                dict.set_known_hash(cx, key, new, hash)?;
            }
            (None, Some(get)) => {
                let old = cx.call(get.r(), &[key.r(), zero.r()])?;
                let new = cx.binary(BinaryOp::Add, old.r(), one.r())?;
                cx.set_item(mapping, key.r(), new.r())?;
            }
            (None, None) => {}
        }
        cx.poll()?;
    }
    Ok(cx.none())
}

/// The mapping as a dict, if its class gets and sets items as `dict` does.
fn plain_dict<'a>(cx: &Cx, mapping: Ref<'a>) -> Option<&'a PyDict> {
    let dict = mapping.downcast::<PyDict>(cx)?;
    let (class, base) = (cx.class_of(mapping), cx.builtin(Builtin::Dict));
    let name = intern(cx, "get");
    let (own, plain) = (class.lookup(cx, name.get())?, base.lookup(cx, name.get())?);
    (own.r().is(plain.r()) && class.same_special(cx, base, Special::SetItem)).then_some(dict)
}
