//! Attribute look-up along the MRO, special methods, and invalidation when a class changes.

use crate::class::{ABSENT, PyType, Shape};
use crate::names::Special;
use crate::objects::str::PyStr;
use crate::objects::type_::has_base;
use crate::{Cx, Obj, R, Ref, RefExt, Value};
use ungil_locks::primitive::{AtomicBool, Ordering};

/// Stands among the slot names for whatever caches know: no string has this address.
const ANY_NAME: usize = 0;

/// Whether a class with a `__del__` has been made.
static ANY_HAS_DEL: AtomicBool = AtomicBool::new(false);

/// Whether a class with a `__tp_del__` has been made.
static ANY_HAS_TP_DEL: AtomicBool = AtomicBool::new(false);

/// Whether there has been a call of [`PyType::ends_in_the_old_way`].
pub fn any_has_tp_del() -> bool {
    // ORD: as for `any_has_del`; what is collected has been made after the class.
    ANY_HAS_TP_DEL.load(Ordering::Relaxed)
}

/// Whether any class has, or has had, a `__del__`.
pub fn any_has_del() -> bool {
    // ORD: as where it is set.
    ANY_HAS_DEL.load(Ordering::Relaxed)
}

impl PyType {
    /// The attribute found along the MRO, without binding it. `name` is an interned string.
    pub fn lookup(&self, cx: &Cx, name: Ref<'_>) -> Option<Obj> {
        let Some(index) = self.cell(cx, name) else { return self.lookup_uncached(cx, name) };
        if let Some(found) = cx.vm.cells.get(cx, index) {
            return Some(found);
        }
        if cx.vm.cells.is_absent(index) {
            return None;
        }
        // Resolving and entering are one step for whoever changes the class: it empties the cell under this mutex
        // after its change, and drops the old value later still.
        let guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let found = self.lookup_uncached(cx, name);
        cx.vm.cells.set(cx, index, found.as_ref().map_or(ABSENT, |found| found.value()));
        drop(guard);
        found
    }

    /// What `super(behind, ...)` finds for an instance of this class, unbound, and the cell that holds it.
    pub(crate) fn lookup_behind(&self, cx: &Cx, behind: &PyType, name: Ref<'_>) -> Option<(Obj, u32)> {
        let key = (behind as *const PyType as usize, name.value().0 as usize);
        // As in `lookup`: finding and entering are one step.
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let rest = self.mro().iter().skip_while(|c| !std::ptr::eq(**c, behind)).skip(1);
        let found = rest.into_iter().find_map(|class| class.dict(cx).get_str(cx, name))?;
        let mut known = self.behind.lock().unwrap_or_else(|p| p.into_inner());
        let known = known.get_or_insert_default();
        let index = match known.iter().find(|&&(class, name, _)| (class, name) == key) {
            Some(&(_, _, index)) => index,
            None => {
                let index = cx.vm.cells.add(Value::UNDEF)?;
                known.push((key.0, key.1, index));
                index
            }
        };
        cx.vm.cells.set(cx, index, found.value());
        Some((found, index))
    }

    /// As [`PyType::lookup`], by walking the MRO.
    pub fn lookup_uncached(&self, cx: &Cx, name: Ref<'_>) -> Option<Obj> {
        self.mro().iter().find_map(|class| class.dict(cx).get_str(cx, name))
    }

    /// The class of the MRO whose dict has the name, and the value there.
    pub fn lookup_where(&self, cx: &Cx, name: Ref<'_>) -> Option<(&'static PyType, Obj)> {
        self.mro().iter().find_map(|&class| Some((class, class.dict(cx).get_str(cx, name)?)))
    }

    /// The cell for a name resolved through this class, made if there is none. `None` if the name is not interned or
    /// there is no such attribute now and no cell.
    pub fn cell(&self, cx: &Cx, name: Ref<'_>) -> Option<u32> {
        let key = name.value().0 as usize;
        if !name.header()?.has_flag(crate::flag::INTERNED) {
            return None;
        }
        if let Some(index) = cx.recent_cell(self, key) {
            return Some(index);
        }
        let mut cells = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let index = match cells.get(&key) {
            Some(&index) => index,
            None => {
                let index = cx.vm.cells.add(Value::UNDEF)?;
                cells.insert(key, index);
                index
            }
        };
        cx.keep_recent_cell(self, key, index);
        Some(index)
    }

    /// The special method found on the class, borrowed; `None` if there is none. A method set to `None` in Python
    /// is given as `Value::NONE`.
    #[inline]
    pub fn special(&self, cx: &Cx, which: Special) -> Option<Ref<'static>> {
        // ORD: relaxed; what is found was made before the class was shared or is resolved again.
        let v = Value(self.specials[which as usize].load(Ordering::Relaxed));
        match v {
            Value::UNDEF => self.special_slow(cx, which),
            Value::NONE => None,
            Value::ELLIPSIS => Some(Ref::immediate(Value::NONE)),
            // SAFETY: special methods found on classes are made hubs when they are entered here, and the collector keeps what
            // natives know.
            v => Some(unsafe { Ref::from_value(v) }),
        }
    }

    #[cold]
    #[inline(never)]
    fn special_slow(&self, cx: &Cx, which: Special) -> Option<Ref<'static>> {
        let name = cx.special_name(which);
        // As in `lookup`: nobody can change the class between the look-up and the entry unseen.
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let found = self.lookup_uncached(cx, name);
        let word = match &found {
            None => Value::NONE,
            Some(v) if v.value().is_none() => Value::ELLIPSIS,
            Some(v) => {
                // Readers hold the table's entry without counting it, so what it held must outlive any of them.
                if let Some(h) = v.r().header() {
                    h.make_hub(&cx.space);
                }
                v.value()
            }
        };
        // ORD: release; pairs with nothing stronger than the relaxed load since the object is older than the class's sharing.
        self.specials[which as usize].store(word.0, Ordering::Release);
        match word {
            Value::NONE => None,
            Value::ELLIPSIS => Some(Ref::immediate(Value::NONE)),
            // SAFETY: made a hub above.
            v => Some(unsafe { Ref::from_value(v) }),
        }
    }

    /// See [`PyType::plain_init`]: the function, borrowed, or `UNDEF`.
    #[inline(always)]
    pub fn plain_init(&self) -> Value {
        // ORD: relaxed, as in `special`.
        Value(self.plain_init.load(Ordering::Relaxed))
    }

    /// Keeps what `__init__` resolves to for [`PyType::plain_init`], unless the class has changed since the caller, to whom
    /// `__new__` resolved to `new`, found that calling the class means no more than that.
    pub fn keep_plain_init(&self, new: Ref<'_>, init: Ref<'_>) {
        // Whoever changes the class clears all of this under the same mutex.
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let resolved = |which: Special, to: Ref<'_>| {
            // ORD: relaxed; stored under the mutex.
            self.specials[which as usize].load(Ordering::Relaxed) == to.value().0
        };
        if resolved(Special::New, new)
            && resolved(Special::Init, init)
            && !self.has_flag(crate::class::class_flag::ABSTRACT)
        {
            // ORD: as in `special_slow`.
            self.plain_init.store(init.value().0, Ordering::Release);
        }
    }

    /// Forgets what [`PyType::keep_plain_init`] kept: what it depends on has changed.
    pub fn forget_plain_init(&self) {
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        // ORD: as in `forget_specials`.
        self.plain_init.store(Value::UNDEF.0, Ordering::Release);
    }

    /// Whether the class resolves the special method to exactly what `other` resolves it to.
    pub fn same_special(&self, cx: &Cx, other: &PyType, which: Special) -> bool {
        match (self.special(cx, which), other.special(cx, which)) {
            (Some(a), Some(b)) => a.is(b),
            (None, None) => true,
            _ => false,
        }
    }

    /// Sets an attribute in the class's own dict (no metaclass hooks, no check for immutability).
    ///
    /// # Errors
    /// What the dict raises.
    pub fn set_attr(&self, cx: &mut Cx, name: Ref<'_>, value: Obj) -> R<()> {
        let key = name.own(cx);
        // Cells borrow from the dict: what they may still hold must outlive the last invalidation.
        let old = self.dict(cx).get_str(cx, name);
        if cx.owns_everything() || name.downcast::<PyStr>(cx).is_none() {
            self.dict(cx).set(cx, key, value)?;
        } else {
            self.while_unresolved(cx, name, || self.dict(cx).set_str(cx, name, value));
        }
        self.changed(cx, name);
        drop(old);
        Ok(())
    }

    /// Deletes an attribute of the class's own dict; whether it was there.
    ///
    /// # Errors
    /// What the dict raises.
    pub fn delete_attr(&self, cx: &mut Cx, name: Ref<'_>) -> R<bool> {
        let old = match cx.owns_everything() || name.downcast::<PyStr>(cx).is_none() {
            true => self.dict(cx).remove(cx, name)?,
            false => self.while_unresolved(cx, name, || self.dict(cx).remove_str(cx, name)),
        };
        self.changed(cx, name);
        Ok(old.is_some())
    }

    /// Makes a change while no cell of the name, here or in subclasses, is filled or can be: otherwise a thread could find
    /// the new value through one class and then the old one in the cell of another. `change` runs no Python and meets no
    /// safepoint. A subclass that is made meanwhile is met by [`PyType::changed`].
    fn while_unresolved<T>(&self, cx: &Cx, name: Ref<'_>, change: impl FnOnce() -> T) -> T {
        let mut classes: Vec<&PyType> = Vec::new();
        let mut found: Vec<&PyType> = vec![self];
        while let Some(class) = found.pop() {
            if !classes.iter().any(|&known| std::ptr::eq(known, class)) {
                classes.push(class);
                found.extend(class.dependents());
            }
        }
        // In the order of their addresses, as everybody who takes several.
        classes.sort_by_key(|&class| class as *const PyType as usize);
        let key = name.value().0 as usize;
        let guards: Vec<_> =
            classes.iter().map(|class| class.cells.lock().unwrap_or_else(|p| p.into_inner())).collect();
        for (class, guard) in classes.iter().zip(&guards) {
            if let Some(&index) = guard.get(&key) {
                cx.vm.cells.set(cx, index, Value::UNDEF);
            }
            class.empty_behind(cx, |name| name == key);
        }
        change()
    }

    /// Empties the cells of the name in this class and its subclasses. Called after the dict has changed and before
    /// the old value is dropped.
    fn invalidate(&self, cx: &Cx, name: Ref<'_>) {
        let key = name.value().0 as usize;
        let guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        if let Some(&index) = guard.get(&key) {
            cx.vm.cells.set(cx, index, Value::UNDEF);
        }
        self.empty_behind(cx, |name| name == key);
        drop(guard);
        for subclass in self.dependents() {
            subclass.invalidate(cx, name);
        }
    }

    /// Empties the cells of `super` look-ups whose name is meant.
    fn empty_behind(&self, cx: &Cx, is_meant: impl Fn(usize) -> bool) {
        let known = self.behind.lock().unwrap_or_else(|p| p.into_inner());
        for &(_, _, index) in
            known.iter().flat_map(|known| known.iter()).filter(|&&(_, name, _)| is_meant(name))
        {
            cx.vm.cells.set(cx, index, Value::UNDEF);
        }
    }

    fn changed(&self, cx: &Cx, name: Ref<'_>) {
        if name.is(cx.special_name(Special::Del)) {
            self.refresh_has_del(cx);
        }
        self.invalidate(cx, name);
        // Only names of special methods begin so.
        if name.downcast::<PyStr>(cx).is_none_or(|text| text.as_bytes().starts_with(b"__")) {
            self.forget_specials();
        }
        crate::interp::cache::class_changed(cx, self, name);
    }

    /// From now on the class's `__tp_del__` is called whenever an instance is about to end. Instances in cycles are not
    /// collected: nobody knows which one to call first.
    pub fn ends_in_the_old_way(&self) {
        self.set_flag(crate::class::class_flag::HAS_TP_DEL);
        Shape::ask_finalizers(self);
        // ORD: relaxed; asked after instances have been made.
        ANY_HAS_TP_DEL.store(true, Ordering::Relaxed);
    }

    /// Sets or clears the flag that instances need a finalizer, here and in subclasses.
    pub fn refresh_has_del(&self, cx: &Cx) {
        match self.lookup_uncached(cx, cx.special_name(Special::Del)).is_some() {
            true => {
                let known = self.has_flag(crate::class::class_flag::HAS_DEL);
                self.set_flag(crate::class::class_flag::HAS_DEL);
                if !known {
                    Shape::ask_finalizers(self);
                }
                // ORD: relaxed; asked at the end of the program.
                ANY_HAS_DEL.store(true, Ordering::Relaxed);
            }
            false => self.clear_flag(crate::class::class_flag::HAS_DEL),
        }
        for subclass in self.dependents() {
            subclass.refresh_has_del(cx);
        }
    }

    /// Resolves special methods anew, here and in subclasses.
    pub fn forget_specials(&self) {
        let guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        for special in &self.specials {
            // ORD: release; a reader that still sees the old method acts as if it had come earlier.
            special.store(Value::UNDEF.0, Ordering::Release);
        }
        self.plain_init.store(Value::UNDEF.0, Ordering::Release);
        drop(guard);
        for subclass in self.dependents() {
            subclass.forget_specials();
        }
    }

    /// Everything resolved through this class is resolved anew (its MRO has changed).
    pub fn forget_everything(&self, cx: &Cx) {
        let guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        for &index in guard.values() {
            cx.vm.cells.set(cx, index, Value::UNDEF);
        }
        self.empty_behind(cx, |_| true);
        for special in &self.specials {
            // ORD: as in `forget_specials`.
            special.store(Value::UNDEF.0, Ordering::Release);
        }
        self.plain_init.store(Value::UNDEF.0, Ordering::Release);
        drop(guard);
        for subclass in self.dependents() {
            subclass.forget_everything(cx);
        }
    }

    /// Keeps in mind that caches may know the name as that of a slot of instances: by shape, or (`member`) one of
    /// `__slots__`.
    pub(crate) fn note_slot_name(&self, name: usize, member: bool) {
        let name = name + member as usize;
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let mut names = self.slot_names.lock().unwrap_or_else(|p| p.into_inner());
        if !names.contains(&name) {
            names.push(name);
        }
    }

    /// Whether the name has been noted for this class or a subclass.
    pub(crate) fn has_slot_name(&self, name: usize, member: bool) -> bool {
        let guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        let names = self.slot_names.lock().unwrap_or_else(|p| p.into_inner());
        let known = names.contains(&(name + member as usize));
        drop((names, guard));
        known || self.dependents().iter().any(|class| class.has_slot_name(name, member))
    }

    /// Keeps in mind that caches may know shapes of instances. To be called before asking whether the class lets attributes
    /// be cached: a change that comes between is seen by one of the two.
    pub(crate) fn note_in_caches(&self) {
        // ORD: acquire and release: who finds it noted sees the class as it was when that was done, or later.
        if !self.in_caches.load(Ordering::Acquire) {
            self.note_slot_name(ANY_NAME, false);
            self.in_caches.store(true, Ordering::Release);
        }
    }

    /// Whether caches may know shapes of instances of this class or of a subclass.
    pub(crate) fn is_in_caches(&self) -> bool {
        self.has_slot_name(ANY_NAME, false)
    }

    /// As [`PyType::lookup_uncached`], in one step: a change of the class whose invalidation has not taken the mutex yet
    /// will see the names noted before this.
    pub(crate) fn lookup_again(&self, cx: &Cx, name: Ref<'_>) -> Option<Obj> {
        let _guard = self.cells.lock().unwrap_or_else(|p| p.into_inner());
        self.lookup_uncached(cx, name)
    }

    /// The classes that resolve attributes through this one and must hear of its changes.
    fn dependents(&self) -> Vec<&'static PyType> {
        let subclasses = self.subclasses.lock().unwrap_or_else(|p| p.into_inner());
        let strangers = self.strangers.lock().unwrap_or_else(|p| p.into_inner());
        let strangers = strangers.as_deref().map_or(&[][..], Vec::as_slice);
        // Most classes have none, and builtin ones are asked for each of their methods when the program starts.
        if subclasses.is_empty() && strangers.is_empty() {
            return Vec::new();
        }
        subclasses.iter().chain(strangers.iter()).copied().collect()
    }

    /// Notes in each class of an order that a metaclass has given that this class has it in its MRO.
    ///
    /// Classes that are its bases hear of it as a subclass; one that derives from it would make a circle, and is not told.
    pub(crate) fn note_in_order(&'static self, order: &[&'static PyType], cx: &Cx) {
        for &other in order {
            // From below it is a few classes; what a class reaches, `object` among them, is most that there are.
            if std::ptr::eq(other, self) || has_base(cx, self, other) {
                continue;
            }
            let is_known = reaches(other, self) || other.is_subclass(self, cx) || reaches(self, other);
            if !is_known {
                let mut strangers = other.strangers.lock().unwrap_or_else(|p| p.into_inner());
                strangers.get_or_insert_default().push(self);
            }
        }
    }

    /// `__subclasses__()`.
    pub fn direct_subclasses(&self) -> Vec<&'static PyType> {
        self.subclasses.lock().unwrap_or_else(|p| p.into_inner()).clone()
    }
}

/// Whether changes of a class are told to another.
fn reaches(from: &'static PyType, to: &'static PyType) -> bool {
    let (mut seen, mut todo) = (vec![from], vec![from]);
    while let Some(class) = todo.pop() {
        if std::ptr::eq(class, to) {
            return true;
        }
        for next in class.dependents() {
            if !seen.iter().any(|&known| std::ptr::eq(known, next)) {
                seen.push(next);
                todo.push(next);
            }
        }
    }
    false
}
