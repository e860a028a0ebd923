//! Start-up: the VM, the built-in types, `builtins` and `sys`, in an order in which each finds what it needs.

use crate::cx::Hooks;
use crate::objects::dict::PyDict;
use crate::objects::*;
use crate::prelude::*;
use crate::{Config, SharedValue, Vm};
use std::sync::{Arc, OnceLock};
use ungil_locks::primitive::{AtomicPtr, AtomicUsize, Mutex};

/// CPython's default.
const RECURSION_LIMIT: usize = 1000;
/// CPython's default.
const INT_MAX_STR_DIGITS: usize = 4300;

/// Makes the VM and the context of its first thread, attached, with `builtins` filled. `sys` and other native modules
/// are the business of who registers them (`vm.native_modules`).
pub fn boot(config: Config) -> Box<Cx> {
    let hash_seed = seed(&config);
    let vm: &'static Vm = Box::leak(Box::new(Vm {
        world: ungil_locks::World::with_options(ungil_locks::Options {
            gil_ticks: config.gil_ticks,
            timeline: config.timeline.is_some(),
            ..Default::default()
        }),
        space: Arc::default(),
        names: Default::default(),
        types: std::array::from_fn(|_| AtomicPtr::default()),
        cells: Default::default(),
        filling: Default::default(),
        interned: str::InternTable::new(hash_seed),
        modules: OnceLock::new(),
        builtins: OnceLock::new(),
        consumers: OnceLock::new(),
        sys: OnceLock::new(),
        native_modules: Mutex::new(vec![("_codecs", codec::module::init), ("_string", str::formatter::init)]),
        recursion_limit: AtomicUsize::new(RECURSION_LIMIT),
        int_max_str_digits: AtomicUsize::new(config.int_max_str_digits.unwrap_or(INT_MAX_STR_DIGITS)),
        config,
        module_state: Mutex::default(),
        hash_seed,
        importing: Mutex::default(),
        import_waits: Mutex::default(),
        standard_import: OnceLock::new(),
        hooks: Hooks::default(),
        contexts: Mutex::default(),
        async_exceptions: Mutex::default(),
        monitoring: Default::default(),
        cache_flushes: Default::default(),
        collections: Default::default(),
    }));
    let mut cx = Cx::new(vm);
    cx.mutator().attach();
    declare_types(&cx);
    let names = crate::names::Names::new(|text| str::intern(&cx, text));
    vm.names.set(names);
    init_types(&mut cx);
    make_modules(&mut cx);
    cx
}

/// The key of string hashes: from `PYTHONHASHSEED`, or random.
fn seed(config: &Config) -> (u64, u64) {
    match config.hash_seed {
        Some(0) => (0, 0),
        Some(seed) => (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed ^ 0x517c_c1b7_2722_0a95),
        None => {
            use std::hash::{BuildHasher, Hasher};
            let random = || std::collections::hash_map::RandomState::new().build_hasher().finish();
            (random(), random())
        }
    }
}

fn make_modules(cx: &mut Cx) {
    let modules = PyDict::new(cx);
    let _ = cx.vm.modules.set(SharedValue::new(modules));
    let sys = module::new_module(cx, "sys");
    let sys_dict = module_dict(cx, &sys);
    let _ = cx.vm.sys.set(SharedValue::new(sys_dict));
    let builtins = module::new_module(cx, "builtins");
    let dict = module_dict(cx, &builtins);
    let _ = cx.vm.builtins.set(SharedValue::new(dict));
    for (name, made) in [("sys", &sys), ("builtins", &builtins)] {
        let key = str::intern(cx, name);
        cx.modules().set_str(cx, key.get(), made.clone());
    }
    crate::builtins::fill(cx, &builtins);
    let constants = [
        ("None", Value::NONE),
        ("True", Value::TRUE),
        ("False", Value::FALSE),
        ("Ellipsis", Value::ELLIPSIS),
        ("NotImplemented", Value::NOT_IMPLEMENTED),
        ("__debug__", Value::from_bool(cx.vm.config.optimize == 0)),
    ];
    for (name, v) in constants {
        let key = str::intern(cx, name);
        cx.builtins().set_str(cx, key.get(), Obj::immediate(v));
    }
    for &which in PUBLIC {
        let class = cx.builtin(which);
        let key = str::intern(cx, &class.name());
        cx.builtins().set_str(cx, key.get(), class.as_ref().own(cx));
    }
    for (alias, which) in [("EnvironmentError", Builtin::OSError), ("IOError", Builtin::OSError)] {
        let key = str::intern(cx, alias);
        let class = cx.builtin(which).as_ref().own(cx);
        cx.builtins().set_str(cx, key.get(), class);
    }
    let consumers = ungil_bytecode::CONSUMERS.map(|name| {
        let key = str::intern(cx, name);
        SharedValue::new(cx.builtins().get_str(cx, key.get()).expect("set above"))
    });
    let _ = cx.vm.consumers.set(consumers);
    let key = str::intern(cx, "__import__");
    if let Some(import) = cx.builtins().get_str(cx, key.get()) {
        let _ = cx.vm.standard_import.set(SharedValue::new(import));
    }
}

fn module_dict(cx: &mut Cx, made: &Obj) -> Obj {
    let payload = made.downcast::<module::PyModule>(cx).expect("just made");
    let dict = payload.dict_ref(cx).expect("a new module has its dict");
    ref_of(dict).own(cx)
}

/// Types that are names of `builtins`.
const PUBLIC: &[Builtin] = {
    use Builtin::*;
    &[
        Object,
        Type,
        Int,
        Bool,
        Float,
        Complex,
        Str,
        Bytes,
        ByteArray,
        MemoryView,
        List,
        Tuple,
        Dict,
        Set,
        FrozenSet,
        Range,
        Slice,
        Property,
        StaticMethod,
        ClassMethod,
        Super,
        Enumerate,
        Zip,
        Map,
        Filter,
        Reversed,
        BaseException,
        BaseExceptionGroup,
        ExceptionGroup,
        GeneratorExit,
        KeyboardInterrupt,
        SystemExit,
        Exception,
        ArithmeticError,
        FloatingPointError,
        OverflowError,
        ZeroDivisionError,
        AssertionError,
        AttributeError,
        BufferError,
        EOFError,
        ImportError,
        ModuleNotFoundError,
        LookupError,
        IndexError,
        KeyError,
        MemoryError,
        NameError,
        UnboundLocalError,
        OSError,
        BlockingIOError,
        ChildProcessError,
        ConnectionError,
        BrokenPipeError,
        ConnectionAbortedError,
        ConnectionRefusedError,
        ConnectionResetError,
        FileExistsError,
        FileNotFoundError,
        InterruptedError,
        IsADirectoryError,
        NotADirectoryError,
        PermissionError,
        ProcessLookupError,
        TimeoutError,
        ReferenceError,
        RuntimeError,
        NotImplementedError,
        PythonFinalizationError,
        RecursionError,
        StopAsyncIteration,
        StopIteration,
        SyntaxError,
        IndentationError,
        TabError,
        IncompleteInputError,
        SystemError,
        TypeError,
        ValueError,
        UnicodeError,
        UnicodeDecodeError,
        UnicodeEncodeError,
        UnicodeTranslateError,
        Warning,
        BytesWarning,
        DeprecationWarning,
        EncodingWarning,
        FutureWarning,
        ImportWarning,
        PendingDeprecationWarning,
        ResourceWarning,
        RuntimeWarning,
        SyntaxWarning,
        UnicodeWarning,
        UserWarning,
    ]
};

/// Class objects of all built-in types, without contents: from here on their instances can be made.
fn declare_types(cx: &Cx) {
    for declare in [
        object::declare,
        type_::declare,
        none::declare,
        int::declare,
        float::declare,
        complex::declare,
        str::declare,
        bytes::declare,
        memoryview::declare,
        list::declare,
        tuple::declare,
        dict::declare,
        set::declare,
        range::declare,
        slice::declare,
        iter::declare,
        cell::declare,
        code_attrs::declare,
        function::declare,
        method::declare,
        native::declare,
        property::declare,
        super_::declare,
        module::declare,
        generator::declare,
        async_gen::declare,
        anext::declare,
        frame::declare,
        traceback::declare,
        mapping_proxy::declare,
        builtin_iters::declare,
        namespace::declare,
        simple_namespace::declare,
        generic_alias::declare,
        union::declare,
        typevar::declare,
        template::declare,
        weakref::declare,
        exception::declare,
    ] {
        declare(cx);
    }
}

/// Fills them, bases first.
fn init_types(cx: &mut Cx) {
    for init in [
        object::init,
        type_::init,
        none::init,
        int::init,
        float::init,
        complex::init,
        str::init,
        bytes::init,
        memoryview::init,
        list::init,
        tuple::init,
        dict::init,
        set::init,
        range::init,
        slice::init,
        iter::init,
        cell::init,
        code_attrs::init,
        function_attrs::init,
        method::init,
        native::init,
        property::init,
        super_::init,
        module::init,
        generator::init,
        async_gen::init,
        anext::init,
        frame::init,
        frame_locals::init,
        traceback::init,
        mapping_proxy::init,
        builtin_iters::init,
        namespace::init,
        simple_namespace::init,
        generic_alias::init,
        union::init,
        typevar::init,
        template::init,
        weakref::init,
        exception::init,
    ] {
        init(cx);
    }
}
