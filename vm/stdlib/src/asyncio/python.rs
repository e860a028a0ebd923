//! What the module takes from Python modules, looked up when it is first needed, and calls of methods of loops.

use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::import::import_module;
use ungil_runtime::objects::str::intern;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::ops::MethodLookup;
use ungil_runtime::prelude::*;

/// Something in a Python module.
pub struct Helper {
    module: &'static str,
    name: &'static str,
    known: OnceLock<SharedValue>,
}

impl Helper {
    const fn new(module: &'static str, name: &'static str) -> Helper {
        Helper { module, name, known: OnceLock::new() }
    }

    /// What it is.
    ///
    /// # Errors
    /// What importing raises.
    #[inline]
    pub fn get(&self, cx: &mut Cx) -> R<Ref<'static>> {
        match self.known.get() {
            Some(known) => Ok(known.get()),
            None => self.find(cx),
        }
    }

    #[cold]
    fn find(&self, cx: &mut Cx) -> R<Ref<'static>> {
        let module = import_module(cx, self.module)?;
        let found = cx.get_attr_str(module.r(), self.name)?;
        Ok(self.known.get_or_init(|| SharedValue::new(found)).get())
    }

    /// Calls it.
    ///
    /// # Errors
    /// What importing it and the call raise.
    pub fn call(&self, cx: &mut Cx, args: &[Ref<'_>]) -> R {
        let f = self.get(cx)?;
        cx.call(f, args)
    }

    /// An exception of the class that it is.
    #[cold]
    pub fn error(&self, cx: &mut Cx, message: &str) -> Err {
        match self.get(cx) {
            Ok(class) => cx.error_of(class, message),
            Err(err) => err,
        }
    }
}

pub static CANCELLED_ERROR: Helper = Helper::new("asyncio.exceptions", "CancelledError");
pub static INVALID_STATE: Helper = Helper::new("asyncio.exceptions", "InvalidStateError");
pub static LOOP_POLICY: Helper = Helper::new("asyncio.events", "_get_event_loop_policy");
pub static FUTURE_REPR: Helper = Helper::new("asyncio.base_futures", "_future_repr");
pub static TASK_REPR: Helper = Helper::new("asyncio.base_tasks", "_task_repr");
pub static TASK_STACK: Helper = Helper::new("asyncio.base_tasks", "_task_get_stack");
pub static PRINT_STACK: Helper = Helper::new("asyncio.base_tasks", "_task_print_stack");
pub static IS_COROUTINE: Helper = Helper::new("asyncio.coroutines", "iscoroutine");
pub static EXTRACT_STACK: Helper = Helper::new("traceback", "extract_stack");
pub static WEAK_SET: Helper = Helper::new("weakref", "WeakSet");

/// A name that is interned when it is first needed.
pub struct Name(&'static str, OnceLock<SharedValue>);

impl Name {
    const fn new(text: &'static str) -> Name {
        Name(text, OnceLock::new())
    }

    #[inline]
    pub fn get(&self, cx: &Cx) -> Ref<'static> {
        self.1.get_or_init(|| intern(cx, self.0)).get()
    }
}

pub static CALL_SOON: Name = Name::new("call_soon");
pub static IS_RUNNING: Name = Name::new("is_running");
pub static GET_DEBUG: Name = Name::new("get_debug");
pub static GET_LOOP: Name = Name::new("get_loop");
pub static LOOP: Name = Name::new("_loop");
pub static BLOCKING: Name = Name::new("_asyncio_future_blocking");
pub static ADD_DONE_CALLBACK: Name = Name::new("add_done_callback");
pub static CANCEL: Name = Name::new("cancel");
pub static RESULT: Name = Name::new("result");
pub static NAME: Name = Name::new("name");
pub static NEW_LOOP: Name = Name::new("loop");
pub static NEW_CONTEXT: Name = Name::new("context");
pub static EAGER_START: Name = Name::new("eager_start");
pub static SEND: Name = Name::new("send");
pub static THROW: Name = Name::new("throw");

/// The names of the arguments that a call gives by name.
pub struct Keywords(&'static str, OnceLock<SharedValue>);

pub static CONTEXT: Keywords = Keywords("context", OnceLock::new());
pub static MESSAGE: Keywords = Keywords("msg", OnceLock::new());

impl Keywords {
    fn get(&self, cx: &Cx) -> Option<&'static PyTuple> {
        let made = self.1.get_or_init(|| {
            let name = intern(cx, self.0).get().own(cx);
            SharedValue::new(cx.tuple(vec![name]))
        });
        made.get().downcast::<PyTuple>(cx)
    }
}

/// `obj.name(*args)`, the last one by name if there is one.
///
/// # Errors
/// What the look-up and the call raise.
pub fn call_method(
    cx: &mut Cx,
    obj: Ref<'_>,
    name: &Name,
    args: &[Ref<'_>],
    keywords: Option<&Keywords>,
) -> R {
    let names = keywords.and_then(|keywords| keywords.get(cx));
    let mut all = [Value::UNDEF; 4];
    all[0] = obj.value();
    for (to, arg) in all[1..].iter_mut().zip(args) {
        *to = arg.value();
    }
    let all = &all[..=args.len()];
    match cx.lookup_method(obj, name.get(cx))? {
        MethodLookup::Unbound(f) => cx.call_values(f.r(), all, names),
        MethodLookup::Bound(f) => cx.call_values(f.r(), &all[1..], names),
    }
}

/// Tells a loop to call something, in a context.
///
/// # Errors
/// What the loop raises.
pub fn call_soon(
    cx: &mut Cx,
    event_loop: Ref<'_>,
    callback: Ref<'_>,
    argument: Option<Ref<'_>>,
    context: Option<Ref<'_>>,
) -> R<()> {
    let args = Few::of([Some(callback), argument, context]);
    let keywords = context.is_some().then_some(&CONTEXT);
    call_method(cx, event_loop, &CALL_SOON, args.given(), keywords).map(drop)
}

/// Up to three arguments in a row.
struct Few<'a> {
    items: [Ref<'a>; 3],
    len: usize,
}

impl<'a> Few<'a> {
    fn of(given: [Option<Ref<'a>>; 3]) -> Few<'a> {
        let mut made = Few { items: [Ref::immediate(Value::NONE); 3], len: 0 };
        for v in given.into_iter().flatten() {
            made.items[made.len] = v;
            made.len += 1;
        }
        made
    }

    fn given(&self) -> &[Ref<'a>] {
        &self.items[..self.len]
    }
}
