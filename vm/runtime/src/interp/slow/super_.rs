//! Methods behind a class in the MRO: `super().name(...)` without a `super` object or a bound method.

use super::take_temp;
use crate::interp::frame::Frame;
use crate::interp::handlers::super_::unbound;
use crate::interp::{Next, cache, unwind};
use crate::objects::super_;
use crate::ops::binds_plainly;
use crate::prelude::*;

slow_path! {
    pub fn load_super_method(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let first = fb!(word);
        let parts = [take_temp(regs, first), take_temp(regs, first + 1), take_temp(regs, first + 2)];
        let name = Frame(regs).code().running().names[fc!(word)].get();
        match find(&mut *cx, ip, parts, name) {
            Err(err) => unwind::raise(ip, regs, cx, t, err),
            Ok((callable, this)) => {
                *regs.add(fa!(word)) = callable.into_value();
                *regs.add(first) = this.map_or(Value::UNDEF, Obj::into_value);
                Next::at(ip.add(3), regs)
            }
        }
    }
}

/// What to call, and its first argument if it is a function still to be bound.
unsafe fn find(cx: &mut Cx, ip: *const u64, parts: [Option<Obj>; 3], name: Ref<'_>) -> R<(Obj, Option<Obj>)> {
    let [Some(global), Some(class), Some(this)] = parts else {
        return Err(cx.runtime_error("super(): empty __class__ cell"));
    };
    if global.r().is(cx.builtin(Builtin::Super).as_ref())
        && let Some(behind) = PyType::from_ref(class.r(), cx)
        && PyType::from_ref(this.r(), cx).is_none()
    {
        let of = cx.class_of(this.r());
        if of.is_subclass(behind, cx)
            && let Some((found, cell)) = of.lookup_behind(cx, behind, name)
            && binds_plainly(cx, found.r())
        {
            if let Some(h) = this.r().header() {
                cache::store(ip.add(2), cache::behind(behind.class_id, cell));
                cache::store(ip.add(1), cache::word(h.shape_word(), cache::METHOD, cell));
            }
            return Ok((found, Some(this)));
        }
    }
    if global.r().is(cx.builtin(Builtin::Super).as_ref())
        && let Some(behind) = PyType::from_ref(class.r(), cx)
        && let Some(of) = PyType::from_ref(this.r(), cx)
        && of.is_subclass(behind, cx)
        && let Some((found, cell)) = of.lookup_behind(cx, behind, name)
    {
        let unbound = unbound(found.value());
        if !unbound.is_undef() {
            cache::store(ip.add(2), cache::behind(behind.class_id, cell));
            cache::store(ip.add(1), cache::word(of.class_id, cache::CLASS_ATTR, cell));
            return Ok((Obj::from_borrowed(unbound, cx), None));
        }
    }
    super_::load_attr(cx, global.r(), class.r(), this.r(), name).map(|v| (v, None))
}
