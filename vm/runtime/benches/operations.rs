//! What single operations of Python cost: dicts, lists, attributes, calls, allocation, as the interpreter runs them.
//!
//! Each is a function `f(n)` that does it `n` times; what the loop itself costs is the row `loop`. The shared rows do the same
//! while another thread is attached, which sleeps and passes safepoints: the thread is not solo, and what `f` uses is published.
//! With a GIL they are left out, since the two would only take turns. The thread's CPU time is measured.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::prelude::*;
use ungil_runtime::{Config, Vm, bootstrap, import};

/// Each with what comes before the loop, and the body.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("loop", "", "pass"),
    ("int: add", "a = n; b = 3", "a + b"),
    ("float: multiply and add", "a = 1.5; b = 2.5", "a * b + a"),
    ("str: join two", "a = 'some'; b = 'text'", "a + b"),
    ("tuple: make and unpack", "a = b = n", "a, b = b, a; (a, b, i)"),
    ("dict: get a str", "", "D['k17']"),
    ("dict: get an int", "", "I[17]"),
    ("dict: set", "", "D['k17'] = i"),
    ("dict: insert and delete", "", "D['new'] = i; del D['new']"),
    ("dict: method get", "get = D.get", "get('k17')"),
    ("dict: iterate over 100", "", "for k in D: pass"),
    ("list: index", "", "L[17]"),
    ("list: assign", "", "L[17] = i"),
    ("list: append and pop", "", "L.append(i); L.pop()"),
    ("list: make with 4", "", "[i, i, i, i]"),
    ("list: iterate over 100", "", "for x in L: pass"),
    ("attribute: of an instance", "o = O", "o.x"),
    ("attribute: store", "o = O", "o.x = i"),
    ("attribute: of a class", "", "C.limit"),
    ("attribute: property", "o = O", "o.double"),
    ("global: load", "", "G"),
    ("call: function", "", "function(i)"),
    ("call: with keywords", "", "function(x=i)"),
    ("call: method", "o = O", "o.method()"),
    ("call: native", "", "len(L)"),
    ("call: closure", "", "closure()"),
    ("call: generator, one value", "g = generator()", "next(g)"),
    ("allocation: instance", "", "C()"),
    ("allocation: instance without __init__", "", "E()"),
    ("allocation: list", "", "[]"),
    ("allocation: dict", "", "{}"),
    ("allocation: closure", "", "lambda: i"),
    ("exception: raise and catch", "", "\n        try: raise E2\n        except E2: pass"),
];

const PRELUDE: &str = "
class C:
    limit = 7
    def __init__(self):
        self.x = 1
        self.y = 2
    def method(self):
        return self
    @property
    def double(self):
        return self.x
class E: pass
class E2(Exception): pass
def function(x):
    return x
def outer():
    value = 1
    def inner():
        return value
    return inner
def generator():
    while True:
        yield 1
closure = outer()
O = C()
G = 1
L = list(range(100))
D = {'k%d' % i: i for i in range(100)}
I = {i: i for i in range(100)}
";

/// The function of an operation.
fn compile(cx: &mut Cx, globals: &Obj, (_, before, body): (&str, &str, &str)) -> Obj {
    let before = if before.is_empty() { "pass" } else { before };
    let text = format!("def f(n):\n    {before}\n    for i in range(n):\n        {body}\n");
    run(cx, &text, globals);
    let name = cx.str("f");
    globals.downcast::<PyDict>(cx).and_then(|dict| dict.get_str(cx, name.r())).expect("the text defines it")
}

fn run(cx: &mut Cx, text: &str, globals: &Obj) {
    if import::run_source(cx, text.as_bytes(), "<bench>", globals.clone()).is_err() {
        panic!("an exception in {text}");
    }
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock is there on every Linux, and the structure is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// How long `f(times)` takes.
fn time(cx: &mut Cx, f: &Obj, times: u64) -> Duration {
    let n = cx.int(i64::try_from(times).expect("criterion does not ask for that many"));
    let begun = cpu_time();
    let result = cx.call(f.r(), &[n.r()]);
    let time = cpu_time() - begun;
    assert!(black_box(result).is_ok(), "an exception in the operation");
    time
}

/// The main module's variables with the prelude in them.
fn globals(cx: &mut Cx) -> Obj {
    let globals = PyDict::new(cx);
    let builtins = ref_of(cx.builtins()).own(cx);
    if let Some(dict) = globals.downcast::<PyDict>(cx) {
        dict.set_str(cx, cx.vm.names.builtins.get(), builtins);
    }
    run(cx, PRELUDE, &globals);
    globals
}

fn measure(c: &mut Criterion, cx: &mut Cx, globals: &Obj, beside: &str) {
    for &operation in OPERATIONS {
        let f = compile(cx, globals, operation);
        // Its caches know what they see.
        time(cx, &f, 1000);
        c.bench_function(&format!("{}{beside}", operation.0), |b| b.iter_custom(|times| time(cx, &f, times)));
    }
}

/// Attaches another thread until `f` has run, which is given this one's context.
fn beside_another(cx: &mut Cx, f: impl FnOnce(&mut Cx)) {
    cx.begin_threads();
    let vm: &'static Vm = cx.vm;
    let state = Arc::new((AtomicBool::new(false), AtomicBool::new(false)));
    let thread = {
        let state = Arc::clone(&state);
        std::thread::spawn(move || {
            let mut other = Cx::new(vm);
            other.mutator().attach();
            state.0.store(true, Ordering::Relaxed);
            while !state.1.load(Ordering::Relaxed) {
                assert!(other.safepoint().is_ok());
                // Attached, but leaving the core to the one that is measured.
                std::thread::sleep(Duration::from_micros(50));
            }
            other.mutator().detach();
        })
    };
    while !state.0.load(Ordering::Relaxed) {
        assert!(cx.safepoint().is_ok());
    }
    f(cx);
    state.1.store(true, Ordering::Relaxed);
    cx.detached(|| thread.join()).expect("it ends");
}

fn operations(c: &mut Criterion) {
    // Never dropped, as in the program: the process ends while the thread is attached.
    let mut cx = std::mem::ManuallyDrop::new(bootstrap::boot(Config::default()));
    let globals = std::mem::ManuallyDrop::new(globals(&mut cx));
    measure(c, &mut cx, &globals, "");
    if !ungil_locks::model::GIL_ENABLED {
        beside_another(&mut cx, |cx| measure(c, cx, &globals, ", shared"));
    }
}

/// A third of the usual time for each row: there are many.
fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2))
}

criterion_group!(name = benches; config = short(); targets = operations);
criterion_main!(benches);
