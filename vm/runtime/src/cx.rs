//! `Cx`, the context of a thread that runs Python, and `Vm`, what all threads of the interpreter share.
//!
//! A `Cx` is not `Send`. What runs Python, meets a safepoint or detaches takes `&mut Cx`; what merely looks at
//! objects takes `&Cx`. Natives get one as their first argument and pass it on.

use crate::class::{Builtin, CellTable, PyType};
use crate::names::Names;
use crate::objects::dict::PyDict;
use crate::{Err, Obj, R, Ref, RefExt, Value};
use std::cell::Cell;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use ungil_gc::{Mutator, Space};
use ungil_locks::World;
use ungil_locks::primitive::{AtomicPtr, AtomicUsize, Mutex, Ordering};

/// What all threads share. Made once per process, never freed.
pub struct Vm {
    pub world: Arc<World>,
    pub space: Arc<Space>,
    /// Interned strings that the VM itself uses.
    pub names: LateNames,
    pub(crate) types: [AtomicPtr<PyType>; Builtin::COUNT],
    /// Resolved class attributes, by the index that inline caches hold.
    pub cells: CellTable,
    /// Held by who fills the caches of a `LoadGlobal`.
    pub(crate) filling: Mutex<()>,
    pub(crate) interned: crate::objects::str::InternTable,
    /// `sys.modules`.
    pub modules: OnceLock<SharedValue>,
    /// The dict of `builtins`.
    pub builtins: OnceLock<SharedValue>,
    /// The builtins named by [`ungil_bytecode::CONSUMERS`].
    pub consumers: OnceLock<[SharedValue; ungil_bytecode::CONSUMERS.len()]>,
    /// The dict of `sys`.
    pub sys: OnceLock<SharedValue>,
    /// Natives that modules register: name and initialiser.
    pub native_modules: Mutex<Vec<(&'static str, NativeModuleInit)>>,
    pub recursion_limit: AtomicUsize,
    /// Most digits that decimal texts of ints may have (`sys.set_int_max_str_digits`); 0 for any number.
    pub int_max_str_digits: AtomicUsize,
    /// Command line, options and paths that the program was started with.
    pub config: Config,
    /// Where modules keep state that lives as long as the process.
    pub module_state: Mutex<std::collections::HashMap<&'static str, SharedValue>>,
    pub hash_seed: (u64, u64),
    /// Modules being loaded, by the thread that loads them.
    pub(crate) importing: Mutex<std::collections::HashMap<String, u64>>,
    /// Which module a thread waits for.
    pub(crate) import_waits: Mutex<std::collections::HashMap<u64, String>>,
    /// The VM's own `__import__`.
    pub standard_import: OnceLock<SharedValue>,
    /// What native modules hook into the VM.
    pub hooks: Hooks,
    /// The contexts of all threads, with the numbers by which Python knows the threads.
    pub(crate) contexts: Mutex<Vec<ContextEntry>>,
    pub(crate) async_exceptions: crate::thread_state::AsyncExceptions,
    /// What `sys.monitoring` is to be told.
    pub monitoring: crate::interp::tracing::Monitoring,
    /// Times that all inline caches were emptied.
    pub(crate) cache_flushes: ungil_locks::primitive::AtomicU32,
    /// What is known about collections of cyclic garbage.
    pub collections: crate::collection::Collections,
}

/// See [`Vm::contexts`]. The context is there as long as the entry is.
pub(crate) struct ContextEntry {
    pub(crate) ident: u64,
    pub(crate) cx: *const Cx,
}

// SAFETY: the context is looked at by other threads only while the world is stopped.
unsafe impl Send for ContextEntry {}

impl Vm {
    /// Where every thread is: the registers of its innermost frame, and the instruction. The world is stopped.
    pub(crate) fn positions_stw(&self) -> Vec<(*mut Value, *const u64)> {
        let contexts = self.contexts.lock().unwrap_or_else(|p| p.into_inner());
        // SAFETY: the entry is there, so the context is; its thread stands still, or has not attached.
        contexts.iter().map(|entry| unsafe { (*entry.cx).position() }).collect()
    }

    /// In the child of a fork: only the context of the calling thread is left.
    pub fn forget_other_contexts(&self, me: &Cx) {
        // The mutex may have been held by a thread that does not exist here; then the list is as it was.
        if let Ok(mut contexts) = self.contexts.try_lock() {
            contexts.retain(|entry| std::ptr::eq(entry.cx, me));
        }
        self.space.mutators.forget_others(me);
    }
}

/// The VM's interned names: made right after the VM itself, read everywhere.
#[derive(Default)]
pub struct LateNames(OnceLock<Names>);

impl LateNames {
    /// Sets them, once.
    pub(crate) fn set(&self, names: Names) {
        if self.0.set(names).is_err() {
            ungil_gc::fatal("the VM was booted twice");
        }
    }
}

impl Deref for LateNames {
    type Target = Names;

    #[inline(always)]
    fn deref(&self) -> &Names {
        match self.0.get() {
            Some(names) => names,
            None => ungil_gc::fatal("a name was used before start-up"),
        }
    }
}

/// See [`Vm::hooks`].
#[derive(Default)]
pub struct Hooks {
    /// Runs the Python handlers of signals that have arrived.
    pub signal: OnceLock<fn(&mut Cx) -> R<()>>,
    /// Writes generalised UTF-8 to a stream for `print`; without a text it is only asked. False if the stream is of another
    /// kind than it knows, whose method is to be called.
    pub write_text: OnceLock<WriteText>,
    /// Makes `ast` objects of a syntax tree.
    pub tree_objects: OnceLock<fn(&mut Cx, &ungil_compiler::Node) -> R>,
    /// `pow(a, b, c)` where only `c` may know how; none if it does not.
    pub power_by_modulus: OnceLock<PowerByModulus>,
    /// The syntax tree of `ast` objects; none of another object.
    pub take_tree: OnceLock<TakeTree>,
}

/// See [`Hooks::power_by_modulus`].
pub type PowerByModulus = fn(&mut Cx, Ref<'_>, Ref<'_>, Ref<'_>) -> R<Option<Obj>>;

/// See [`Hooks::take_tree`].
pub type TakeTree = fn(&mut Cx, Ref<'_>) -> R<Option<ungil_compiler::Node>>;

/// See [`Hooks::write_text`].
pub type WriteText = fn(&mut Cx, Ref<'_>, Option<&[u8]>) -> R<bool>;

/// Fills a native module's dict.
pub type NativeModuleInit = fn(&mut Cx, &Obj) -> R<()>;

/// How the program was started; the runtime reads it, `sys` shows it.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub argv: Vec<String>,
    pub orig_argv: Vec<String>,
    pub executable: String,
    pub path: Vec<String>,
    pub isolated: bool,
    pub ignore_environment: bool,
    pub dont_write_bytecode: bool,
    pub optimize: u8,
    pub unbuffered: bool,
    pub verbose: u8,
    pub interactive: bool,
    pub inspect: bool,
    pub quiet: bool,
    pub no_site: bool,
    pub no_user_site: bool,
    pub safe_path: bool,
    pub bytes_warning: u8,
    /// `-X dev`, `PYTHONDEVMODE`.
    pub dev_mode: bool,
    /// Code does not say in which columns it stands (`-X no_debug_ranges`, `PYTHONNODEBUGRANGES`).
    pub no_debug_ranges: bool,
    pub warn_options: Vec<String>,
    pub x_options: Vec<(String, Option<String>)>,
    /// Safepoints after which a thread gives the GIL up (`-X gil=ticks`); `None`: when it is asked to.
    pub gil_ticks: Option<u32>,
    /// Where what each thread did and when is written at the end (`-X timeline=FILE`).
    pub timeline: Option<String>,
    pub hash_seed: Option<u64>,
    /// Hashes of strings are random whatever `PYTHONHASHSEED` says (`-R`).
    pub random_hashes: bool,
    /// The first line of the program's file is none of the program (`-x`).
    pub skip_first_line: bool,
    /// `-d`, `PYTHONDEBUG`; only shown.
    pub debug: u8,
    /// Most digits of decimal texts of ints at the start (`-X int_max_str_digits`, `PYTHONINTMAXSTRDIGITS`).
    pub int_max_str_digits: Option<usize>,
    /// Text files are UTF-8 whatever the locale says (`-X utf8`, `PYTHONUTF8`, the C locale).
    pub utf8_mode: bool,
    /// The locale's encoding.
    pub locale_encoding: String,
    /// Whether standard input and output let bytes through that are no text of their encoding.
    pub lenient_streams: bool,
    /// Encoding and error handler of the standard streams (`PYTHONIOENCODING`).
    pub stream_encoding: Option<String>,
    pub stream_errors: Option<String>,
    /// Directory that replaces the embedded library (`UNGIL_STDLIB`); empty if none does.
    pub stdlib_dir: String,
}

/// A value that stays alive for the whole process and may be read by every thread: immortal once stored.
#[derive(Clone, Copy, Debug)]
pub struct SharedValue(Value);

// SAFETY: the object is immortal and its contents are guarded by its own lock.
unsafe impl Send for SharedValue {}
// SAFETY: as above.
unsafe impl Sync for SharedValue {}

impl SharedValue {
    /// Publishes the object, makes it immortal, and keeps it.
    pub fn new(obj: Obj) -> SharedValue {
        if let Some(h) = obj.r().header() {
            // Interned names are published from birth, and made before there is a thread's context.
            if ungil_gc::model::PUBLISHES && !h.is_published() {
                Mutator::current().publish(obj.value());
            }
            h.make_immortal();
        }
        SharedValue(obj.into_value())
    }

    #[inline(always)]
    pub fn get<'a>(self) -> Ref<'a> {
        // SAFETY: immortal.
        unsafe { Ref::from_value(self.0) }
    }
}

/// Entries of [`Cx::recent_cell`]'s table, a power of two.
const RECENT_CELLS: usize = if cfg!(feature = "stress") { 4 } else { 2048 };
/// Places that each entry of these tables may have, so that some that are in use all the time do not drive each other out.
const RECENT_WAYS: usize = 4;

/// A place in the tables of what has been in use of late, by two words (multiplicative hashing: Knuth, volume 3, 6.4).
#[inline(always)]
fn recent_place(a: usize, b: usize) -> usize {
    (a ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (usize::BITS - RECENT_CELLS.ilog2())
}

/// Puts an entry at its place, and what that held, while it `stays`, at the next one that it may have.
fn keep_recent<T: Copy>(table: &[Cell<T>], place: usize, entry: T, stays: impl Fn(T) -> bool) {
    let mut moving = entry;
    for way in 0..RECENT_WAYS {
        moving = table[place ^ way].replace(moving);
        if !stays(moving) {
            return;
        }
    }
}

/// A thread's context. `repr(C)`: the interpreter's hot fields come first.
#[repr(C)]
pub struct Cx {
    mutator: Mutator,
    pub vm: &'static Vm,
    /// Calls that may still be made before `RecursionError`.
    pub(crate) recursion_left: Cell<isize>,
    /// A generator that a native has resumed has returned; set for as long as it takes that native to ask.
    pub(crate) generator_returned: Cell<bool>,
    pub(crate) stack: crate::interp::stack::Stack,
    /// Registers of the innermost Python frame, null if none runs.
    pub(crate) regs: Cell<*mut Value>,
    /// Its instruction pointer as of the last time it left the interpreter's handlers.
    pub(crate) ip: Cell<*const u64>,
    /// The exception being handled (`sys.exception()`), `None` if there is none. Owned.
    pub(crate) handled: Cell<Value>,
    /// The exception that leaves the interpreter loop ([`crate::interp::FAILED`]). Owned; empty otherwise.
    pub(crate) raised: Cell<Value>,
    /// Lowest address that the native stack may reach.
    pub(crate) native_stack_limit: Cell<usize>,
    /// Cells of attributes looked up of late, by class and name: (class, name, cell).
    recent_cells: Box<[Cell<(usize, usize, u32)>]>,
    /// Inline-cache words of attributes accessed of late, by name and shape, for sites that see several shapes.
    recent_attrs: Box<[Cell<(usize, u64)>]>,
    /// The number of flushes of all caches that `recent_attrs` has seen.
    flushes_seen: Cell<u32>,
    /// Where the globals with these keys have their `__name__` and `__builtins__` (`u32::MAX`: nowhere).
    pub(crate) global_places: Cell<(u32, [u32; 2])>,
    /// Counts what [`Cx::is_time_to_replace`] was asked.
    replacements: Cell<u8>,
    /// State of natives that is a thread's own, by the name of its owner.
    pub thread_state: crate::thread_state::ThreadData,
    /// What the thread reports to hooks.
    pub(crate) tracing: crate::interp::tracing::State,
}

impl Deref for Cx {
    type Target = Mutator;

    #[inline(always)]
    fn deref(&self) -> &Mutator {
        &self.mutator
    }
}

impl Cx {
    /// A context for the current OS thread, registered but not attached.
    pub fn new(vm: &'static Vm) -> Box<Cx> {
        let thread = vm.world.register();
        let cx = Box::new(Cx {
            mutator: Mutator::new(vm.world.clone(), vm.space.clone(), thread),
            vm,
            // ORD: relaxed; a setting.
            recursion_left: Cell::new(vm.recursion_limit.load(Ordering::Relaxed) as isize),
            generator_returned: Cell::new(false),
            stack: crate::interp::stack::Stack::new(),
            regs: Cell::new(std::ptr::null_mut()),
            ip: Cell::new(std::ptr::null()),
            handled: Cell::new(Value::NONE),
            raised: Cell::new(Value::UNDEF),
            native_stack_limit: Cell::new(crate::interp::stack::native_limit()),
            recent_cells: vec![Cell::new((0, 0, 0)); RECENT_CELLS].into_boxed_slice(),
            recent_attrs: vec![Cell::new((0, 0)); RECENT_CELLS].into_boxed_slice(),
            flushes_seen: Cell::new(0),
            global_places: Cell::new((0, [0; 2])),
            replacements: Cell::new(0),
            thread_state: Default::default(),
            tracing: Default::default(),
        });
        // SAFETY: the box keeps the mutator in place until `Cx` is dropped, which leaves.
        unsafe { cx.mutator.enter(crate::interp::stack::native_end()) };
        let entry = ContextEntry { ident: current_ident(), cx: &*cx };
        vm.contexts.lock().unwrap_or_else(|p| p.into_inner()).push(entry);
        crate::traceback::sample::set_context(&*cx);
        // After the context is in the list: who asks for reports before sets what is read here, later asks this one too.
        crate::interp::tracing::refresh(&cx);
        cx
    }

    /// The cell of a class and an interned name, if it has been in use of late.
    #[inline(always)]
    pub(crate) fn recent_cell(&self, class: &PyType, name: usize) -> Option<u32> {
        let class = class as *const PyType as usize;
        let place = recent_place(name, class.rotate_left(32));
        for way in 0..RECENT_WAYS {
            let (c, n, index) = self.recent_cells[place ^ way].get();
            if c == class && n == name {
                return Some(index);
            }
        }
        None
    }

    /// Keeps a cell for [`Self::recent_cell`].
    pub(crate) fn keep_recent_cell(&self, class: &PyType, name: usize, index: u32) {
        let class = class as *const PyType as usize;
        let place = recent_place(name, class.rotate_left(32));
        keep_recent(&self.recent_cells, place, (class, name, index), |e| {
            e.0 != 0 && (e.0, e.1) != (class, name)
        });
    }

    /// Calls `visit` with the contexts of all other threads, which run meanwhile: it may only use what is made to be shared.
    pub(crate) fn for_other_contexts(&self, mut visit: impl FnMut(&Cx)) {
        let contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        for entry in contexts.iter().filter(|entry| !std::ptr::eq(entry.cx, self)) {
            // SAFETY: the entry is there, so the context is.
            visit(unsafe { &*entry.cx });
        }
    }

    /// Calls `visit` with every word of the stacks of values of all threads.
    ///
    /// # Safety
    /// The world is stopped.
    pub(crate) unsafe fn stack_words_stw(&self, visit: &mut dyn FnMut(usize)) {
        let contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        for entry in contexts.iter() {
            // SAFETY: the entry is there, so the context is; its thread stands still, or has not attached.
            unsafe { (*entry.cx).stack.words(crate::interp::run::stack_top(&*entry.cx), visit) };
        }
    }

    /// Forgets the cells of all classes in all threads, with the world stopped: a class is about to be freed.
    pub(crate) fn forget_recent_cells_stw(&self) {
        let contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        for entry in contexts.iter() {
            // SAFETY: the entry is there, so the context is; its thread stands still, or has not attached.
            let other = unsafe { &*entry.cx };
            other.recent_cells.iter().for_each(|cell| cell.set((0, 0, 0)));
        }
    }

    /// The cache word for a key (a name's address, its low bits telling the kind of access) and a shape word, 0 if
    /// none is known.
    #[inline]
    pub(crate) fn recent_attr(&self, key: usize, shape_word: u32) -> u64 {
        // ORD: relaxed; flushing stops the world, which orders.
        let flushes = self.vm.cache_flushes.load(Ordering::Relaxed);
        if self.flushes_seen.replace(flushes) != flushes {
            self.recent_attrs.iter().for_each(|entry| entry.set((0, 0)));
        }
        let place = recent_place(key, (shape_word as usize) << 32);
        for way in 0..RECENT_WAYS {
            let (known, word) = self.recent_attrs[place ^ way].get();
            if known == key && word as u32 == shape_word {
                return word;
            }
        }
        0
    }

    /// Keeps a cache word for [`Self::recent_attr`].
    pub(crate) fn keep_recent_attr(&self, key: usize, word: u64) {
        // What is there may be out of use since caches were flushed.
        self.recent_attr(key, word as u32);
        let place = recent_place(key, (word as u32 as usize) << 32);
        let same = |e: (usize, u64)| (e.0, e.1 as u32) == (key, word as u32);
        keep_recent(&self.recent_attrs, place, (key, word), |e| e.0 != 0 && !same(e));
    }

    /// Whether an inline cache that did not apply is to be replaced: once in 256 times, so that sites which see many
    /// shapes are written seldom.
    #[inline(always)]
    pub(crate) fn is_time_to_replace(&self) -> bool {
        let n = self.replacements.get().wrapping_add(1);
        self.replacements.set(n);
        n == 0
    }

    #[inline(always)]
    pub fn mutator(&self) -> &Mutator {
        &self.mutator
    }

    /// A built-in type.
    #[inline(always)]
    pub fn builtin(&self, which: Builtin) -> &'static PyType {
        // ORD: relaxed; set once before any thread but the first runs.
        let p = self.vm.types[which as usize].load(Ordering::Relaxed);
        debug_assert!(!p.is_null(), "type {which:?} is not made yet");
        // SAFETY: built-in types are immortal, and all are made before any is used.
        unsafe { &*p }
    }

    /// The dict of the `builtins` module.
    pub fn builtins(&self) -> &'static PyDict {
        let v = self.vm.builtins.get().expect("set at start-up");
        v.get().downcast::<PyDict>(self).expect("is a dict")
    }

    /// The dict of the `sys` module.
    pub fn sys_dict(&self) -> &'static PyDict {
        let v = self.vm.sys.get().expect("set at start-up");
        v.get().downcast::<PyDict>(self).expect("is a dict")
    }

    /// `sys.modules`.
    pub fn modules(&self) -> &'static PyDict {
        let v = self.vm.modules.get().expect("set at start-up");
        v.get().downcast::<PyDict>(self).expect("is a dict")
    }

    /// The innermost frame object and the exception being handled of every thread, by its number.
    pub fn all_threads(&mut self) -> Vec<(u64, Option<Obj>, Obj)> {
        let stopped = self.mutator.stop_the_world();
        let contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        let found = contexts.iter().map(|entry| {
            // SAFETY: the entry is there, so the context is; its thread stands still, or has not attached.
            let other = unsafe { &*entry.cx };
            let (regs, ip) = other.position();
            let frame = match std::ptr::eq(other, self) {
                true if regs.is_null() => None,
                true => Some(crate::objects::frame::of(self, crate::interp::frame::Frame(regs))),
                // SAFETY: the world is stopped.
                false => unsafe { crate::objects::frame::snapshot(self, regs, ip) },
            };
            self.mutator.publish(other.handled.get());
            // SAFETY: as above; the context owns the value.
            let handled = unsafe { Obj::from_borrowed(other.handled.get(), &self.mutator) };
            (entry.ident, frame, handled)
        });
        let found = found.collect();
        drop(contexts);
        drop(stopped);
        found
    }

    /// Runs `f` on what every thread has for itself, with the world stopped. What `f` hands out of another thread's must be
    /// published by it first.
    pub fn with_threads_stopped<T>(
        &mut self,
        f: impl FnOnce(&Cx, &[&crate::thread_state::ThreadData]) -> T,
    ) -> T {
        let stopped = self.mutator.stop_the_world();
        let contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        // SAFETY: the entry is there, so the context is; its thread stands still, or has not attached.
        let threads: Vec<&crate::thread_state::ThreadData> =
            contexts.iter().map(|entry| unsafe { &(*entry.cx).thread_state }).collect();
        let result = f(self, &threads);
        drop(contexts);
        drop(stopped);
        result
    }

    /// Registers and instruction of the innermost Python frame, null if none runs.
    pub fn position(&self) -> (*mut Value, *const u64) {
        (self.regs.get(), self.ip.get())
    }

    /// The exception being handled (`sys.exception()`), or `None`.
    pub fn handled_exception(&self) -> Obj {
        // SAFETY: the context owns what it says is being handled.
        unsafe { Obj::from_borrowed(self.handled.get(), self) }
    }

    /// `sys.setrecursionlimit()`: of this thread at once, of threads that start later.
    ///
    /// # Errors
    /// `RecursionError` if the thread is deeper than that already.
    pub fn set_recursion_limit(&mut self, limit: usize) -> R<()> {
        // ORD: relaxed; a setting.
        let old = self.vm.recursion_limit.load(Ordering::Relaxed) as isize;
        let depth = old - self.recursion_left.get();
        if depth >= limit as isize {
            let message = format!(
                "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
            );
            return Err(self.error(Builtin::RecursionError, &message));
        }
        self.vm.recursion_limit.store(limit, Ordering::Relaxed);
        self.recursion_left.set(limit as isize - depth);
        Ok(())
    }

    /// To be called before a thread is started (PUB-3).
    pub fn begin_threads(&self) {
        if ungil_gc::model::PUBLISHES && !self.space.publishing.is_active() {
            self.vm.cells.keep_functions(self);
            self.mutator.begin_publishing();
        }
    }

    /// Runs `f` while this thread is detached: it may block, and must not touch objects.
    pub fn detached<T>(&mut self, f: impl FnOnce() -> T) -> T {
        self.mutator.detach();
        let result = f();
        self.mutator.attach();
        result
    }

    /// Answers what other threads ask for and runs what waits for this thread: signal handlers, asynchronous
    /// exceptions, a due collection.
    ///
    /// # Errors
    /// What a signal handler or another thread raises here.
    pub fn safepoint(&mut self) -> R<()> {
        let left = self.mutator.safepoint();
        if left != 0 { crate::interp::events::handle(self, left) } else { Ok(()) }
    }

    /// Whether somebody asks for something: the check word is raised.
    #[inline(always)]
    pub fn is_wanted(&self) -> bool {
        self.mutator.thread.check.is_raised()
    }

    /// As [`Cx::safepoint`], for natives that loop long: costs one load if nobody asks for anything.
    #[inline(always)]
    pub fn poll(&mut self) -> R<()> {
        if self.thread.check.is_raised() { self.safepoint() } else { Ok(()) }
    }

    /// Runs finalizers and weak-reference callbacks that wait (RC-5). Exceptions in them are reported, not raised.
    #[inline(always)]
    pub fn run_pending(&mut self) {
        if self.has_pending() {
            crate::finalize::run_pending(self);
        }
    }

    /// To be called before a wait that may be long, while nothing is borrowed or locked: what has died among threads ends, and its
    /// finalizers run, if no other thread has to be waited for.
    pub fn rest(&mut self) {
        self.mutator.rest();
        self.run_pending();
    }

    /// Guards a recursion of natives (`repr`, comparison, calls).
    ///
    /// # Errors
    /// `RecursionError` naming `what` ("while calling a Python object") if the native stack or the recursion limit
    /// is used up.
    pub fn recursion(&mut self, what: &str) -> R<()> {
        if self.recursion_left.get() <= 0 || self.native_stack_low() {
            return Err(self.recursion_error(what));
        }
        Ok(())
    }

    /// Runs `f` one recursion level deeper.
    ///
    /// # Errors
    /// As [`Cx::recursion`], or what `f` raises.
    pub fn recursing<T>(&mut self, what: &str, f: impl FnOnce(&mut Cx) -> R<T>) -> R<T> {
        self.recursion(what)?;
        self.recursion_left.set(self.recursion_left.get() - 1);
        let result = f(self);
        self.recursion_left.set(self.recursion_left.get() + 1);
        result
    }

    /// Whether the native stack is nearly used up.
    #[inline]
    pub fn native_stack_low(&self) -> bool {
        let here = 0u8;
        (&raw const here as usize) < self.native_stack_limit.get()
    }

    /// The `RecursionError` of CPython's wording.
    pub fn recursion_error(&mut self, what: &str) -> Err {
        // Making the exception needs room of its own.
        let left = self.recursion_left.get();
        self.recursion_left.set(left.max(50));
        let err = self.error(Builtin::RecursionError, &format!("maximum recursion depth exceeded{what}"));
        self.recursion_left.set(left);
        err
    }
}

/// The number by which Python knows the calling OS thread.
pub fn current_ident() -> u64 {
    // SAFETY: no preconditions.
    unsafe { libc::pthread_self() as u64 }
}

impl Drop for Cx {
    fn drop(&mut self) {
        crate::traceback::sample::set_context(std::ptr::null());
        let mut contexts = self.vm.contexts.lock().unwrap_or_else(|p| p.into_inner());
        contexts.retain(|entry| !std::ptr::eq(entry.cx, self));
        drop(contexts);
        // A thread gives its values up before it ends; what the end of the program leaves is left to the process.
        std::mem::forget(std::mem::take(self.thread_state.values.get_mut()));
        std::mem::forget(std::mem::take(self.thread_state.decimal_context.get_mut()));
        let own = &self.thread_state;
        for slot in [&own.context, &own.running_loop, &own.running_task] {
            std::mem::forget(slot.take());
        }
        std::mem::forget(own.asyncgen_hooks.take());
        std::mem::forget(std::mem::take(&mut self.tracing));
        self.mutator.leave();
        self.vm.world.unregister(&self.mutator.thread);
    }
}
