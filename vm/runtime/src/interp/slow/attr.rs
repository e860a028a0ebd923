//! Attributes and items of anything.

use super::{consume, operand, take, take_temp};
use crate::class::{Builtin, PyType, Shape};
use crate::interp::cache;
use crate::interp::{resume_at, unwind};
use crate::names::Special;
use crate::objects::dict::PyDict;
use crate::objects::module::PyModule;
use crate::objects::native::PyGetSet;
use crate::objects::property::PyProperty;
use crate::objects::{native, super_};
use crate::ops::{
    CacheableLoad, CacheableStore, binds_plainly, cacheable_load, cacheable_method, cacheable_store,
    dict_slot, leave_dict,
};
use crate::{Cx, Obj, Ref, RefExt, Slot, Value};

unsafe fn name_of<'a>(regs: *mut Value, index: usize) -> Ref<'a> {
    crate::interp::frame::Frame(regs).code().running().names[index].get()
}

/// The value that a filled cache leads to for this receiver, if its guard holds.
pub(in crate::interp) unsafe fn cached_value(
    cx: &Cx,
    receiver: Ref<'_>,
    name: Ref<'_>,
    cached: u64,
) -> Option<Obj> {
    let h = receiver.header()?;
    match cache::kind(cached) {
        cache::SLOT if cached as u32 == h.shape_word() => slot_value(cx, receiver, cached),
        cache::CLASS_VALUE if cached as u32 == h.shape_word() => class_value(cx, cached),
        cache::METHOD if cached as u32 == h.shape_word() => {
            let function =
                cx.vm.cells.get(cx, cache::payload(cached)).filter(|f| binds_plainly(cx, f.r()))?;
            Some(native::bind_plain(cx, function, receiver))
        }
        cache::MODULE if cx.is_exactly(receiver, Builtin::Module) => {
            match cache::module_value(cx, receiver, cached) {
                Value::UNDEF => None,
                v => {
                    let v = Obj::from_owned(v);
                    cache::keep_hub(cx, v.r());
                    Some(v)
                }
            }
        }
        cache::CLASS_ATTR => {
            let class = PyType::from_ref(receiver, cx)?;
            if class.class_id != cached as u32 {
                return None;
            }
            // What binds to instances is given as it is to who asks the class itself.
            cx.vm.cells.get(cx, cache::payload(cached)).filter(|v| {
                binds_plainly(cx, v.r()) || cx.class_of(v.r()).special(cx, Special::Get).is_none()
            })
        }
        cache::IN_DICT if cached as u32 == h.shape_word() => dict_value(cx, receiver, name, cached),
        _ => None,
    }
}

/// The attribute of an instance that keeps its own in a dict.
unsafe fn dict_value(cx: &Cx, receiver: Ref<'_>, name: Ref<'_>, cached: u64) -> Option<Obj> {
    let slot = dict_slot(cx, receiver)?;
    let own = slot.get(receiver.header()?, cx);
    if let Some(dict) = own.as_ref().and_then(|d| d.r().downcast::<PyDict>(cx)) {
        if !dict.has_only_str() {
            return None;
        }
        if let Some(v) = dict.get_str(cx, name) {
            return Some(v);
        }
    }
    if cache::payload(cached) == cache::NO_CELL {
        return None;
    }
    let v = cx.vm.cells.get(cx, cache::payload(cached))?;
    if binds_plainly(cx, v.r()) {
        return Some(native::bind_plain(cx, v, receiver));
    }
    cx.class_of(v.r()).special(cx, Special::Get).is_none().then_some(v)
}

/// A cell's value, unless the class has been given a descriptor since.
fn class_value(cx: &Cx, cached: u64) -> Option<Obj> {
    let v = cx.vm.cells.get(cx, cache::payload(cached))?;
    cx.class_of(v.r()).special(cx, Special::Get).is_none().then_some(v)
}

/// Reads an attribute slot under the instance's lock, checking the shape again.
unsafe fn slot_value(cx: &Cx, receiver: Ref<'_>, cached: u64) -> Option<Obj> {
    let h = receiver.header()?;
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let v = if cached as u32 == h.shape_word() {
        *receiver.value().ptr().cast::<Value>().add(cache::payload(cached) as usize)
    } else {
        Value::UNDEF
    };
    let found = (!v.is_undef()).then(|| Obj::from_borrowed(v, cx));
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    found
}

/// The cache word of a load that may apply to the receiver: the site's, or one that the thread has seen of late.
unsafe fn applicable_load(cx: &Cx, at: *const u64, receiver: Ref<'_>, name: Ref<'_>) -> u64 {
    let cached = cache::load(at);
    match cache::kind(cached) {
        cache::MODULE | cache::CLASS_ATTR => cached,
        _ => receiver.header().map_or(0, |h| cache::applicable(cx, at, name, 0, h.shape_word())),
    }
}

slow_path! {
    /// A cache of another kind than the fast path's, or a miss.
    pub fn load_attr_cached(ip, regs, cx, t) {
        let word = *ip;
        let receiver = operand(regs, fb!(word));
        let name = name_of(regs, fc!(word));
        let cached = applicable_load(&*cx, ip.add(1), receiver, name);
        let found = cached_value(&*cx, receiver, name, cached);
        match found {
            Some(v) => done!(ip, regs, cx, t, Ok(v)),
            None => load_attr::next(ip, regs, cx, t),
        }
    }
}

/// Whether an object is a descriptor that goes before what instances have, and nobody can change what it does.
fn is_fixed_descriptor(cx: &Cx, v: Ref<'_>) -> bool {
    let kind = cx.class_of(v);
    !kind.is_heap()
        && (kind.special(cx, Special::Set).is_some() || kind.special(cx, Special::Delete).is_some())
}

slow_path! {
    /// The cache leads to a computed attribute, or to a property whose getter is no Python function that takes the object
    /// alone.
    pub fn load_computed(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let receiver = operand(regs, fb!(word));
        let cached = applicable_load(&*cx, ip.add(1), receiver, name_of(regs, fc!(word)));
        let applies = receiver.header().is_some_and(|h| cached as u32 == h.shape_word())
            && matches!(cache::kind(cached), cache::COMPUTED | cache::PROPERTY);
        let found = if applies { (*cx).vm.cells.get(&*cx, cache::payload(cached)) } else { None };
        if let Some(computed) = found.as_ref().and_then(|v| v.r().downcast::<PyGetSet>(&*cx)) {
            let result = computed.read(&mut *cx, receiver);
            return done!(ip, regs, cx, t, result);
        }
        match found {
            Some(property) if (*cx).is_exactly(property.r(), Builtin::Property) => {
                let Some(getter) = property.r().cast_unchecked::<PyProperty>().counted_getter(&*cx) else {
                    return load_attr::next(ip, regs, cx, t);
                };
                let result = (*cx).call(getter.r(), &[receiver]);
                done!(ip, regs, cx, t, result)
            }
            Some(descriptor) if is_fixed_descriptor(&*cx, descriptor.r()) => {
                let class = (*cx).class_of(receiver).as_ref();
                let get = (*cx).class_of(descriptor.r()).special(&*cx, Special::Get);
                let Some(get) = get else { return load_attr::next(ip, regs, cx, t) };
                let result = (*cx).call_special(get, descriptor.r(), &[receiver, class]);
                done!(ip, regs, cx, t, result)
            }
            _ => load_attr::next(ip, regs, cx, t),
        }
    }
}

slow_path! {
    /// A computed attribute's getter has raised what is in the context.
    pub fn computed_failed(ip, regs, cx, t) {
        let err = crate::interp::run::take_raised(&mut *cx);
        unwind::raise(ip, regs, cx, t, err)
    }
}

slow_path! {
    pub fn load_attr(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let receiver = operand(regs, fb!(word));
        let name = name_of(regs, fc!(word));
        if !(*cx).owns_everything() {
            let cached = applicable_load(&*cx, ip.add(1), receiver, name);
            if let Some(v) = cached_value(&*cx, receiver, name, cached) {
                return done!(ip, regs, cx, t, Ok(v));
            }
        }
        fill_load(&mut *cx, ip.add(1), receiver, name);
        let result = (*cx).get_attr(receiver, name);
        done!(ip, regs, cx, t, result)
    }
}

/// Fills the cache of a `LoadAttr` or a `CallMethod` for receivers like this one, if there is a rule for them.
pub(super) unsafe fn fill_load(cx: &mut Cx, at: *const u64, receiver: Ref<'_>, name: Ref<'_>) {
    let Some(h) = receiver.header() else {
        let guard = cache::immediate_shape(receiver.value());
        if guard != 0
            && let Some(cell) = cacheable_method(cx, receiver, name)
        {
            cache::store(at, cache::word(guard, cache::METHOD, cell));
        }
        return;
    };
    if let Some(module) = receiver.downcast::<PyModule>(cx)
        && cx.is_exactly(receiver, Builtin::Module)
    {
        if let Some(dict) = module.dict_ref(cx) {
            let id = dict.ensure_keys_id(cx);
            if let Some(index) = dict.entry_index_str(cx, name).filter(|&i| i < 1 << 24 && id != 0) {
                cache::store(at, cache::word(id, cache::MODULE, index));
            }
        }
        return;
    }
    leave_dict(cx, receiver);
    let guard = h.shape_word();
    let name = name.own(cx);
    let name = name.r();
    cx.class_of(receiver).note_in_caches();
    let load = cacheable_load(cx, receiver, name);
    if let Some(CacheableLoad::OfClass { class_id, cell }) = load {
        cache::keep(cx, at, name, cache::OF_CLASS, cache::word(class_id, cache::CLASS_ATTR, cell));
    }
    let Some(word) = word_for_load(guard, load) else { return };
    cache::keep(cx, at, name, 0, word);
}

/// The cache word of a load for objects of a shape, if there is a rule that goes by shape.
pub(in crate::interp) fn word_for_load(guard: u32, load: Option<CacheableLoad>) -> Option<u64> {
    Some(match load? {
        CacheableLoad::Slot { byte_offset } => cache::word(guard, cache::SLOT, byte_offset / 8),
        CacheableLoad::Method { cell } => cache::word(guard, cache::METHOD, cell),
        CacheableLoad::ClassValue { cell } => cache::word(guard, cache::CLASS_VALUE, cell),
        CacheableLoad::Property { cell } => cache::word(guard, cache::PROPERTY, cell),
        CacheableLoad::Computed { cell } => cache::word(guard, cache::COMPUTED, cell),
        CacheableLoad::InDict { cell } => cache::word(guard, cache::IN_DICT, cell.unwrap_or(cache::NO_CELL)),
        CacheableLoad::OfClass { .. } => return None,
    })
}

slow_path! {
    /// A store by a filled cache, under the lock where it is needed; or a miss.
    pub fn store_attr_cached(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let receiver = operand(regs, fa!(word));
        let name = name_of(regs, fc!(word));
        let shape_word = receiver.header().map_or(0, |h| h.shape_word());
        let cached = cache::applicable(&*cx, ip.add(1), name, cache::STORE, shape_word);
        if cache::kind(cached) == cache::IN_DICT
            && shape_word == cached as u32
            && store_in_dict(&*cx, receiver, name, operand(regs, fb!(word)))
        {
            consume(word, regs, cx);
            return resume_at(ip.add(2), regs, cx, t);
        }
        let known = shape_word != 0 && shape_word == cached as u32;
        if known && let Some(old) = store_by_cache(word, regs, cx, receiver, cached) {
            let Value::UNDEF = old else { ungil_gc::fatal("a stored attribute was not handed over") };
            consume(word, regs, cx);
            return resume_at(ip.add(2), regs, cx, t);
        }
        fill_store(&mut *cx, ip.add(1), receiver, name);
        let value = operand(regs, fb!(word)).own(&*cx);
        let result = (*cx).set_attr(receiver, name, value);
        done_unit!(ip, regs, cx, t, result)
    }
}

/// Stores into the dict of an instance that has one; false if there is none yet.
unsafe fn store_in_dict(cx: &Cx, receiver: Ref<'_>, name: Ref<'_>, value: Ref<'_>) -> bool {
    let Some((slot, h)) = dict_slot(cx, receiver).zip(receiver.header()) else { return false };
    let dict = slot.get(h, cx);
    match dict.as_ref().and_then(|d| d.r().downcast::<PyDict>(cx)) {
        Some(dict) if dict.has_only_str() => {
            dict.set_str(cx, name, value.own(cx));
            true
        }
        _ => false,
    }
}

/// `None` if the cache does not apply after all; else what the slot held.
unsafe fn store_by_cache(
    word: u64,
    regs: *mut Value,
    cx: *mut Cx,
    receiver: Ref<'_>,
    cached: u64,
) -> Option<Value> {
    let h = receiver.header()?;
    let cx: &Cx = &*cx;
    let (offset, shape) = match cache::kind(cached) {
        cache::SLOT => (cache::payload(cached) as usize, None),
        cache::TRANSITION => {
            let shape = &*cx.space.shapes.get(cache::payload(cached)).cast::<Shape>();
            let slot = shape.first + shape.names.len() as u32 - 1;
            (shape.byte_offset(slot)? as usize / 8, Some(shape))
        }
        _ => return None,
    };
    let v = take(word, 0x200, regs, fb!(word), cx as *const Cx as *mut Cx);
    let exclusive = cx.is_exclusive(h);
    if !exclusive {
        h.lock.lock(&cx.world);
    }
    let hole = shape.is_some() && h.has_flag(crate::flag::HOLE);
    let applies = h.shape_word() == cached as u32 && !hole;
    let mut out = None;
    if applies {
        ungil_gc::model::publish(h, v.value());
        let slot = receiver.value().ptr().cast::<Slot>().add(offset);
        out = Some((*slot).swap_locked_word(v.value()));
        if let Some(shape) = shape {
            h.set_shape_id(shape.head.id);
        }
    }
    if !exclusive {
        h.lock.unlock(&cx.world);
    }
    match out {
        Some(old) => {
            std::mem::forget(v);
            // What was there is owned by the caller now.
            cx.drop_value(old);
            Some(Value::UNDEF)
        }
        None => {
            // Another thread changed the instance meanwhile: the value goes back to its register.
            let back = std::mem::replace(&mut *regs.add(fb!(word)), v.into_value());
            cx.drop_value(back);
            None
        }
    }
}

unsafe fn fill_store(cx: &mut Cx, at: *const u64, receiver: Ref<'_>, name: Ref<'_>) {
    let Some(h) = receiver.header() else { return };
    leave_dict(cx, receiver);
    let guard = h.shape_word();
    cx.class_of(receiver).note_in_caches();
    let word = match cacheable_store(cx, receiver, name) {
        Some(CacheableStore::Existing { byte_offset }) => cache::word(guard, cache::SLOT, byte_offset / 8),
        Some(CacheableStore::InDict) => cache::word(guard, cache::IN_DICT, cache::NO_CELL),
        Some(CacheableStore::Transition { new_shape_id, .. }) => {
            cache::word(guard, cache::TRANSITION, new_shape_id)
        }
        None => return,
    };
    cache::keep(cx, at, name, cache::STORE, word);
}

slow_unit! {
    pub fn delete_attr(word, regs, cx) {
        cx.del_attr(operand(regs, fa!(word)), name_of(regs, fb!(word)))
    }
}

slow_handler! {
    pub fn load_super_attr(word, regs, cx) {
        let base = fb!(word);
        let parts = [take_temp(regs, base), take_temp(regs, base + 1), take_temp(regs, base + 2)];
        let [Some(global), Some(class), Some(this)] = parts else {
            return Err(cx.runtime_error("super(): empty __class__ cell"));
        };
        super_::load_attr(cx, global.r(), class.r(), this.r(), name_of(regs, fc!(word)))
    }
}
