//! Exception groups, and what `except*` does with them (PEP 654).

use super::PyException;
use crate::interp::exception_matches;
use crate::objects::tuple::PyTuple;
use crate::prelude::*;

/// The exceptions of a group; `None` if the value is none.
fn members(cx: &Cx, v: Ref<'_>) -> Option<Vec<Obj>> {
    if !cx.is_instance_of(v, Builtin::BaseExceptionGroup) {
        return None;
    }
    let e = v.downcast::<PyException>(cx)?;
    let tuple = e.fields[1].get(&e.h, cx)?;
    let items = tuple.downcast::<PyTuple>(cx)?.items().iter().map(|v| v.own(cx)).collect();
    Some(items)
}

/// A group like `original` with other members (`original.derive(members)`), with its metadata.
fn derive(cx: &mut Cx, original: Ref<'_>, members: Vec<Obj>) -> R {
    let list = cx.list(members);
    let made = cx.call_method(original, "derive", &[list.r()])?;
    if !cx.is_instance_of(made.r(), Builtin::BaseExceptionGroup) {
        return Err(cx.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    if let (Some(from), Some(to)) = (original.downcast::<PyException>(cx), made.downcast::<PyException>(cx)) {
        for (a, b) in
            [(&from.traceback, &to.traceback), (&from.context, &to.context), (&from.cause, &to.cause)]
        {
            if let Some(v) = a.get(&from.h, cx) {
                b.set(&to.h, cx, v);
            }
        }
        to.suppress_context.set(from.suppress_context.get());
    }
    let name = cx.vm.names.notes.get();
    if let Some(notes) = cx.get_attr_opt(original, name)? {
        let copy = cx.collect(notes.r())?;
        let copy = cx.list(copy);
        cx.set_attr(made.r(), name, copy)?;
    }
    Ok(made)
}

/// Splits an exception or group by a test on the leaves (and on groups as a whole): the matching part and the rest.
fn split(
    cx: &mut Cx,
    v: Ref<'_>,
    test: &mut dyn FnMut(&mut Cx, Ref<'_>) -> R<bool>,
) -> R<(Option<Obj>, Option<Obj>)> {
    if test(cx, v)? {
        return Ok((Some(v.own(cx)), None));
    }
    let Some(inner) = members(cx, v) else { return Ok((None, Some(v.own(cx)))) };
    let (mut matching, mut rest) = (Vec::new(), Vec::new());
    for member in inner {
        let (yes, no) = cx.recursing(" in exception group split", |cx| split(cx, member.r(), test))?;
        matching.extend(yes);
        rest.extend(no);
    }
    let part = |cx: &mut Cx, members: Vec<Obj>| match members.is_empty() {
        true => Ok(None),
        false => derive(cx, v, members).map(Some),
    };
    Ok((part(cx, matching)?, part(cx, rest)?))
}

/// The part of an exception that an `except*` clause handles, and the rest; `None` objects where there is nothing. A
/// naked exception that matches is wrapped in a group.
pub fn split_for_star(cx: &mut Cx, exception: Ref<'_>, kinds: Ref<'_>) -> R<(Obj, Obj)> {
    if exception.value().is_none() {
        return Ok((cx.none(), cx.none()));
    }
    let group = cx.builtin(Builtin::BaseExceptionGroup);
    let classes = kinds.downcast::<PyTuple>(cx).map_or_else(|| vec![kinds], |t| t.items().to_vec());
    if classes.iter().any(|&c| PyType::from_ref(c, cx).is_some_and(|c| c.is_subclass(group, cx))) {
        return Err(cx.type_error("catching ExceptionGroup with except* is not allowed. Use except instead."));
    }
    if members(cx, exception).is_none() {
        if !exception_matches(cx, exception, kinds) {
            return Ok((cx.none(), exception.own(cx)));
        }
        let list = cx.list(vec![exception.own(cx)]);
        let empty = cx.str("");
        let class = cx.builtin(Builtin::BaseExceptionGroup).as_ref();
        let wrapped = cx.call(class, &[empty.r(), list.r()])?;
        if let (Some(from), Some(to)) =
            (exception.downcast::<PyException>(cx), wrapped.downcast::<PyException>(cx))
            && let Some(traceback) = from.traceback.get(&from.h, cx)
        {
            to.traceback.set(&to.h, cx, traceback);
        }
        return Ok((wrapped, cx.none()));
    }
    let kinds = kinds.own(cx);
    let (yes, no) = split(cx, exception, &mut |cx, v| Ok(exception_matches(cx, v, kinds.r())))?;
    Ok((yes.unwrap_or_else(|| cx.none()), no.unwrap_or_else(|| cx.none())))
}

/// What to raise after the clauses of `try ... except*`: `left` lists the parts that were raised again or not handled.
pub fn prepare_reraise(cx: &mut Cx, original: Ref<'_>, left: Ref<'_>) -> R {
    let parts: Vec<Obj> = cx.collect(left)?.into_iter().filter(|v| !v.value().is_none()).collect();
    if parts.is_empty() {
        return Ok(cx.none());
    }
    if members(cx, original).is_none() {
        return Ok(parts.into_iter().next().expect("not empty"));
    }
    // Parts of the original keep their place in it; what the clauses raised themselves stands beside them.
    let (mut raised, mut unhandled) = (Vec::new(), Vec::new());
    for part in parts {
        if same_origin(cx, original, part.r()) { unhandled.push(part) } else { raised.push(part) }
    }
    let mut ids = Vec::new();
    for part in &unhandled {
        leaves(cx, part.r(), &mut ids);
    }
    let projection = match unhandled.is_empty() {
        true => None,
        false => {
            split(cx, original, &mut |cx, v| Ok(members(cx, v).is_none() && ids.contains(&v.value())))?.0
        }
    };
    if raised.is_empty() {
        return Ok(projection.unwrap_or_else(|| cx.none()));
    }
    raised.extend(projection);
    if raised.len() == 1 {
        return Ok(raised.remove(0));
    }
    let list = cx.list(raised);
    let empty = cx.str("");
    let class = cx.builtin(Builtin::BaseExceptionGroup).as_ref();
    cx.call(class, &[empty.r(), list.r()])
}

/// Whether a part carries the metadata of the original: it was split off and not raised anew.
fn same_origin(cx: &Cx, original: Ref<'_>, part: Ref<'_>) -> bool {
    if original.is(part) {
        return true;
    }
    let (Some(a), Some(b)) = (original.downcast::<PyException>(cx), part.downcast::<PyException>(cx)) else {
        return false;
    };
    [(&a.traceback, &b.traceback), (&a.context, &b.context), (&a.cause, &b.cause)]
        .iter()
        .all(|(x, y)| x.get(&a.h, cx).map(|v| v.value()) == y.get(&b.h, cx).map(|v| v.value()))
}

fn leaves(cx: &Cx, v: Ref<'_>, out: &mut Vec<Value>) {
    match members(cx, v) {
        None => out.push(v.value()),
        Some(inner) => inner.iter().for_each(|m| leaves(cx, m.r(), out)),
    }
}

fn group_new(cx: &mut Cx, a: Args<'_>) -> R {
    let class = PyType::from_ref(a.get(0), cx).expect("checked by the constructor's binder");
    let args = a.varargs(cx, 1);
    let [message, exceptions] = args else {
        let n = args.len();
        return Err(
            cx.type_error(format!("BaseExceptionGroup.__new__() takes exactly 2 arguments ({n} given)"))
        );
    };
    if !cx.is_instance_of(*message, Builtin::Str) {
        let name = cx.type_name(*message);
        return Err(cx.type_error(format!("BaseExceptionGroup.__new__() argument 1 must be str, not {name}")));
    }
    let is_sequence = cx.class_of(*exceptions).has_flag(class_flag::SEQUENCE);
    if !is_sequence {
        return Err(cx.type_error("second argument (exceptions) must be a sequence"));
    }
    let inner = cx.collect(*exceptions)?;
    if inner.is_empty() {
        return Err(cx.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let mut nested_base = false;
    for (i, v) in inner.iter().enumerate() {
        if !cx.is_instance_of(v.r(), Builtin::BaseException) {
            return Err(
                cx.value_error(format!("Item {i} of second argument (exceptions) is not an exception"))
            );
        }
        nested_base |= !cx.is_instance_of(v.r(), Builtin::Exception);
    }
    let (base, exact) = (cx.builtin(Builtin::BaseExceptionGroup), cx.builtin(Builtin::ExceptionGroup));
    let class = if std::ptr::eq(class, base) && !nested_base { exact } else { class };
    if nested_base {
        if std::ptr::eq(class, exact) {
            return Err(cx.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
        }
        if class.is_subclass(cx.builtin(Builtin::Exception), cx) {
            let name = class.name();
            return Err(cx.type_error(format!("Cannot nest BaseExceptions in '{name}'")));
        }
    }
    let made = super::allocate(cx, class, a.get(1).own(cx))?;
    if let Some(e) = made.downcast::<PyException>(cx) {
        e.fields[0].set(&e.h, cx, message.own(cx));
        let inner = cx.tuple(inner);
        e.fields[1].set(&e.h, cx, inner);
    }
    Ok(made)
}

fn group_init(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    e.args.set(&e.h, cx, a.get(1).own(cx));
    Ok(cx.none())
}

fn group_str(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    let message = e.fields[0].get(&e.h, cx).unwrap_or_else(|| cx.none());
    let text = cx.str_string(message.r())?;
    let n = members(cx, a.get(0)).map_or(0, |m| m.len());
    Ok(cx.str(&format!("{text} ({n} sub-exception{})", if n == 1 { "" } else { "s" })))
}

fn group_derive(cx: &mut Cx, a: Args<'_>) -> R {
    let e = a.this::<PyException>();
    let message = e.fields[0].get(&e.h, cx).unwrap_or_else(|| cx.none());
    let class = cx.builtin(Builtin::BaseExceptionGroup).as_ref();
    cx.call(class, &[message.r(), a.get(1)])
}

/// Runs a test given as class, tuple of classes, or callable.
fn run_test(cx: &mut Cx, test: Ref<'_>, v: Ref<'_>) -> R<bool> {
    if PyType::from_ref(test, cx).is_some() || cx.is_exactly(test, Builtin::Tuple) {
        return Ok(exception_matches(cx, v, test));
    }
    let result = cx.call(test, &[v])?;
    cx.truth(result.r())
}

fn check_test(cx: &mut Cx, test: Ref<'_>) -> R<()> {
    let base = cx.builtin(Builtin::BaseException);
    let is_class = |cx: &Cx, v: Ref<'_>| PyType::from_ref(v, cx).is_some_and(|c| c.is_subclass(base, cx));
    let ok = match test.downcast::<PyTuple>(cx) {
        Some(tuple) => tuple.items().iter().all(|&v| is_class(cx, v)),
        None if PyType::from_ref(test, cx).is_some() => is_class(cx, test),
        None => cx.class_of(test).special(cx, Special::Call).is_some(),
    };
    if ok {
        return Ok(());
    }
    Err(cx.type_error(
        "expected an exception type, a tuple of exception types, or a callable (other than a class)",
    ))
}

fn group_split(cx: &mut Cx, a: Args<'_>) -> R {
    check_test(cx, a.get(1))?;
    let (yes, no) = split(cx, a.get(0), &mut |cx, v| run_test(cx, a.get(1), v))?;
    let parts = vec![yes.unwrap_or_else(|| cx.none()), no.unwrap_or_else(|| cx.none())];
    Ok(cx.tuple(parts))
}

fn group_subgroup(cx: &mut Cx, a: Args<'_>) -> R {
    check_test(cx, a.get(1))?;
    let (yes, _) = split(cx, a.get(0), &mut |cx, v| run_test(cx, a.get(1), v))?;
    Ok(yes.unwrap_or_else(|| cx.none()))
}

/// Fills `BaseExceptionGroup`.
pub fn init(cx: &mut Cx, t: &mut TypeBuilder) {
    t.constructor(cx, "($cls, /, *args)", Full(group_new))
        .special(cx, Special::Init, Full(group_init))
        .special(cx, Special::Str, Full(group_str))
        .method(cx, "derive", "($self, excs, /)", Full(group_derive))
        .method(cx, "split", "($self, matcher_value, /)", Full(group_split))
        .method(cx, "subgroup", "($self, matcher_value, /)", Full(group_subgroup))
        .class_method(
            cx,
            "__class_getitem__",
            "($cls, object, /)",
            Full(crate::objects::generic_alias::class_getitem),
        );
}

/// Makes `ExceptionGroup`, which derives from both the group and `Exception`.
pub fn init_exception_group(cx: &mut Cx) {
    let class = cx.builtin(Builtin::ExceptionGroup);
    class.set_flag(class_flag::BASETYPE | class_flag::HAS_DICT);
    let dict = crate::objects::dict::PyDict::new(cx);
    let bases = [cx.builtin(Builtin::BaseExceptionGroup), cx.builtin(Builtin::Exception)];
    crate::objects::type_::link(cx, class, &bases, dict);
}
