//! Calls that are not plain, and frames that do not end plainly.

use super::{operand, put, take_temp};
use crate::bind_python;
use crate::class::PyType;
use crate::interp::frame::{ENTRY, Frame, GENERATOR, INIT, OPERATOR};
use crate::interp::resume_at;
use crate::interp::{Exit, Next, Table, cache, unwind};
use crate::objects::dict::PyDict;
use crate::objects::function::PyFunction;
use crate::objects::method::PyBoundMethod;
use crate::objects::native;
use crate::objects::tuple::PyTuple;
use crate::objects::{generator, type_};
use crate::ops::{MethodLookup, binds_plainly};
use crate::prelude::*;
use std::mem::MaybeUninit;
use ungil_bytecode::WINDOW_HEADER;

const FUNCTION: u32 = Builtin::Function as u32;

/// A call under way: what a `Call...` instruction found in its window.
struct Site {
    ip: *const u64,
    regs: *mut Value,
    /// Where the header of the callee's frame goes; arguments follow it.
    window: *mut Value,
    args: usize,
}

impl Site {
    unsafe fn next(&self) -> *const u64 {
        self.ip.add(super::words(*self.ip))
    }

    unsafe fn arg(&self, i: usize) -> *mut Value {
        self.window.add(WINDOW_HEADER + i)
    }

    unsafe fn values(&self) -> &[Value] {
        std::slice::from_raw_parts(self.arg(0), self.args)
    }

    /// Moves the arguments out.
    unsafe fn take_args(&mut self) -> Vec<Obj> {
        let taken = (0..self.args)
            .map(|i| Obj::from_owned(std::mem::replace(&mut *self.arg(i), Value::UNDEF)))
            .collect();
        self.args = 0;
        taken
    }

    /// Drops callee and arguments.
    unsafe fn clear(&self, cx: *mut Cx) {
        for i in (0..self.args).map(|i| WINDOW_HEADER + i).chain([2]) {
            let v = std::mem::replace(&mut *self.window.add(i), Value::UNDEF);
            (*cx).drop_value(v);
        }
    }

    /// Ends a call that needed no frame.
    unsafe fn finish(self, cx: *mut Cx, t: *const Table, result: R) -> Next {
        match result {
            Ok(v) => {
                self.clear(cx);
                let regs = self.regs;
                put(regs, fa!(*self.ip), v, cx);
                if (*cx).is_wanted() {
                    return super::poll::next(self.next(), regs, cx, t);
                }
                resume_at(self.next(), regs, cx, t)
            }
            Err(err) => self.fail(cx, t, err),
        }
    }

    /// Raises instead of calling. Arguments that were moved may lie beyond the frame: they are dropped here.
    unsafe fn fail(self, cx: *mut Cx, t: *const Table, err: Err) -> Next {
        self.clear(cx);
        unwind::raise(self.ip, self.regs, cx, t, err)
    }
}

slow_path! {
    pub fn link(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let code = Frame(regs).code();
        code.linked(&mut *cx);
        let function = Frame(regs).function();
        // It may have been given other code, and the frame a twin of it.
        if std::ptr::eq(function.code(), code) {
            function.entered();
        }
        Next::at(code.entry(), regs)
    }
}

slow_path! {
    pub fn call(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) };
        dispatch_call(site, cx, t, None)
    }
}

/// Not inlined: the call's site is in its frame, which a handler could not leave behind.
#[inline(never)]
unsafe fn call_window_next(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Next {
    enter!(ip, regs, cx);
    dispatch_call(Site { ip, regs, window, args: fc!(*ip) }, cx, t, None)
}

/// Calls what is in the callable slot of `window`: the instruction's own, or the one behind it if a method call turned
/// out to call what an attribute held.
#[inline(never)]
pub unsafe fn call_window(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    follow!(call_window_next(ip, regs, cx, t, window), cx)
}

/// Calls what is in the window's callable slot. `names` names the last arguments.
unsafe fn dispatch_call(site: Site, cx: *mut Cx, t: *const Table, names: Option<Obj>) -> Next {
    if (*cx).is_wanted()
        && let Err(err) = (*cx).safepoint()
    {
        return site.fail(cx, t, err);
    }
    dispatch(site, cx, t, names)
}

/// As [`dispatch_call`], without looking at the check word. The arguments may have moved beyond the caller's
/// registers, where a frame that a native pushes would overwrite them: only frames of this loop may then come on top.
unsafe fn dispatch(site: Site, cx: *mut Cx, t: *const Table, names: Option<Obj>) -> Next {
    let callee = Ref::from_value(*site.window.add(2));
    let id = callee.header().map_or(0, |h| h.shape_id());
    if id == FUNCTION {
        return call_python(site, cx, t, names);
    }
    if id == Builtin::BoundMethod as u32 {
        let payload = callee.cast_unchecked::<PyBoundMethod>();
        let (function, this) = (payload.function.peek(), payload.this.peek());
        if is_function(function) {
            return call_shifted(site, cx, t, names, Ref::from_value(function), Ref::from_value(this));
        }
    } else if let Some(class) = PyType::from_ref(callee, &*cx) {
        return call_class(site, cx, t, class, names);
    } else if id != 0
        && !native::is_native(id)
        && let Some(method) = (*cx).class_of(callee).special(&*cx, Special::Call)
        && is_function(method.value())
    {
        return call_shifted(site, cx, t, names, method, callee);
    } else if native::is_native(id) && searches(callee) {
        crate::finalize::clear_stack();
    }
    call_other(site, cx, t, callee, names)
}

/// # Safety
/// `callee` is a native.
#[inline(always)]
unsafe fn searches(callee: Ref<'_>) -> bool {
    matches!(callee.cast_unchecked::<native::PyNative>().def.f, crate::native::NativeFn::Searching(_))
}

/// Calls what is neither a Python function nor a class. In a frame of its own: what the paths for those leave in theirs
/// would keep classes alive that a collection looks for.
#[inline(never)]
unsafe fn call_other(site: Site, cx: *mut Cx, t: *const Table, callee: Ref<'_>, names: Option<Obj>) -> Next {
    let keys = names.as_ref().and_then(|n| n.downcast::<PyTuple>(&*cx));
    let result = (*cx).call_values(callee, site.values(), keys);
    drop(names);
    site.finish(cx, t, result)
}

#[inline(always)]
unsafe fn is_function(v: Value) -> bool {
    v.is_ptr() && (*v.ptr()).shape_id() == FUNCTION
}

/// Shifts the arguments by one and calls a Python function with `this` in front of them.
unsafe fn call_shifted(
    mut site: Site,
    cx: *mut Cx,
    t: *const Table,
    names: Option<Obj>,
    function: Ref<'_>,
    this: Ref<'_>,
) -> Next {
    if !(*cx).stack.ensure(site.arg(site.args + 2)) {
        let err = (*cx).recursion_error("");
        return site.fail(cx, t, err);
    }
    for i in (0..site.args).rev() {
        *site.arg(i + 1) = *site.arg(i);
    }
    *site.arg(0) = this.own(&*cx).into_value();
    let function = function.own(&*cx).into_value();
    let callee = std::mem::replace(&mut *site.window.add(2), function);
    site.args += 1;
    (*cx).drop_value(callee);
    call_python(site, cx, t, names)
}

/// Pushes the frame of a Python function, sorting the arguments first if need be.
unsafe fn call_python(mut site: Site, cx: *mut Cx, t: *const Table, names: Option<Obj>) -> Next {
    let f = Ref::from_value(*site.window.add(2)).cast_unchecked::<PyFunction>();
    if (*cx).recursion_left.get() <= 0 || !(*cx).stack.ensure(site.arg(f.register_count().max(site.args) + 1))
    {
        let err = (*cx).recursion_error("");
        return site.fail(cx, t, err);
    }
    match sort_args(&mut site, cx, f, names) {
        Ok(args) => push(&site, f, args, 0, cx),
        Err(err) => site.fail(cx, t, err),
    }
}

/// Sorts the arguments into parameters, in place; how many there are.
unsafe fn sort_args(site: &mut Site, cx: *mut Cx, f: &PyFunction, names: Option<Obj>) -> R<usize> {
    if names.is_none() && f.simple_args() == site.args {
        return Ok(site.args);
    }
    let keys = names.as_ref().and_then(|n| n.downcast::<PyTuple>(&*cx));
    if bind_python::sort_in_place(&*cx, f, site.arg(0), site.args, keys) {
        return Ok(f.code().parameter_count());
    }
    // What follows may run Python, which may use the stack beyond the caller's registers.
    let given = site.take_args();
    let sorted = bind_python::bind(&mut *cx, f, Args::of(&given).values(), keys)?;
    let n = sorted.len();
    for (i, v) in sorted.into_iter().enumerate() {
        *site.arg(i) = v.into_value();
    }
    Ok(n)
}

/// Pushes the frame of a function whose arguments are sorted.
unsafe fn push(site: &Site, f: &PyFunction, args: usize, kind: u64, cx: *mut Cx) -> Next {
    let frame = Frame::link(site.window, site.ip, site.regs, kind, site.next());
    (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
    for i in args..f.local_count() {
        *frame.0.add(i) = Value::UNDEF;
    }
    Next::at(f.entry(), frame.0)
}

/// Calls a class: where `__new__` is a plain one and `__init__` a Python function, its frame is pushed here.
unsafe fn call_class(
    site: Site,
    cx: *mut Cx,
    t: *const Table,
    class: &'static PyType,
    names: Option<Obj>,
) -> Next {
    if let Some(init) = type_::plain_init(&*cx, class) {
        type_::keep_plain_init(&*cx, class, init);
        let f = init.cast_unchecked::<PyFunction>();
        let room = site.arg(f.register_count().max(site.args) + 4);
        if (*cx).recursion_left.get() > 0 && (*cx).stack.ensure(room) {
            return call_init(site, cx, t, class, init, names);
        }
    } else if names.is_none() {
        match type_::plain_call(&mut *cx, class, site.values()) {
            Ok(None) => {}
            result => return site.finish(cx, t, result.map(|made| made.unwrap_or_else(|| (*cx).none()))),
        }
    }
    let keys = names.as_ref().and_then(|n| n.downcast::<PyTuple>(&*cx));
    if class.builtin == Builtin::Dict as usize
        && let Some(made) = keys.and_then(|keys| dict_of_names(&*cx, keys, site.values()))
    {
        drop(names);
        return site.finish(cx, t, Ok(made));
    }
    let result = type_::call_class(&mut *cx, class, Args::new(site.values()), keys);
    drop(names);
    site.finish(cx, t, result)
}

/// `dict(name=value, ...)`, if there are no other arguments.
fn dict_of_names(cx: &Cx, keys: &PyTuple, values: &[Value]) -> Option<Obj> {
    let plain = keys.items().iter().all(|key| cx.is_exactly(*key, Builtin::Str));
    if keys.len() != values.len() || !plain {
        return None;
    }
    let made = PyDict::new(cx);
    let dict = made.downcast::<PyDict>(cx)?;
    dict.reserve(cx, keys.len());
    for (key, &value) in keys.items().iter().zip(values) {
        // SAFETY: the window keeps the arguments alive.
        dict.set_str(cx, *key, unsafe { Obj::from_borrowed(value, cx) });
    }
    Some(made)
}

unsafe fn call_init(
    site: Site,
    cx: *mut Cx,
    t: *const Table,
    class: &'static PyType,
    init: Ref<'_>,
    names: Option<Obj>,
) -> Next {
    let named = names.as_ref().and_then(|n| n.downcast::<PyTuple>(&*cx)).map_or(0, |n| n.len());
    let instance = match type_::plain_instance(&mut *cx, class, &site.values()[..site.args - named]) {
        Ok(instance) => instance,
        Err(err) => return site.fail(cx, t, err),
    };
    let f = init.cast_unchecked::<PyFunction>();
    // The window moves up by one: its first word keeps the instance, which is the call's result. The arguments move by
    // two: `self` goes in front of them.
    for i in (0..site.args).rev() {
        *site.arg(i + 2) = *site.arg(i);
    }
    if site.args > 0 {
        // Should the call fail, this word of the inner window's header is a register of the caller again.
        *site.arg(0) = Value::UNDEF;
    }
    let callee = std::mem::replace(&mut *site.window.add(2), Value::UNDEF);
    (*cx).drop_value(callee);
    let mut inner = Site { ip: site.ip, regs: site.regs, window: site.window.add(1), args: site.args + 1 };
    *site.window = instance.r().own(&*cx).into_value();
    *inner.arg(0) = instance.into_value();
    *inner.window.add(2) = init.own(&*cx).into_value();
    match sort_args(&mut inner, cx, f, names) {
        Ok(args) => {
            // Such a frame borrows its function; dropping one that a class resolves `__init__` to does not end it.
            let _ = (*init.value().ptr()).decrement((*cx).mutator());
            push(&inner, f, args, INIT, cx)
        }
        Err(err) => inner.fail(cx, t, err),
    }
}

slow_path! {
    pub fn call_method(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) + 1 };
        match find_method(site, cx) {
            Ok(site) => dispatch_call(site, cx, t, None),
            // The position of the name word is that of the attribute alone.
            Err(err) => unwind::raise(ip.add(1), regs, cx, t, err),
        }
    }
}

/// Puts what a `CallMethod...` calls into the window's callable slot.
unsafe fn find_method(site: Site, cx: *mut Cx) -> R<Site> {
    let receiver = Ref::from_value(*site.arg(0));
    let name = method_name(site.ip, site.regs);
    let cache = site.ip.add(2);
    let shape_word = receiver.header().map_or(0, |h| h.shape_word());
    let cached = cache::applicable(&*cx, cache, name, 0, shape_word);
    if shape_word != 0
        && cached as u32 == shape_word
        && cache::kind(cached) == cache::METHOD
        && let Some(function) = (*cx).vm.cells.get(&*cx, cache::payload(cached))
        && binds_plainly(&*cx, function.r())
    {
        *site.window.add(2) = function.into_value();
        return Ok(site);
    }
    let own = cache::load(cache);
    if cache::kind(own) == cache::MODULE && (*cx).is_exactly(receiver, Builtin::Module) {
        let v = cache::module_value(&*cx, receiver, own);
        if !v.is_undef() {
            let callee = Obj::from_owned(v);
            cache::keep_hub(&*cx, callee.r());
            return Ok(settle(site, cx, MethodLookup::Bound(callee)));
        }
    }
    crate::interp::slow::attr::fill_load(&mut *cx, cache, receiver, name);
    let found = (*cx).lookup_method(receiver, name)?;
    Ok(settle(site, cx, found))
}

unsafe fn method_name<'a>(ip: *const u64, regs: *mut Value) -> Ref<'a> {
    Frame(regs).code().running().names[*ip.add(1) as u32 as usize].get()
}

/// Puts what was looked up into the callable slot. A bound callable takes the receiver's place: the window slides by one.
unsafe fn settle(site: Site, cx: *mut Cx, found: MethodLookup) -> Site {
    match found {
        MethodLookup::Unbound(function) => {
            *site.window.add(2) = function.into_value();
            site
        }
        MethodLookup::Bound(callable) => {
            let receiver = std::mem::replace(&mut *site.arg(0), Value::UNDEF);
            (*cx).drop_value(receiver);
            let slid = Site { window: site.window.add(1), args: site.args - 1, ..site };
            // The names of keyword arguments, if any, move along.
            *slid.window.add(3) = std::mem::replace(&mut *site.window.add(3), Value::UNDEF);
            *slid.window.add(2) = callable.into_value();
            slid
        }
    }
}

slow_path! {
    pub fn call_super(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let mut site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) + 1 };
        if (*site.arg(0)).is_undef() {
            // What was found needs no object: its place is taken by the window's header, which slides.
            let callee = std::mem::replace(&mut *site.window.add(2), Value::UNDEF);
            site.window = site.window.add(1);
            site.args -= 1;
            *site.window.add(2) = callee;
        }
        dispatch_call(site, cx, t, None)
    }
}

slow_path! {
    pub fn call_kw(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) };
        call_named(site, cx, t)
    }
}

slow_path! {
    pub fn call_method_kw(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) + 1 };
        match find_method(site, cx) {
            Ok(site) => call_named(site, cx, t),
            Err(err) => unwind::raise(ip.add(1), regs, cx, t, err),
        }
    }
}

/// Calls with the names of the last arguments in the window's extra slot.
unsafe fn call_named(site: Site, cx: *mut Cx, t: *const Table) -> Next {
    let names = Obj::from_owned(std::mem::replace(&mut *site.window.add(3), Value::UNDEF));
    dispatch_call(site, cx, t, Some(names))
}

slow_path! {
    pub fn call_ex(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        if (*cx).is_wanted() && let Err(err) = (*cx).safepoint() {
            return unwind::raise(ip, regs, cx, t, err);
        }
        let site = Site { ip, regs, window: regs.add(fb!(*ip)), args: 0 };
        if !has_string_keys(&*cx, *site.arg(1)) {
            let err = (*cx).type_error("keywords must be strings");
            return unwind::raise(ip, regs, cx, t, err);
        }
        let callee = Ref::from_value(*site.window.add(2));
        if pushes_frame(&*cx, callee)
            && let Some(next) = call_spread_over_frame(site, cx, t)
        {
            return next;
        }
        let id = callee.header().map_or(0, |h| h.shape_id());
        if id != 0 && native::is_native(id) && searches(callee) {
            crate::finalize::clear_stack();
        }
        call_spread_other(ip, regs, cx, t)
    }
}

/// Calls a Python function whose arguments fit into a frame; `None` if that is left to [`call_spread_other`], and nothing has been
/// done. In a frame of its own: the room for names contains what earlier calls have left there.
#[inline(never)]
unsafe fn call_spread_over_frame(site: Site, cx: *mut Cx, t: *const Table) -> Option<Next> {
    let mut names = Names { count: 0, names: [const { MaybeUninit::uninit() }; Names::MOST] };
    let site = spread_args(site, cx, &mut names)?;
    Some(call_spread(site, cx, t, &names))
}

/// Calls whatever it is with the arguments as a `CallEx` has them. In a frame of its own, as [`call_other`].
#[inline(never)]
unsafe fn call_spread_other(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Next {
    let base = fb!(*ip);
    let parts = (take_temp(regs, base + 2), take_temp(regs, base + 4), take_temp(regs, base + 5));
    let result = match &parts {
        (Some(callee), Some(args), kwargs) => spread_call(&mut *cx, callee.r(), args.r(), kwargs.as_ref()),
        _ => Err((*cx).system_error("malformed call window")),
    };
    drop(parts);
    done!(ip, regs, cx, t, result)
}

/// Whether the keyword arguments of a `CallEx`, if there are any, have strings as names.
unsafe fn has_string_keys(cx: &Cx, kwargs: Value) -> bool {
    if !kwargs.is_ptr() {
        return true;
    }
    let dict = Ref::from_value(kwargs).downcast::<PyDict>(cx);
    dict.is_none_or(|d| d.has_only_str() || d.keys(cx).iter().all(|k| cx.is_instance_of(k.r(), Builtin::Str)))
}

/// Whether a call of the object is the call of a Python function in this loop.
unsafe fn pushes_frame(cx: &Cx, callee: Ref<'_>) -> bool {
    match callee.header().map_or(0, |h| h.shape_id()) {
        FUNCTION => true,
        id if id == Builtin::BoundMethod as u32 => {
            is_function(callee.cast_unchecked::<PyBoundMethod>().function.peek())
        }
        _ => PyType::from_ref(callee, cx).is_some_and(|class| type_::plain_init(cx, class).is_some()),
    }
}

/// The names of the arguments that the dict of a `CallEx` gives. Owned.
struct Names {
    count: usize,
    names: [MaybeUninit<Value>; Names::MOST],
}

impl Names {
    /// More are left to [`spread_call`].
    const MOST: usize = 31;

    fn all(&self) -> &[Ref<'_>] {
        // SAFETY: as many were written; a `Ref` is the word of a value.
        unsafe { std::slice::from_raw_parts(self.names.as_ptr().cast(), self.count) }
    }

    fn drop(&self, cx: &Cx) {
        self.all().iter().for_each(|name| cx.drop_value(name.value()));
    }
}

/// Puts the items of the tuple, and of the dict if there is one, of a `CallEx` in their place as arguments; and the names
/// of the latter. `None`, and nothing is done, if there is no room.
unsafe fn spread_args(mut site: Site, cx: *mut Cx, names: &mut Names) -> Option<Site> {
    let (args, kwargs) = (*site.arg(0), *site.arg(1));
    let items = Ref::from_value(args).downcast::<PyTuple>(&*cx)?.items();
    let kwargs = if kwargs.is_ptr() { Some(Ref::from_value(kwargs).downcast::<PyDict>(&*cx)?) } else { None };
    if !(*cx).stack.ensure(site.arg(items.len() + Names::MOST + 4)) {
        return None;
    }
    let dict = *site.arg(1);
    let first = site.arg(items.len());
    let mut fits = true;
    if let Some(kwargs) = kwargs {
        // The two words that are overwritten here have been read.
        kwargs.visit(&*cx, |name, value| match names.count {
            Names::MOST => fits = false,
            at => {
                names.names[at].write(name.own(&*cx).into_value());
                *first.add(at) = value.own(&*cx).into_value();
                names.count += 1;
            }
        });
    }
    if !fits {
        for at in 0..names.count {
            (*cx).drop_value(*first.add(at));
            *first.add(at) = Value::UNDEF;
        }
        names.drop(&*cx);
        (*site.arg(0), *site.arg(1)) = (args, dict);
        return None;
    }
    if items.len() + names.count < 2 {
        *site.arg(1) = Value::UNDEF;
    }
    if items.is_empty() && names.count == 0 {
        *site.arg(0) = Value::UNDEF;
    }
    for (i, item) in items.iter().enumerate() {
        *site.arg(i) = item.own(&*cx).into_value();
    }
    site.args = items.len() + names.count;
    (*cx).drop_value(args);
    (*cx).drop_value(dict);
    Some(site)
}

/// Calls after [`spread_args`].
unsafe fn call_spread(site: Site, cx: *mut Cx, t: *const Table, names: &Names) -> Next {
    let callee = *site.window.add(2);
    if is_function(callee) {
        let f = Ref::from_value(callee).cast_unchecked::<PyFunction>();
        let top = site.arg(f.register_count().max(site.args) + 1);
        if (*cx).recursion_left.get() > 0
            && (*cx).stack.ensure(top)
            && bind_python::sort_named(&*cx, f, site.arg(0), site.args, names.all())
        {
            names.drop(&*cx);
            return push(&site, f, f.code().parameters.count(), 0, cx);
        }
    }
    let tuple = (names.count != 0).then(|| crate::objects::tuple::new_tuple_of_refs(&*cx, names.all()));
    names.drop(&*cx);
    dispatch(site, cx, t, tuple)
}

/// `callee(*args, **kwargs)`.
fn spread_call(cx: &mut Cx, callee: Ref<'_>, args: Ref<'_>, kwargs: Option<&Obj>) -> R {
    let Some(items) = args.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("argument after * must be a tuple"));
    };
    let items = items.items();
    let Some(kwargs) = kwargs.and_then(|k| k.downcast::<PyDict>(cx)).filter(|k| !k.is_empty()) else {
        return cx.call(callee, items);
    };
    let (mut keys, mut named) = (Vec::with_capacity(kwargs.len()), Vec::with_capacity(kwargs.len()));
    kwargs.visit(cx, |name, value| {
        keys.push(name.own(cx));
        named.push(value.own(cx));
    });
    let keys = cx.tuple(keys);
    let total = items.len() + named.len();
    let parts = items.iter().map(|v| v.value()).chain(named.iter().map(|v| v.value()));
    let mut few = [Value::UNDEF; 8];
    if total > few.len() {
        let values: Vec<Value> = parts.collect();
        return cx.call_values(callee, &values, keys.downcast::<PyTuple>(cx));
    }
    few.iter_mut().zip(parts).for_each(|(to, v)| *to = v);
    cx.call_values(callee, &few[..total], keys.downcast::<PyTuple>(cx))
}

/// The name of a callable for messages: "f()" with its module in front unless it is a builtin (`_PyObject_FunctionStr`).
pub fn callable_name(cx: &mut Cx, f: Ref<'_>) -> String {
    let fallback = |cx: &mut Cx| cx.str_string(f).unwrap_or_default();
    let Ok(Some(qualname)) = cx.get_attr_opt(f, cx.vm.names.qualname.get()) else { return fallback(cx) };
    let qualname = cx.text_of(qualname.r());
    match cx.get_attr_opt(f, cx.vm.names.module.get()) {
        Ok(Some(module)) if !module.value().is_none() => match cx.text_of(module.r()) {
            module if module.is_empty() || module == "builtins" => format!("{qualname}()"),
            module => format!("{module}.{qualname}()"),
        },
        _ => format!("{qualname}()"),
    }
}

slow_handler! {
    pub fn star_args(word, regs, cx) {
        let source = operand(regs, fb!(word));
        if cx.is_exactly(source, Builtin::Tuple) {
            return Ok(source.own(cx));
        }
        let class = cx.class_of(source);
        if class.special(cx, Special::Iter).is_none() && class.special(cx, Special::GetItem).is_none() {
            let (callee, name) = (callable_name(cx, operand(regs, fc!(word))), cx.type_name(source));
            return Err(cx.type_error(format!("{callee} argument after * must be an iterable, not {name}")));
        }
        let items = cx.collect(source)?;
        Ok(cx.tuple(items))
    }
}

/// Ends a frame that is not plain: entered from a native, running `__init__`, a generator's, or with a frame object.
#[inline(never)]
unsafe fn leave_next(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Next {
    let frame = Frame(regs);
    let (kind, call_ip, caller) = (frame.kind(), frame.call_ip(), frame.caller());
    if kind == INIT && v.is_none() && frame.object().is_none() {
        return end_init(frame, cx, t);
    }
    if kind == OPERATOR {
        return super::operator::end(frame, cx, t, Obj::from_owned(v));
    }
    let mut result = Obj::from_owned(v);
    (*cx).regs.set(regs);
    if kind & GENERATOR != 0 {
        return generator::returned(frame, cx, t, result);
    }
    // What returns has no temporaries any more.
    unwind::pop(&mut *cx, frame, frame.code().local_count());
    if kind & INIT != 0 {
        let instance = Obj::from_owned(std::mem::replace(&mut *regs.sub(5), Value::UNDEF));
        if !result.value().is_none() {
            return refuse_init_result(call_ip, caller, cx, t, instance, result);
        }
        type_::learn_layout(&*cx, &instance);
        result = instance;
    }
    if kind & ENTRY != 0 {
        return Next::exit(result.into_value().0);
    }
    put(caller, fa!(*call_ip), result, cx);
    resume_at(call_ip.add(super::words(*call_ip)), caller, cx, t)
}

/// The complaint about an `__init__` that has given something.
#[cold]
#[inline(never)]
pub unsafe fn refuse_init_result(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    instance: Obj,
    result: Obj,
) -> Next {
    let name = (*cx).type_name(result.r());
    enter!(ip, regs, cx);
    let err = (*cx).type_error(format!("__init__() should return None, not '{name}'"));
    drop((result, instance));
    unwind::raise(ip, regs, cx, t, err)
}

/// Ends a plain frame of `__init__` that has given `None`: the call's result is the instance.
unsafe fn end_init(frame: Frame, cx: *mut Cx, t: *const Table) -> Next {
    let (call_ip, caller) = (frame.call_ip(), frame.caller());
    let function = std::mem::replace(&mut *frame.0.sub(2), Value::UNDEF);
    let mut at = frame.0.add(Ref::from_value(function).cast_unchecked::<PyFunction>().local_count());
    while at > frame.0 {
        at = at.sub(1);
        (*cx).drop_value(std::mem::replace(&mut *at, Value::UNDEF));
    }
    (*cx).recursion_left.set((*cx).recursion_left.get() + 1);
    let instance = Obj::from_owned(std::mem::replace(&mut *frame.0.sub(5), Value::UNDEF));
    type_::learn_layout(&*cx, &instance);
    put(caller, fa!(*call_ip), instance, cx);
    resume_at(call_ip.add(super::words(*call_ip)), caller, cx, t)
}

/// See `leave_next`. Inlined into a handler it would give that a stack frame on all its paths.
#[inline(never)]
pub unsafe fn leave(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    follow!(leave_next(regs, cx, t, v), cx)
}

/// A native has raised: drops callable and arguments and goes on at the handler.
#[cold]
#[inline(never)]
unsafe fn native_failed_next(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Next {
    let err = crate::interp::run::take_raised(&mut *cx);
    let op = *ip as u8;
    let is_method = op == ungil_bytecode::Op::CallMethod as u8 || op == ungil_bytecode::Op::CallSuper as u8;
    let window = regs.add(fb!(*ip));
    for i in 2..WINDOW_HEADER + fc!(*ip) + is_method as usize {
        let v = std::mem::replace(&mut *window.add(i), Value::UNDEF);
        (*cx).drop_value(v);
    }
    unwind::raise(ip, regs, cx, t, err)
}

/// See `native_failed_next`.
#[cold]
#[inline(never)]
pub unsafe fn native_failed(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    follow!(native_failed_next(ip, regs, cx, t), cx)
}

/// Goes on ending a plain frame after one of its locals, `dead`, turned out to be one that is not dropped so quickly.
#[inline(never)]
pub unsafe fn leave_destroying<const SOLO: bool>(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    dead: Value,
) -> Exit {
    crate::interp::handlers::end_drop::<SOLO>(dead, cx);
    // The locals before it: they are likely to end here too.
    let function = Ref::from_value(*regs.sub(2)).cast_unchecked::<PyFunction>();
    let mut at = regs.add(function.local_count());
    while at > regs {
        at = at.sub(1);
        let local = *at;
        if local.is_ptr() {
            *at = Value::UNDEF;
            (*cx).drop_value(local);
        }
    }
    if (*cx).has_pending() {
        // What has been queued runs before the caller goes on.
        return leave(regs, cx, t, v);
    }
    crate::interp::handlers::leave_anew(regs, cx, t, v)
}

/// A function whose frame has just ended may be gone too: drops it and what the result register held.
#[inline(never)]
pub unsafe fn function_ended<const SOLO: bool>(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    function: Value,
    old: Value,
) -> Exit {
    crate::interp::handlers::end_drop::<SOLO>(function, cx);
    (*cx).drop_value(old);
    crate::interp::handlers::resume_at(next, regs, cx, t)
}
