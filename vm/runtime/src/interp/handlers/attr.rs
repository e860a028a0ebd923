//! Attributes by inline cache.

use super::call::{may_push, push_simple, result_word};
use super::moves::{conclude_anew, drop_then};
use super::{count_up, prepare_then, take_register};
use crate::class::{Builtin, PyType, Shape};
use crate::interp::frame::Frame;
use crate::interp::{Exit, FAILED, Table};
use crate::interp::{cache, slow};
use crate::names::Special;
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::method::PyMethodWrapper;
use crate::objects::module::PyModule;
use crate::objects::native::PyGetSet;
use crate::objects::property::PyProperty;
use crate::ops::binds_plainly;
use crate::{Cx, ObjExt, Ref, RefExt, Slot, Value, flag};
use ungil_bytecode::WINDOW_HEADER;

const MODULE: u32 = (Builtin::Module as u32) << 1;
const FUNCTION: u32 = (Builtin::Function as u32) << 1;
const STATIC_METHOD: u32 = (Builtin::StaticMethod as u32) << 1;
const CLASS_METHOD: u32 = (Builtin::ClassMethod as u32) << 1;
const PROPERTY: u32 = (Builtin::Property as u32) << 1;
const GET_SET: u32 = (Builtin::GetSet as u32) << 1;

/// Address of the interned name with this index.
#[inline(always)]
pub(super) unsafe fn name_word(regs: *mut Value, index: usize) -> usize {
    Frame(regs).code().running_unchecked().names.get_unchecked(index).get().value().0 as usize
}

/// The cache word that applies to a receiver of this shape: the site's, or one of those that the thread has seen of
/// late. The site gets such a one if it has none, and now and then anyway: what it holds may be out of use.
#[inline(always)]
pub(super) unsafe fn applicable(at: *const u64, name: usize, shape_word: u32, cx: *mut Cx) -> u64 {
    let cached = cache::load(at);
    if cached as u32 == shape_word {
        return cached;
    }
    let known = (*cx).recent_attr(name, shape_word);
    if known != 0 && (cached == 0 || (*cx).is_time_to_replace()) {
        cache::store(at, known);
    }
    known
}

/// The value that a cache of any kind but METHOD leads to, borrowed until the thread is quiescent; `UNDEF` if it does not
/// apply or if it is not so simple. For kinds that go by shape, `cached` applies to the receiver.
#[inline(always)]
pub(super) unsafe fn cached_value<const SOLO: bool>(
    cached: u64,
    receiver: Value,
    name: usize,
    cx: *mut Cx,
) -> Value {
    match cache::kind(cached) {
        cache::SLOT => (*receiver.ptr().cast::<Slot>().add(cache::payload(cached) as usize)).peek_shared(),
        cache::CLASS_VALUE => plain_in_cell(cached, cx),
        cache::IN_DICT => {
            let v = own_in_dict::<SOLO>(receiver, name, cx);
            // Where other threads run, nothing may mean that they are changing the dict.
            if !v.is_undef() || !(SOLO || (*cx).owns_everything()) || cache::payload(cached) == cache::NO_CELL
            {
                return v;
            }
            plain_in_cell(cached, cx)
        }
        cache::MODULE => module_value(cached, receiver),
        cache::CLASS_ATTR => match PyType::from_ref(Ref::from_value(receiver), &*cx) {
            Some(class) if class.class_id == cached as u32 => {
                let v = (*cx).vm.cells.peek(cache::payload(cached));
                // What binds to instances is given as it is to who asks the class itself.
                if v.is_ptr() && (*v.ptr()).shape_word() == FUNCTION {
                    return v;
                }
                match plain_in_cell(cached, cx) {
                    Value::UNDEF if v.is_ptr() && binds_plainly(&*cx, Ref::from_value(v)) => v,
                    plain => plain,
                }
            }
            _ => Value::UNDEF,
        },
        _ => Value::UNDEF,
    }
}

/// As [`cached_value`] where the site's own cache leads to nothing: by what the thread has seen of late. A site whose receivers are
/// classes finds its word there for all but one of them.
#[inline(never)]
pub(super) unsafe fn recent_value<const SOLO: bool>(
    at: *const u64,
    receiver: Value,
    name: usize,
    cx: *mut Cx,
) -> Value {
    let (guard, key) = match PyType::from_ref(Ref::from_value(receiver), &*cx) {
        Some(class) => (class.class_id, name + cache::OF_CLASS),
        // Others have been asked for by their shape, unless the site was that of a class or a module.
        None if by_shape(cache::load(at)) => return Value::UNDEF,
        None => ((*receiver.ptr()).shape_word(), name),
    };
    let known = (*cx).recent_attr(key, guard);
    if known != 0 && (*cx).is_time_to_replace() {
        cache::store(at, known);
    }
    cached_value::<SOLO>(known, receiver, name, cx)
}

/// What a class's cell holds, borrowed; `UNDEF` if it has been emptied or if the class has been given a descriptor since.
#[inline(always)]
unsafe fn plain_in_cell(cached: u64, cx: *mut Cx) -> Value {
    let index = cache::payload(cached);
    let v = (*cx).vm.cells.peek(index);
    if v.is_undef() || (*cx).vm.cells.is_absent(index) {
        return Value::UNDEF;
    }
    if v.is_ptr() && (*v.ptr()).shape_word() == STATIC_METHOD {
        return Ref::from_value(v).cast_unchecked::<PyMethodWrapper>().callable.peek();
    }
    if (*cx).class_of(Ref::from_value(v)).special(&*cx, Special::Get).is_none() { v } else { Value::UNDEF }
}

/// The Python function of the class method that a cache leads to, borrowed, `UNDEF` if it leads to something else; and the
/// class that is its first argument. The thread is exclusive; for kinds that go by shape, `cached` applies to the receiver.
#[inline(always)]
pub(super) unsafe fn cached_class_method<const SOLO: bool>(
    cached: u64,
    receiver: Value,
    name: usize,
    cx: *mut Cx,
) -> (Value, Value) {
    const NONE: (Value, Value) = (Value::UNDEF, Value::UNDEF);
    let class = match cache::kind(cached) {
        cache::CLASS_VALUE => (*cx).class_of(Ref::from_value(receiver)),
        cache::IN_DICT
            if cache::payload(cached) != cache::NO_CELL
                && own_in_dict::<SOLO>(receiver, name, cx).is_undef() =>
        {
            (*cx).class_of(Ref::from_value(receiver))
        }
        cache::CLASS_ATTR => match PyType::from_ref(Ref::from_value(receiver), &*cx) {
            Some(class) if class.class_id == cached as u32 => class,
            _ => return NONE,
        },
        _ => return NONE,
    };
    let v = (*cx).vm.cells.peek(cache::payload(cached));
    if !v.is_ptr() || (*v.ptr()).shape_word() != CLASS_METHOD {
        return NONE;
    }
    let function = Ref::from_value(v).cast_unchecked::<PyMethodWrapper>().callable.peek();
    if !function.is_ptr() || (*function.ptr()).shape_word() != FUNCTION {
        return NONE;
    }
    (function, class.as_ref().value())
}

/// The attribute in the dict of an instance that keeps its attributes there, borrowed until the thread is quiescent;
/// `UNDEF` if it has none, or if another thread is changing the dict.
#[inline(never)]
pub(super) unsafe fn own_in_dict<const SOLO: bool>(receiver: Value, name: usize, cx: *mut Cx) -> Value {
    let area = (*cx).shape_of(&*receiver.ptr()).head.attr_offset as usize / 8;
    let dict = (*receiver.ptr().cast::<Slot>().add(area)).peek_shared();
    if !dict.is_ptr() {
        return Value::UNDEF;
    }
    let dict = Ref::from_value(dict).cast_unchecked::<PyDict>();
    let name = Ref::from_value(Value(name as u64));
    match SOLO || (*cx).is_exclusive(&dict.h) {
        true => dict.peek_str(&*cx, name),
        false => dict.shared_get_str(&*cx, name),
    }
}

/// Whether a cache word says how an attribute of a receiver of this shape is found.
#[inline(always)]
pub(super) fn is_known(cached: u64) -> bool {
    cached != 0 && by_shape(cached)
}

/// Whether a cache goes by the receiver's shape.
#[inline(always)]
pub(super) fn by_shape(cached: u64) -> bool {
    !matches!(cache::kind(cached), cache::MODULE | cache::CLASS_ATTR)
}

handler! {
    pub fn load_attr(ip, regs, cx, t) {
        let receiver = *regs.add(fb!(*ip));
        if !receiver.is_ptr() {
            return load_attr_of_lent::<SOLO>(ip, regs, cx, t);
        }
        let cached = cache::load(ip.add(1));
        let Some(word_offset) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::SLOT) else {
            return load_attr_other::<SOLO>(ip, regs, cx, t);
        };
        // No lock is needed. A slot serves one name as long as the instance has shapes, and is empty after that; and what it
        // holds is there until this thread is quiescent.
        let v = (*receiver.ptr().cast::<Slot>().add(word_offset as usize)).peek_shared();
        if v.is_undef() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        if flags!(*ip) & 0x200 != 0 {
            return load_consuming::<SOLO>(ip, regs, cx, t, v);
        }
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    pub fn load_attr_to_temp(ip, regs, cx, t) {
        let receiver = *regs.add(fb!(*ip));
        if !receiver.is_ptr() {
            return load_attr_of_lent::<SOLO>(ip, regs, cx, t);
        }
        let cached = cache::load(ip.add(1));
        let Some(word_offset) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::SLOT) else {
            return load_attr_other::<SOLO>(ip, regs, cx, t);
        };
        // See `load_attr`.
        let v = (*receiver.ptr().cast::<Slot>().add(word_offset as usize)).peek_shared();
        if v.is_undef() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        if flags!(*ip) & 0x200 != 0 {
            *regs.add(fb!(*ip)) = Value::UNDEF;
            *regs.add(fa!(*ip)) = v;
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, receiver);
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

handler! {
    /// The receiver is lent, or an immediate.
    #[inline(never)]
    fn load_attr_of_lent(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        if !(*source).is_lent() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        let receiver = (*source).lent();
        let v = lent_attr::<SOLO>(ip, regs, cx, receiver);
        if v.is_undef() {
            // Counted like any other from here on.
            count_or_prepare!(receiver, ip, regs, cx, t);
            *source = receiver;
            return load_attr_other::<SOLO>(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        *source = Value::UNDEF;
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

/// The attribute of a receiver that the cache leads to, borrowed; `UNDEF` if that is not so simple.
#[inline(always)]
unsafe fn lent_attr<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    receiver: Value,
) -> Value {
    let mut cached = cache::load(ip.add(1));
    let name = name_word(regs, fc!(*ip));
    if by_shape(cached) {
        cached = applicable(ip.add(1), name, (*receiver.ptr()).shape_word(), cx);
    }
    match cached_value::<SOLO>(cached, receiver, name, cx) {
        Value::UNDEF if !is_known(cached) => recent_value::<SOLO>(ip.add(1), receiver, name, cx),
        v => v,
    }
}

handler! {
    pub fn load_attr_lent(ip, regs, cx, t) {
        let receiver = *regs.add(fb!(*ip));
        if !receiver.is_ptr() || flags!(*ip) & 0x200 != 0 {
            return lend_attr_of_temp::<SOLO>(ip, regs, cx, t);
        }
        let cached = cache::load(ip.add(1));
        let Some(word_offset) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::SLOT) else {
            return lend_attr_other::<SOLO>(ip, regs, cx, t);
        };
        // See `load_attr`.
        let v = (*receiver.ptr().cast::<Slot>().add(word_offset as usize)).peek_shared();
        if v.is_undef() {
            return slow::attr::load_attr::run(ip, regs, cx, t);
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    /// As `load_attr_other`, of a receiver that stays where it is.
    #[inline(never)]
    fn lend_attr_other(ip, regs, cx, t) {
        let v = lent_attr::<SOLO>(ip, regs, cx, *regs.add(fb!(*ip)));
        if v.is_undef() {
            return load_attr_other::<SOLO>(ip, regs, cx, t);
        }
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

handler! {
    /// The receiver is lent, or an immediate, or ends with the instruction, and what it holds perhaps with it.
    #[inline(never)]
    fn lend_attr_of_temp(ip, regs, cx, t) {
        let source = regs.add(fb!(*ip));
        if !(*source).is_lent() {
            return load_attr_to_temp::<SOLO>(ip, regs, cx, t);
        }
        let v = lent_attr::<SOLO>(ip, regs, cx, (*source).lent());
        if v.is_undef() {
            return load_attr_of_lent::<SOLO>(ip, regs, cx, t);
        }
        *source = Value::UNDEF;
        finish_temp!(ip.add(2), regs, cx, t, fa!(*ip), v.lend())
    }
}

/// What a module's attribute holds by its cache, borrowed until the thread is quiescent; `UNDEF` if that is not known.
#[inline(always)]
pub(super) unsafe fn module_value(cached: u64, receiver: Value) -> Value {
    if cache::kind(cached) != cache::MODULE || (*receiver.ptr()).shape_word() != MODULE {
        return Value::UNDEF;
    }
    // Set for good when the module is made.
    let dict = Ref::from_value(receiver).cast_unchecked::<PyModule>().dict.peek();
    if !dict.is_ptr() {
        return Value::UNDEF;
    }
    Ref::from_value(dict).cast_unchecked::<PyDict>().shared_value(cached as u32, cache::payload(cached))
}

/// Ends a load whose receiver is a temporary: its register is emptied.
#[inline(never)]
unsafe fn load_consuming<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
) -> Exit {
    let receiver = std::mem::replace(&mut *regs.add(fb!(*ip)), Value::UNDEF);
    let slot = regs.add(fa!(*ip));
    let old = *slot;
    *slot = v;
    if old.is_ptr() {
        return slow::drop_two(ip.add(2), regs, cx, t, old, receiver);
    }
    drop_then::<SOLO>(ip.add(2), regs, cx, t, receiver)
}

handler! {
    /// A cache of another kind than the fast path's, or of another shape.
    #[inline(never)]
    fn load_attr_other(ip, regs, cx, t) {
        let receiver = *regs.add(fb!(*ip));
        let mut cached = cache::load(ip.add(1));
        let name = name_word(regs, fc!(*ip));
        if by_shape(cached) {
            cached = applicable(ip.add(1), name, (*receiver.ptr()).shape_word(), cx);
        }
        if cache::kind(cached) == cache::PROPERTY {
            return load_property::<SOLO>(ip, regs, cx, t, cached);
        }
        if cache::kind(cached) == cache::COMPUTED {
            return load_computed::<SOLO>(ip, regs, cx, t, cached);
        }
        let mut v = cached_value::<SOLO>(cached, receiver, name, cx);
        if v.is_undef() && !is_known(cached) {
            v = recent_value::<SOLO>(ip.add(1), receiver, name, cx);
        }
        if v.is_undef() {
            return slow::attr::load_attr_cached::run(ip, regs, cx, t);
        }
        count_or_prepare!(v, ip, regs, cx, t);
        if flags!(*ip) & 0x200 != 0 {
            return load_consuming::<SOLO>(ip, regs, cx, t, v);
        }
        finish!(ip.add(2), regs, cx, t, fa!(*ip), v)
    }
}

/// What [`read_computed`] gives if the cell leads to nothing that it reads: no value's word.
const NOT_READ: u64 = 1;

/// Reads a computed attribute of a built-in type; `cached` applies to the receiver.
#[inline(never)]
unsafe fn load_computed<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    cached: u64,
) -> Exit {
    let result = read_computed(ip, regs, cx, cached);
    if result == NOT_READ {
        return slow::attr::load_computed::run(ip, regs, cx, t);
    }
    if result == FAILED {
        return slow::attr::computed_failed::run(ip, regs, cx, t);
    }
    // The getter may have met a safepoint.
    if SOLO && !(*cx).owns_everything() {
        return conclude_anew::<false>(ip.add(2), regs, cx, t, *ip, Value(result));
    }
    conclude_anew::<SOLO>(ip.add(2), regs, cx, t, *ip, Value(result))
}

/// The word of the attribute's value, [`FAILED`] with the exception in the context, or [`NOT_READ`].
#[inline(never)]
unsafe fn read_computed(ip: *const u64, regs: *mut Value, cx: *mut Cx, cached: u64) -> u64 {
    let v = (*cx).vm.cells.peek(cache::payload(cached));
    if !v.is_ptr() || (*v.ptr()).shape_word() != GET_SET {
        return NOT_READ;
    }
    (*cx).regs.set(regs);
    (*cx).ip.set(ip);
    let receiver = Ref::from_value(*regs.add(fb!(*ip)));
    // Counted: the class may lose it while it is read.
    let computed = Ref::from_value(v).own(&*cx);
    result_word(cx, computed.cast_unchecked::<PyGetSet>().read(&mut *cx, receiver))
}

/// Calls the getter of a property in a frame above this one: what it returns is the result of the instruction.
#[inline(always)]
unsafe fn load_property<const SOLO: bool>(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    cached: u64,
) -> Exit {
    let v = (*cx).vm.cells.peek(cache::payload(cached));
    if !v.is_ptr() || (*v.ptr()).shape_word() != PROPERTY {
        return slow::attr::load_computed::run(ip, regs, cx, t);
    }
    let getter = Ref::from_value(v).cast_unchecked::<PyProperty>().getter();
    if !getter.is_ptr() || (*getter.ptr()).shape_word() != FUNCTION {
        return slow::attr::load_computed::run(ip, regs, cx, t);
    }
    let function = Ref::from_value(getter).cast_unchecked::<PyFunction>();
    let window = Frame(regs).top();
    if function.simple_args() != 1 || !may_push::<SOLO>(function, window, cx) {
        return slow::attr::load_computed::run(ip, regs, cx, t);
    }
    let source = regs.add(fb!(*ip));
    let receiver = *source;
    if flags!(*ip) & 0x200 != 0 {
        *source = Value::UNDEF;
    } else {
        count_up::<SOLO>(receiver, cx);
    }
    count_up::<SOLO>(getter, cx);
    *window.add(2) = getter;
    *window.add(WINDOW_HEADER) = receiver;
    push_simple::<SOLO>(ip, ip.add(2), regs, window, function, 1, cx, t)
}

handler! {
    pub fn store_attr(ip, regs, cx, t) {
        let receiver = *regs.add(fa!(*ip));
        let cached = cache::load(ip.add(1));
        // The receiver is a local nearly always; one that is moved out takes the slow path.
        if !receiver.is_ptr() || (*receiver.ptr()).is_published() || flags!(*ip) & 0x100 != 0 {
            return store_attr_other::<SOLO>(ip, regs, cx, t);
        }
        let Some(word_offset) = cache::payload_for(cached, (*receiver.ptr()).shape_word(), cache::SLOT) else {
            return store_attr_other::<SOLO>(ip, regs, cx, t);
        };
        let Some(v) = take_b::<SOLO>(ip, regs, cx) else {
            return prepare_then(ip, regs, cx, t, *regs.add(fb!(*ip)));
        };
        let slot = receiver.ptr().cast::<Value>().add(word_offset as usize);
        let old = *slot;
        *slot = v;
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}

/// The value of field `b`, as [`take_register`] gives it.
#[inline(always)]
unsafe fn take_b<const SOLO: bool>(ip: *const u64, regs: *mut Value, cx: *mut Cx) -> Option<Value> {
    take_register::<SOLO>(regs.add(fb!(*ip)), flags!(*ip) & 0x200 != 0, cx)
}

handler! {
    /// A store that adds an attribute, or to an instance of another shape.
    #[inline(never)]
    fn store_attr_other(ip, regs, cx, t) {
        let receiver = *regs.add(fa!(*ip));
        if !receiver.is_ptr() || !(SOLO || (*cx).is_exclusive(&*receiver.ptr())) {
            return slow::attr::store_attr_cached::run(ip, regs, cx, t);
        }
        let h = &*receiver.ptr();
        let name = name_word(regs, fc!(*ip)) + cache::STORE;
        let cached = applicable(ip.add(1), name, h.shape_word(), cx);
        let mut offset = cache::payload(cached);
        let mut next_shape = 0;
        if cache::kind(cached) == cache::TRANSITION {
            next_shape = offset;
            offset = match h.has_flag(flag::HOLE) {
                false => (*(&*cx).space.shapes.get(next_shape).cast::<Shape>()).last_word,
                true => 0,
            };
        } else if cache::kind(cached) != cache::SLOT {
            offset = 0;
        }
        if offset == 0 {
            return slow::attr::store_attr_cached::run(ip, regs, cx, t);
        }
        let Some(v) = take_b::<SOLO>(ip, regs, cx) else {
            return prepare_then(ip, regs, cx, t, *regs.add(fb!(*ip)));
        };
        ungil_gc::model::publish(h, v);
        let slot = receiver.ptr().cast::<Value>().add(offset as usize);
        let old = *slot;
        *slot = v;
        if next_shape != 0 {
            h.set_shape_id(next_shape);
        }
        if flags!(*ip) & 0x100 != 0 {
            *regs.add(fa!(*ip)) = Value::UNDEF;
            return slow::drop_two(ip.add(2), regs, cx, t, receiver, old);
        }
        if old.is_ptr() {
            return drop_then::<SOLO>(ip.add(2), regs, cx, t, old);
        }
        goto!(ip.add(2), regs, cx, t)
    }
}
