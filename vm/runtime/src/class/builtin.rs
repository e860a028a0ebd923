//! Numbers of the built-in types. The number is also the id of the shape of the type's exact instances.

use crate::Value;

macro_rules! builtins {
    ($($name:ident,)*) => {
        /// A built-in type.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        #[allow(missing_docs)]
        pub enum Builtin { Free = 0, $($name,)* }

        impl Builtin {
            pub const COUNT: usize = Self::ALL.len() + 1;
            pub const ALL: &'static [Builtin] = &[$(Builtin::$name,)*];
        }
    };
}

builtins! {
    Object, Type, NoneType, EllipsisType, NotImplementedType, Int, Bool, Float, Complex, Str, Bytes, ByteArray,
    MemoryView, List, Tuple, Dict, Set, FrozenSet, Range, Slice, Cell, Code, Function, BoundMethod, NativeFunction,
    MethodDescriptor, WrapperDescriptor, ClassMethodDescriptor, GetSet, MemberDescriptor, Property, StaticMethod,
    ClassMethod, Super, Module, Generator, Coroutine, AsyncGen, AsyncGenSend, AsyncGenThrow, AsyncGenWrapped,
    CoroutineWrapper, AnextAwaitable, Frame, Traceback, MappingProxy, SimpleNamespace, MethodWrapper, Capsule,
    ListIter, ListReverseIter, TupleIter, RangeIter, LongRangeIter, StrIter, BytesIter, ByteArrayIter, DictKeys,
    DictValues, DictItems, DictKeyIter, DictValueIter, DictItemIter, DictReverseKeyIter, DictReverseValueIter,
    DictReverseItemIter, SetIter, SequenceIter, CallableIter, Enumerate, Zip, Map, Filter, Reversed, MemoryIter,
    BufferWrapper,
    WeakRef, WeakProxy, WeakCallableProxy, GenericAlias, GenericAliasIter, UnionType, TypeVar, ParamSpec, ParamSpecArgs,
    ParamSpecKwargs, TypeVarTuple, TypeAliasType, Generic, NoDefaultType, ConstEvaluator, Interpolation, Template, TemplateIter,
    ContextVar, Context, Token, FrameLocalsProxy, StructSequence,
    BaseException, BaseExceptionGroup, ExceptionGroup, GeneratorExit, KeyboardInterrupt, SystemExit, Exception,
    ArithmeticError, FloatingPointError, OverflowError, ZeroDivisionError, AssertionError, AttributeError, BufferError,
    EOFError, ImportError, ModuleNotFoundError, LookupError, IndexError, KeyError, MemoryError, NameError,
    UnboundLocalError, OSError, BlockingIOError, ChildProcessError, ConnectionError, BrokenPipeError,
    ConnectionAbortedError, ConnectionRefusedError, ConnectionResetError, FileExistsError, FileNotFoundError,
    InterruptedError, IsADirectoryError, NotADirectoryError, PermissionError, ProcessLookupError, TimeoutError,
    ReferenceError, RuntimeError, NotImplementedError, PythonFinalizationError, RecursionError, StopAsyncIteration,
    StopIteration, SyntaxError, IndentationError, TabError, IncompleteInputError, SystemError, TypeError, ValueError,
    UnicodeError, UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError, Warning, BytesWarning,
    DeprecationWarning, EncodingWarning, FutureWarning, ImportWarning, PendingDeprecationWarning, ResourceWarning,
    RuntimeWarning, SyntaxWarning, UnicodeWarning, UserWarning,
}

const _: () = assert!(Builtin::COUNT < ungil_gc::FIRST_DYNAMIC_SHAPE as usize);

impl Builtin {
    /// The type of a value that is not on the heap.
    #[inline]
    pub fn of_immediate(v: Value) -> Builtin {
        match v {
            v if v.is_int() => Builtin::Int,
            v if v.is_float() => Builtin::Float,
            Value::NONE => Builtin::NoneType,
            Value::TRUE | Value::FALSE => Builtin::Bool,
            Value::ELLIPSIS => Builtin::EllipsisType,
            Value::NOT_IMPLEMENTED => Builtin::NotImplementedType,
            _ => ungil_gc::fatal("an empty register was used as an object"),
        }
    }
}
