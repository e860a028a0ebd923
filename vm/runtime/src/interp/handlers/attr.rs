//! Attributes by inline cache.

use super::moves::drop_then;
use crate::Value;
use crate::interp::{cache, slow};

handler! {
    pub fn load_attr(ip, regs, cx, t) {
        let word = *ip;
        let receiver = *regs.add(fb!(word));
        if !receiver.is_ptr() || !(*cx).is_exclusive() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        let cached = cache::load(ip.add(1));
        if cached as u32 != (*receiver.ptr()).shape_word() || cache::kind(cached) != cache::SLOT {
            return slow::attr::load_attr_cached::run(ip, regs, cx, t);
        }
        let v = *receiver.ptr().cast::<Value>().add(cache::payload(cached) as usize);
        if v.is_undef() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        if v.is_ptr() {
            (*v.ptr()).increment((*cx).mutator());
        }
        if word & 0x200 != 0 {
            *regs.add(fb!(word)) = Value::UNDEF;
            *regs.add(fa!(word)) = v;
            return drop_then(ip.add(2), regs, cx, t, receiver);
        }
        finish!(ip.add(2), regs, cx, t, fa!(word), v)
    }
}

handler! {
    pub fn store_attr(ip, regs, cx, t) {
        let word = *ip;
        let receiver = *regs.add(fa!(word));
        let cached = cache::load(ip.add(1));
        // The receiver is a local nearly always; one that is moved out takes the slow path.
        if !receiver.is_ptr()
            || !(*cx).is_exclusive()
            || cached as u32 != (*receiver.ptr()).shape_word()
            || cache::kind(cached) != cache::SLOT
            || word & 0x100 != 0
        {
            return slow::attr::store_attr_cached::run(ip, regs, cx, t);
        }
        let source = regs.add(fb!(word));
        let v = *source;
        if v.is_ptr() {
            if word & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                (*v.ptr()).increment((*cx).mutator());
            }
        }
        ungil_gc::model::publish(&*receiver.ptr(), v);
        let slot = receiver.ptr().cast::<Value>().add(cache::payload(cached) as usize);
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return drop_then(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}
