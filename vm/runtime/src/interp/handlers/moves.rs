//! Moves, constants, names, cells, unconditional jumps.

use super::{count_down, drop_value, end_drop, prepare_then, take_register};
use crate::interp::{Exit, Table, cache, slow};
use crate::objects::cell::PyCell;
use crate::{Cx, Header, Ref, RefExt, Value};

/// Drops `old` and goes on at `ip`. The common end of handlers that overwrite a register.
#[inline(never)]
pub(crate) unsafe fn drop_then<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    old: Value,
) -> Exit {
    if count_down::<SOLO>(old, cx) {
        return destroy_then::<SOLO>(ip, regs, cx, t, old);
    }
    goto!(ip, regs, cx, t)
}

/// Writes a result to field `a`, drops the operands in fields `b` and `c` that the instruction `word` consumes, and goes
/// on at `next`. Nothing has been dropped before, and no safepoint has been met.
#[inline(never)]
pub(crate) unsafe fn conclude<const SOLO: bool>(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    word: u64,
    v: Value,
) -> Exit {
    let x = consumed(word, 0x200, regs.add(fb!(word)));
    let y = consumed(word, 0x400, regs.add(fc!(word)));
    let slot = regs.add(fa!(word));
    if x.is_ptr() as u8 + y.is_ptr() as u8 + (*slot).is_ptr() as u8 > 1 {
        return conclude_anew::<SOLO>(next, regs, cx, t, word, v);
    }
    // At most one reference goes: most often that of an operand.
    let gone = if x.is_ptr() {
        *regs.add(fb!(word)) = Value::UNDEF;
        x
    } else if y.is_ptr() {
        *regs.add(fc!(word)) = Value::UNDEF;
        y
    } else {
        *slot
    };
    *slot = v;
    if gone.is_ptr() {
        return drop_then::<SOLO>(next, regs, cx, t, gone);
    }
    goto!(next, regs, cx, t)
}

/// What a register holds that the instruction `word` consumes if it has this flag, `UNDEF` if it has not. It stays there.
#[inline(always)]
unsafe fn consumed(word: u64, flag: u64, register: *mut Value) -> Value {
    if word & flag != 0 { *register } else { Value::UNDEF }
}

/// As [`conclude`] where more than one reference goes, or after something that may have dropped others or met a safepoint.
#[inline(never)]
pub(crate) unsafe fn conclude_anew<const SOLO: bool>(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    word: u64,
    v: Value,
) -> Exit {
    for (bit, index) in [(0x200, fb!(word)), (0x400, fc!(word))] {
        if word & bit != 0 {
            consume::<SOLO>(regs.add(index), cx);
        }
    }
    let slot = regs.add(fa!(word));
    let old = *slot;
    *slot = v;
    drop_value::<SOLO>(old, cx);
    resume_at(next, regs, cx, t)
}

/// As [`conclude`] for instructions without a result whose registers are `a` and `b`.
#[inline(never)]
pub(crate) unsafe fn conclude_two<const SOLO: bool>(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    word: u64,
) -> Exit {
    let x = consumed(word, 0x100, regs.add(fa!(word)));
    let y = consumed(word, 0x200, regs.add(fb!(word)));
    if x.is_ptr() {
        if y.is_ptr() {
            return conclude_unit::<SOLO>(next, regs, cx, t, word & !0x400);
        }
        *regs.add(fa!(word)) = Value::UNDEF;
        return drop_then::<SOLO>(next, regs, cx, t, x);
    }
    if y.is_ptr() {
        *regs.add(fb!(word)) = Value::UNDEF;
        return drop_then::<SOLO>(next, regs, cx, t, y);
    }
    goto!(next, regs, cx, t)
}

/// As [`conclude_anew`] for instructions without a result, which may consume all three operands.
#[inline(never)]
pub(crate) unsafe fn conclude_unit<const SOLO: bool>(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    word: u64,
) -> Exit {
    for (bit, index) in [(0x100, fa!(word)), (0x200, fb!(word)), (0x400, fc!(word))] {
        if word & bit != 0 {
            consume::<SOLO>(regs.add(index), cx);
        }
    }
    resume_at(next, regs, cx, t)
}

/// Drops what a register holds and leaves it empty.
#[inline(always)]
unsafe fn consume<const SOLO: bool>(register: *mut Value, cx: *mut Cx) {
    let v = *register;
    if v.is_ptr() {
        *register = Value::UNDEF;
        drop_value::<SOLO>(v, cx);
    }
}

/// Ends an object whose last reference is gone, runs what that has queued, and goes on.
#[inline(never)]
unsafe fn destroy_then<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    old: Value,
) -> Exit {
    end_drop::<SOLO>(old, cx);
    resume_at(ip, regs, cx, t)
}

/// Goes on at `ip` after running what waits to be finalized.
#[inline(always)]
pub(crate) unsafe fn resume_at(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    if (*cx).has_pending() {
        return slow::pending_then::run(ip, regs, cx, t);
    }
    goto_anew!(ip, regs, cx)
}

handler! { pub fn nop(ip, regs, cx, t) { goto!(ip.add(1), regs, cx, t) } }

handler! {
    pub fn move_(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let v = *source;
        if v.is_ptr() {
            if flags!(*ip) & 0x200 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn move_to_temp(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        let v = *source;
        // What is no reference may stay.
        if v.is_ptr() {
            *source = Value::UNDEF;
        }
        finish_temp!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn copy_to_temp(ip, regs, cx, t) {
        let v = *regs.add(fb!(*ip));
        count_or_prepare!(v, ip, regs, cx, t);
        finish_temp!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

/// Two handlers of instructions that put a value into a register: the second knows that nothing in it is to be dropped.
macro_rules! loads {
    ($load:ident, $to_temp:ident, $words:literal ($ip:ident, $regs:ident, $cx:ident, $t:ident) $value:block) => {
        handler! {
            pub fn $load($ip, $regs, $cx, $t) {
                let v = $value;
                finish!($ip.add($words), $regs, $cx, $t, fa!(*$ip), v)
            }
        }

        handler! {
            pub fn $to_temp($ip, $regs, $cx, $t) {
                let v = $value;
                finish_temp!($ip.add($words), $regs, $cx, $t, fa!(*$ip), v)
            }
        }
    };
}

// Constants are immortal: their copies are not counted.
loads! { load_const, load_const_to_temp, 2 (ip, regs, cx, t) { Value(*ip.add(1)) } }
loads! { load_int, load_int_to_temp, 1 (ip, regs, cx, t) { Value::from_int_unchecked(wide!(*ip) as i64) } }
loads! { load_none, load_none_to_temp, 1 (ip, regs, cx, t) { Value::NONE } }

handler! { pub fn load_true(ip, regs, cx, t) { finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::TRUE) } }
handler! { pub fn load_false(ip, regs, cx, t) { finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::FALSE) } }
handler! { pub fn load_ellipsis(ip, regs, cx, t) { finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::ELLIPSIS) } }
handler! { pub fn drop_(ip, regs, cx, t) { finish!(ip.add(1), regs, cx, t, fa!(*ip), Value::UNDEF) } }

handler! {
    pub fn check_bound(ip, regs, cx, t) {
        if (*regs.add(fa!(*ip))).is_undef() {
            return slow::names::unbound_local::run(ip, regs, cx, t);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}

handler! { pub fn jump(ip, regs, cx, t) { goto!(ip.add(1).offset(wide!(*ip)), regs, cx, t) } }

handler! {
    pub fn jump_back(ip, regs, cx, t) {
        let target = ip.add(1).offset(wide!(*ip));
        if (*cx).is_wanted() {
            return slow::poll::run(target, regs, cx, t);
        }
        goto!(target, regs, cx, t)
    }
}

/// What a `LoadGlobal` has cached, borrowed; `UNDEF` if that is not at hand: among other threads that is only a global whose
/// address is known.
#[inline(always)]
unsafe fn cached_global<const SOLO: bool>(ip: *const u64, regs: *mut Value) -> Value {
    if SOLO { cache::global_at(ip, regs) } else { cache::shared_global_at(ip, regs) }
}

/// As `count_or_prepare` of a global: most of those that count at all are hubs once there are threads.
macro_rules! count_global {
    ($v:ident, $ip:ident, $regs:ident, $cx:ident, $t:ident) => {
        if SOLO || !$v.is_ptr() || !(*$v.ptr()).count_lasting((*$cx).mutator(), 1) {
            count_or_prepare!($v, $ip, $regs, $cx, $t);
        }
    };
}

loads! { load_global, load_global_to_temp, 4 (ip, regs, cx, t) {
    let v = cached_global::<SOLO>(ip, regs);
    if v.is_undef() {
        return load_global_more::<SOLO>(ip, regs, cx, t);
    }
    count_global!(v, ip, regs, cx, t);
    v
} }

handler! {
    /// A builtin, or a global that has not been met yet, or where others may be filling the cache.
    #[inline(never)]
    fn load_global_more(ip, regs, cx, t) {
        if SOLO {
            return slow::names::load_global::run(ip, regs, cx, t);
        }
        let v = cache::shared_builtin_at(ip, regs);
        if v.is_undef() {
            return load_global_rarer::<SOLO>(ip, regs, cx, t);
        }
        count_global!(v, ip, regs, cx, t);
        finish!(ip.add(4), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    /// As `load_global_more` for a global whose address is not known.
    #[inline(never)]
    fn load_global_rarer(ip, regs, cx, t) {
        let v = cache::shared_global(ip, regs);
        if v.is_undef() {
            return slow::names::load_global::run(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        finish!(ip.add(4), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn load_global_lent(ip, regs, cx, t) {
        let v = cached_global::<SOLO>(ip, regs);
        if v.is_undef() {
            return load_global_more::<SOLO>(ip, regs, cx, t);
        }
        finish_temp!(ip.add(4), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    pub fn load_name(ip, regs, cx, t) {
        if (*regs).is_none() {
            return load_global::<SOLO>(ip, regs, cx, t);
        }
        slow::names::load_name::run(ip, regs, cx, t)
    }
}

handler! {
    pub fn store_global(ip, regs, cx, t) {
        let cached = cache::load(ip.add(1));
        let globals = super::super::frame::Frame(regs).function().globals_unchecked();
        let source = regs.add(fa!(*ip));
        let v = *source;
        if cached == 0 || !may_store::<SOLO>(cx, &globals.h, v) || cached as u32 != globals.keys_id() {
            return slow::names::store_global::run(ip, regs, cx, t);
        }
        if v.is_ptr() {
            if flags!(*ip) & 0x100 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        let slot = globals.value_slot_unlocked(cache::payload(cached));
        let old = slot.swap_exclusive(v);
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}

handler! {
    pub fn store_name(ip, regs, cx, t) {
        if (*regs).is_none() {
            return store_global::<SOLO>(ip, regs, cx, t);
        }
        slow::names::store_in_namespace::run(ip, regs, cx, t)
    }
}

handler! {
    pub fn load_cell(ip, regs, cx, t) {
        let cell = Ref::from_value(*regs.add(fb!(*ip))).cast_unchecked::<PyCell>();
        let v = cell.peek();
        if v.is_undef() {
            return load_locked_cell::<SOLO>(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    /// A cell that is empty, or whose model wants it locked.
    #[inline(never)]
    fn load_locked_cell(ip, regs, cx, t) {
        let cell = Ref::from_value(*regs.add(fb!(*ip))).cast_unchecked::<PyCell>();
        match cell.get_value(&*cx) {
            Value::UNDEF => slow::names::unbound_cell::run(ip, regs, cx, t),
            v => finish!(ip.add(1), regs, cx, t, fa!(*ip), v),
        }
    }
}

handler! {
    pub fn store_cell(ip, regs, cx, t) {
        let cell = Ref::from_value(*regs.add(fa!(*ip))).cast_unchecked::<PyCell>();
        if !may_store::<SOLO>(cx, &cell.h, *regs.add(fb!(*ip))) {
            return store_shared_cell::<SOLO>(ip, regs, cx, t);
        }
        let Some(v) = take_b::<SOLO>(ip, regs, cx) else {
            return prepare_then(ip, regs, cx, t, *regs.add(fb!(*ip)));
        };
        let old = cell.swap_exclusive(v);
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(1), regs, cx, t, old);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}

handler! {
    /// A cell that has been published.
    #[inline(never)]
    fn store_shared_cell(ip, regs, cx, t) {
        let cell = Ref::from_value(*regs.add(fa!(*ip))).cast_unchecked::<PyCell>();
        let Some(v) = take_b::<SOLO>(ip, regs, cx) else {
            return prepare_then(ip, regs, cx, t, *regs.add(fb!(*ip)));
        };
        let old = cell.swap_value(&*cx, v);
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(1), regs, cx, t, old);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}

/// Whether a value may be stored into a container as it stands: the container is confined, or the value refers to nothing
/// and nobody else runs. All other stores publish the value first, or take the lock.
#[inline(always)]
pub(super) unsafe fn may_store<const SOLO: bool>(cx: *mut Cx, container: &Header, v: Value) -> bool {
    !container.is_published() || ((SOLO || (*cx).owns_everything()) && !v.is_ptr())
}

/// The value of field `b`, as [`take_register`] gives it.
#[inline(always)]
unsafe fn take_b<const SOLO: bool>(ip: *const u64, regs: *mut Value, cx: *mut Cx) -> Option<Value> {
    take_register::<SOLO>(regs.add(fb!(*ip)), flags!(*ip) & 0x200 != 0, cx)
}

/// The cell of a free variable.
#[inline(always)]
unsafe fn free_cell<'a>(regs: *mut Value, index: usize) -> &'a PyCell {
    super::super::frame::Frame(regs).function().free_cell(index)
}

handler! {
    pub fn load_free(ip, regs, cx, t) {
        let cell = free_cell(regs, fb!(*ip));
        let v = cell.peek();
        if v.is_undef() {
            return load_locked_free::<SOLO>(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        finish!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn load_free_to_temp(ip, regs, cx, t) {
        let cell = free_cell(regs, fb!(*ip));
        let v = cell.peek();
        if v.is_undef() {
            return load_locked_free::<SOLO>(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        finish_temp!(ip.add(1), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn load_free_lent(ip, regs, cx, t) {
        let v = free_cell(regs, fb!(*ip)).peek();
        if v.is_undef() {
            return load_locked_free::<SOLO>(ip, regs, cx, t);
        }
        finish_temp!(ip.add(1), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    /// As `load_locked_cell`, for a free variable.
    #[inline(never)]
    fn load_locked_free(ip, regs, cx, t) {
        match free_cell(regs, fb!(*ip)).get_value(&*cx) {
            Value::UNDEF => slow::names::unbound_free::run(ip, regs, cx, t),
            v => finish!(ip.add(1), regs, cx, t, fa!(*ip), v),
        }
    }
}

handler! {
    pub fn store_free(ip, regs, cx, t) {
        let source = regs.add(fa!(*ip));
        let v = *source;
        let cell = free_cell(regs, fb!(*ip));
        if !may_store::<SOLO>(cx, &cell.h, v) {
            return store_shared_free::<SOLO>(ip, regs, cx, t);
        }
        if v.is_ptr() {
            if flags!(*ip) & 0x100 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        let old = cell.swap_exclusive(v);
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(1), regs, cx, t, old);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}

handler! {
    /// A free variable whose cell has been published.
    #[inline(never)]
    fn store_shared_free(ip, regs, cx, t) {
        let source = regs.add(fa!(*ip));
        let v = *source;
        if v.is_ptr() {
            if flags!(*ip) & 0x100 != 0 {
                *source = Value::UNDEF;
            } else {
                count_or_prepare!(v, ip, regs, cx, t);
            }
        }
        let old = free_cell(regs, fb!(*ip)).swap_value(&*cx, v);
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(1), regs, cx, t, old);
        }
        goto!(ip.add(1), regs, cx, t)
    }
}
