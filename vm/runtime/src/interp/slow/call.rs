//! Calls that are not plain, and frames that do not end plainly.

use super::{operand, put, take_temp};
use crate::bind_python;
use crate::class::PyType;
use crate::interp::frame::{ENTRY, Frame, GENERATOR, INIT};
use crate::interp::resume_at;
use crate::interp::{Exit, Next, Table, cache, unwind};
use crate::objects::function::PyFunction;
use crate::objects::method::PyBoundMethod;
use crate::objects::native::{self, PyNative};
use crate::objects::tuple::PyTuple;
use crate::objects::{generator, type_};
use crate::ops::{MethodLookup, binds_plainly};
use crate::prelude::*;
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
    pub fn call(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) };
        dispatch_call(site, cx, t)
    }
}

unsafe fn call_window_next(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Next {
    enter!(ip, regs, cx);
    dispatch_call(Site { ip, regs, window, args: fc!(*ip) }, cx, t)
}

/// Calls what is in the callable slot of `window`: the instruction's own, or the one behind it if a method call turned
/// out to call what an attribute held.
pub unsafe fn call_window(
    ip: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    window: *mut Value,
) -> Exit {
    follow!(call_window_next(ip, regs, cx, t, window), cx, t)
}

/// Calls what is in the window's callable slot with positional arguments.
unsafe fn dispatch_call(site: Site, cx: *mut Cx, t: *const Table) -> Next {
    if (*cx).is_wanted()
        && let Err(err) = (*cx).safepoint()
    {
        return site.fail(cx, t, err);
    }
    let callee = *site.window.add(2);
    if !callee.is_ptr() {
        return not_callable(site, cx, t);
    }
    let callee = Ref::from_value(callee);
    let id = (*callee.value().ptr()).shape_id();
    if id == FUNCTION {
        return call_python(site, cx, t, None);
    }
    if native::is_native(id) {
        let native = callee.cast_unchecked::<PyNative>();
        let result = native::call_positional(&mut *cx, native, Args::new(site.values()));
        return site.finish(cx, t, result);
    }
    if id == Builtin::BoundMethod as u32 {
        return call_bound(site, cx, t);
    }
    if let Some(class) = PyType::from_ref(callee, &*cx) {
        return call_class(site, cx, t, class);
    }
    let result = (*cx).call_values(callee, site.values(), None);
    site.finish(cx, t, result)
}

unsafe fn not_callable(site: Site, cx: *mut Cx, t: *const Table) -> Next {
    let callee = Ref::from_value(*site.window.add(2));
    let result = (*cx).call_values(callee, site.values(), None);
    site.finish(cx, t, result)
}

/// Shifts the arguments by one and calls the function behind a bound method.
unsafe fn call_bound(mut site: Site, cx: *mut Cx, t: *const Table) -> Next {
    let bound = Ref::from_value(*site.window.add(2));
    let payload = bound.cast_unchecked::<PyBoundMethod>();
    let (function, this) = (payload.function.peek(), payload.this.peek());
    if !(*cx).stack.ensure(site.arg(site.args + 2)) {
        let err = (*cx).recursion_error("");
        return site.fail(cx, t, err);
    }
    for i in (0..site.args).rev() {
        *site.arg(i + 1) = *site.arg(i);
    }
    *site.arg(0) = Ref::from_value(this).own(&*cx).into_value();
    *site.window.add(2) = Ref::from_value(function).own(&*cx).into_value();
    site.args += 1;
    (*cx).drop_value(bound.value());
    dispatch_call(site, cx, t)
}

/// Pushes the frame of a Python function, sorting the arguments first if need be.
unsafe fn call_python(site: Site, cx: *mut Cx, t: *const Table, names: Option<Obj>) -> Next {
    let f = Ref::from_value(*site.window.add(2)).cast_unchecked::<PyFunction>();
    if (*cx).recursion_left.get() <= 0 || !(*cx).stack.ensure(site.arg(f.register_count().max(site.args) + 1))
    {
        let err = (*cx).recursion_error("");
        return site.fail(cx, t, err);
    }
    let mut args = site.args;
    if names.is_some() || f.simple_args() != args {
        let keys = names.as_ref().and_then(|n| n.downcast::<PyTuple>(&*cx));
        match bind_python::bind(&mut *cx, f, site.values(), keys) {
            Err(err) => {
                drop(names);
                return site.fail(cx, t, err);
            }
            Ok(sorted) => args = replace_args(&site, cx, sorted),
        }
    }
    drop(names);
    push(&site, f, args, cx)
}

/// Pushes the frame of a function whose arguments are sorted.
unsafe fn push(site: &Site, f: &PyFunction, args: usize, cx: *mut Cx) -> Next {
    let frame = Frame::link(site.window, site.ip, site.regs, 0, site.next());
    (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
    for i in args..f.local_count() {
        *frame.0.add(i) = Value::UNDEF;
    }
    Next::at(f.entry(), frame.0)
}

/// Puts sorted arguments in the place of the given ones; their number.
unsafe fn replace_args(site: &Site, cx: *mut Cx, sorted: Vec<Obj>) -> usize {
    for i in 0..site.args {
        let v = std::mem::replace(&mut *site.arg(i), Value::UNDEF);
        (*cx).drop_value(v);
    }
    let n = sorted.len();
    for (i, v) in sorted.into_iter().enumerate() {
        *site.arg(i) = v.into_value();
    }
    n
}

/// Calls a class: where `__new__` is `object`'s and `__init__` a Python function, its frame is pushed here.
unsafe fn call_class(site: Site, cx: *mut Cx, t: *const Table, class: &'static PyType) -> Next {
    if let Some(init) = type_::plain_init(&*cx, class) {
        let f = init.cast_unchecked::<PyFunction>();
        let room = site.arg(f.register_count().max(site.args) + 4);
        if (*cx).recursion_left.get() > 0 && (*cx).stack.ensure(room) {
            return call_init(site, cx, t, class, init);
        }
    }
    let result = type_::call_class(&mut *cx, class, Args::new(site.values()), None);
    site.finish(cx, t, result)
}

unsafe fn call_init(site: Site, cx: *mut Cx, t: *const Table, class: &'static PyType, init: Ref<'_>) -> Next {
    let instance = match type_::plain_instance(&mut *cx, class, site.values()) {
        Ok(instance) => instance,
        Err(err) => return site.fail(cx, t, err),
    };
    let f = init.cast_unchecked::<PyFunction>();
    // The window moves up by one: its first word keeps the instance, which is the call's result. The arguments move by
    // two: `self` goes in front of them.
    for i in (0..site.args).rev() {
        *site.arg(i + 2) = *site.arg(i);
    }
    let callee = std::mem::replace(&mut *site.window.add(2), Value::UNDEF);
    (*cx).drop_value(callee);
    let inner = Site { ip: site.ip, regs: site.regs, window: site.window.add(1), args: site.args + 1 };
    *site.window = instance.r().own(&*cx).into_value();
    *inner.arg(0) = instance.into_value();
    *inner.window.add(2) = init.own(&*cx).into_value();
    let mut args = inner.args;
    if f.simple_args() != args {
        match bind_python::bind(&mut *cx, f, inner.values(), None) {
            Err(err) => return inner.fail(cx, t, err),
            Ok(sorted) => args = replace_args(&inner, cx, sorted),
        }
    }
    let frame = Frame::link(inner.window, inner.ip, inner.regs, INIT, inner.next());
    (*cx).recursion_left.set((*cx).recursion_left.get() - 1);
    for i in args..f.local_count() {
        *frame.0.add(i) = Value::UNDEF;
    }
    Next::at(f.entry(), frame.0)
}

slow_path! {
    pub fn call_method(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let word = *ip;
        let site = Site { ip, regs, window: regs.add(fb!(word)), args: fc!(word) + 1 };
        let receiver = Ref::from_value(*site.arg(0));
        let name = method_name(ip, regs);
        let shape_word = receiver.header().map_or(0, |h| h.shape_word());
        let cached = cache::applicable(&*cx, ip.add(2), name, 0, shape_word);
        if let Some(h) = receiver.header()
            && cached as u32 == h.shape_word()
            && cache::kind(cached) == cache::METHOD
            && let Some(function) = (*cx).vm.cells.get(&*cx, cache::payload(cached))
            && binds_plainly(&*cx, function.r())
        {
            *site.window.add(2) = function.into_value();
            return dispatch_call(site, cx, t);
        }
        crate::interp::slow::attr::fill_load(&mut *cx, ip.add(2), receiver, name);
        match (*cx).lookup_method(receiver, name) {
            Ok(found) => call_found(site, cx, t, found),
            // The position of the name word is that of the attribute alone.
            Err(err) => unwind::raise(ip.add(1), regs, cx, t, err),
        }
    }
}

unsafe fn method_name<'a>(ip: *const u64, regs: *mut Value) -> Ref<'a> {
    Frame(regs).code().names[*ip.add(1) as u32 as usize].get()
}

/// Goes on with a call whose callable has been looked up: with the receiver as first argument, or without it.
unsafe fn call_found(site: Site, cx: *mut Cx, t: *const Table, found: MethodLookup) -> Next {
    dispatch_call(settle(site, cx, found), cx, t)
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
        let receiver = Ref::from_value(*site.arg(0));
        match (*cx).lookup_method(receiver, method_name(ip, regs)) {
            Ok(found) => call_named(settle(site, cx, found), cx, t),
            Err(err) => unwind::raise(ip.add(1), regs, cx, t, err),
        }
    }
}

/// Calls with the names of the last arguments in the window's extra slot.
unsafe fn call_named(site: Site, cx: *mut Cx, t: *const Table) -> Next {
    let names = Obj::from_owned(std::mem::replace(&mut *site.window.add(3), Value::UNDEF));
    let callee = Ref::from_value(*site.window.add(2));
    if callee.header().is_some_and(|h| h.shape_id() == FUNCTION) {
        return call_python(site, cx, t, Some(names));
    }
    let result = (*cx).call_values(callee, site.values(), names.downcast::<PyTuple>(&*cx));
    drop(names);
    site.finish(cx, t, result)
}

slow_path! {
    pub fn call_ex(ip, regs, cx, t) {
        enter!(ip, regs, cx);
        let base = fb!(*ip);
        let parts = (take_temp(regs, base + 2), take_temp(regs, base + 4), take_temp(regs, base + 5));
        let result = match &parts {
            (Some(callee), Some(args), kwargs) => spread_call(&mut *cx, callee.r(), args.r(), kwargs.as_ref()),
            _ => Err((*cx).system_error("malformed call window")),
        };
        drop(parts);
        done!(ip, regs, cx, t, result)
    }
}

/// `callee(*args, **kwargs)`.
fn spread_call(cx: &mut Cx, callee: Ref<'_>, args: Ref<'_>, kwargs: Option<&Obj>) -> R {
    let Some(items) = args.downcast::<PyTuple>(cx) else {
        return Err(cx.type_error("argument after * must be a tuple"));
    };
    let mut values: Vec<Value> = items.items().iter().map(|v| v.value()).collect();
    let Some(kwargs) =
        kwargs.and_then(|k| k.downcast::<crate::objects::dict::PyDict>(cx)).filter(|k| !k.is_empty())
    else {
        return cx.call_values(callee, &values, None);
    };
    let (keys, named): (Vec<Obj>, Vec<Obj>) = kwargs.items(cx).into_iter().unzip();
    values.extend(named.iter().map(|v| v.value()));
    let keys = cx.tuple(keys);
    cx.call_values(callee, &values, keys.downcast::<PyTuple>(cx))
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
    let mut result = Obj::from_owned(v);
    (*cx).regs.set(regs);
    if kind & GENERATOR != 0 {
        return generator::returned(frame, cx, t, result);
    }
    unwind::pop(&mut *cx, frame);
    if kind & INIT != 0 {
        let instance = Obj::from_owned(std::mem::replace(&mut *regs.sub(5), Value::UNDEF));
        if !result.value().is_none() {
            let name = (*cx).type_name(result.r());
            enter!(call_ip, caller, cx);
            let err = (*cx).type_error(format!("__init__() should return None, not '{name}'"));
            drop((result, instance));
            return unwind::raise(call_ip, caller, cx, t, err);
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

/// See `leave_next`.
pub unsafe fn leave(regs: *mut Value, cx: *mut Cx, t: *const Table, v: Value) -> Exit {
    follow!(leave_next(regs, cx, t, v), cx, t)
}

/// A native has raised: drops callable and arguments and goes on at the handler.
#[cold]
#[inline(never)]
unsafe fn native_failed_next(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Next {
    let err = crate::interp::run::take_raised(&mut *cx);
    let is_method = *ip as u8 == ungil_bytecode::Op::CallMethod as u8;
    let window = regs.add(fb!(*ip));
    for i in 2..WINDOW_HEADER + fc!(*ip) + is_method as usize {
        let v = std::mem::replace(&mut *window.add(i), Value::UNDEF);
        (*cx).drop_value(v);
    }
    unwind::raise(ip, regs, cx, t, err)
}

/// See `native_failed_next`.
pub unsafe fn native_failed(ip: *const u64, regs: *mut Value, cx: *mut Cx, t: *const Table) -> Exit {
    follow!(native_failed_next(ip, regs, cx, t), cx, t)
}

/// Goes on ending a plain frame after one of its locals turned out to be the last reference to `dead`.
#[cold]
#[inline(never)]
pub unsafe fn leave_destroying(
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    v: Value,
    dead: Value,
) -> Exit {
    (*cx).mutator().destroy(dead.ptr());
    leave(regs, cx, t, v)
}

/// A function whose frame has just ended is gone too: destroys it and what the result register held.
#[cold]
#[inline(never)]
pub unsafe fn function_ended(
    next: *const u64,
    regs: *mut Value,
    cx: *mut Cx,
    t: *const Table,
    function: Value,
    old: Value,
) -> Exit {
    (*cx).mutator().destroy(function.ptr());
    (*cx).drop_value(old);
    crate::interp::handlers::resume_at(next, regs, cx, t)
}
