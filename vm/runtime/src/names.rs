//! Interned strings that the VM itself looks up, by field name.

use crate::{Cx, Ref, cx::SharedValue};

macro_rules! names {
    ($($field:ident = $text:literal,)*) => {
        /// One interned string a field.
        #[allow(missing_docs)]
        pub struct Names { $(pub $field: SharedValue,)* }

        impl Names {
            /// Interns them all.
            pub(crate) fn new(mut intern: impl FnMut(&str) -> SharedValue) -> Names {
                Names { $($field: intern($text),)* }
            }
        }
    };
}

macro_rules! specials {
    ($($variant:ident $field:ident = $text:literal,)*) => {
        /// Special methods that the VM looks up on classes, by index into a class's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Special { $($variant,)* }

        impl Special {
            pub const ALL: &'static [Special] = &[$(Special::$variant,)*];
            pub const COUNT: usize = Self::ALL.len();
            const TEXTS: &'static [&'static str] = &[$($text,)*];

            /// Its name, dunders included.
            pub fn text(self) -> &'static str {
                Self::TEXTS[self as usize]
            }

            /// The text signature that CPython gives slot wrappers of this kind.
            pub fn signature(self) -> &'static str {
                use Special::*;
                match self {
                    New | Call | Init => "($self, /, *args, **kwargs)",
                    Lt | Le | Eq | Ne | Gt | Ge | Add | Sub | Mul | MatMul | TrueDiv | FloorDiv | Mod | DivMod | Shl
                    | Shr | And | Or | Xor | RAdd | RSub | RMul | RMatMul | RTrueDiv | RFloorDiv | RMod | RDivMod
                    | RShl | RShr | RAnd | ROr | RXor | IAdd | ISub | IMul | IMatMul | ITrueDiv | IFloorDiv | IMod
                    | IPow | IShl | IShr | IAnd | IOr | IXor => "($self, value, /)",
                    Pow | RPow => "($self, value, mod=None, /)",
                    GetItem | Contains | DelItem | Missing => "($self, key, /)",
                    SetItem => "($self, key, value, /)",
                    GetAttribute | GetAttr | DelAttr => "($self, name, /)",
                    SetAttr | SetName => "($self, name, value, /)",
                    Get => "($self, instance, owner=None, /)",
                    Set => "($self, instance, value, /)",
                    Delete => "($self, instance, /)",
                    Format => "($self, format_spec, /)",
                    Round => "($self, ndigits=None, /)",
                    Exit | AExit => "($self, exc_type=None, exc_value=None, traceback=None, /)",
                    InstanceCheck => "($self, instance, /)",
                    SubclassCheck => "($self, subclass, /)",
                    ReduceEx => "($self, protocol, /)",
                    MroEntries => "($self, bases, /)",
                    Buffer => "($self, flags, /)",
                    ClassGetItem => "($cls, item, /)",
                    _ => "($self, /)",
                }
            }
        }
    };
}

specials! {
    New new = "__new__", Init init = "__init__", Del del = "__del__", Repr repr = "__repr__", Str str = "__str__",
    Bytes bytes = "__bytes__", Format format = "__format__", Hash hash = "__hash__", Bool bool_ = "__bool__",
    Lt lt = "__lt__", Le le = "__le__", Eq eq = "__eq__", Ne ne = "__ne__", Gt gt = "__gt__", Ge ge = "__ge__",
    GetAttribute getattribute = "__getattribute__", GetAttr getattr = "__getattr__", SetAttr setattr = "__setattr__",
    DelAttr delattr = "__delattr__", Get get = "__get__", Set set = "__set__", Delete delete = "__delete__",
    Call call = "__call__", Len len = "__len__", LengthHint length_hint = "__length_hint__",
    GetItem getitem = "__getitem__", SetItem setitem = "__setitem__", DelItem delitem = "__delitem__",
    Missing missing = "__missing__", Iter iter = "__iter__", Next next = "__next__", Reversed reversed = "__reversed__",
    Contains contains = "__contains__", Enter enter = "__enter__", Exit exit = "__exit__",
    Add add = "__add__", Sub sub = "__sub__", Mul mul = "__mul__", MatMul matmul = "__matmul__",
    TrueDiv truediv = "__truediv__", FloorDiv floordiv = "__floordiv__", Mod mod_ = "__mod__", DivMod divmod = "__divmod__",
    Pow pow = "__pow__", Shl lshift = "__lshift__", Shr rshift = "__rshift__", And and = "__and__", Or or = "__or__",
    Xor xor = "__xor__",
    RAdd radd = "__radd__", RSub rsub = "__rsub__", RMul rmul = "__rmul__", RMatMul rmatmul = "__rmatmul__",
    RTrueDiv rtruediv = "__rtruediv__", RFloorDiv rfloordiv = "__rfloordiv__", RMod rmod = "__rmod__",
    RDivMod rdivmod = "__rdivmod__", RPow rpow = "__rpow__", RShl rlshift = "__rlshift__", RShr rrshift = "__rrshift__",
    RAnd rand = "__rand__", ROr ror = "__ror__", RXor rxor = "__rxor__",
    IAdd iadd = "__iadd__", ISub isub = "__isub__", IMul imul = "__imul__", IMatMul imatmul = "__imatmul__",
    ITrueDiv itruediv = "__itruediv__", IFloorDiv ifloordiv = "__ifloordiv__", IMod imod = "__imod__",
    IPow ipow = "__ipow__", IShl ilshift = "__ilshift__", IShr irshift = "__irshift__", IAnd iand = "__iand__",
    IOr ior = "__ior__", IXor ixor = "__ixor__",
    Neg neg = "__neg__", Pos pos = "__pos__", Abs abs = "__abs__", Invert invert = "__invert__", Int int = "__int__",
    Float float = "__float__", Complex complex = "__complex__", Index index = "__index__", Round round = "__round__",
    Trunc trunc = "__trunc__", Floor floor = "__floor__", Ceil ceil = "__ceil__",
    Await await_ = "__await__", AIter aiter = "__aiter__", ANext anext = "__anext__", AEnter aenter = "__aenter__",
    AExit aexit = "__aexit__", InstanceCheck instancecheck = "__instancecheck__",
    SubclassCheck subclasscheck = "__subclasscheck__", SetName set_name = "__set_name__",
    InitSubclass init_subclass = "__init_subclass__", ClassGetItem class_getitem = "__class_getitem__",
    MroEntries mro_entries = "__mro_entries__", Prepare prepare = "__prepare__", Dir dir = "__dir__",
    Sizeof sizeof_ = "__sizeof__", Reduce reduce = "__reduce__", ReduceEx reduce_ex = "__reduce_ex__",
    GetState getstate = "__getstate__", Fspath fspath = "__fspath__", Buffer buffer = "__buffer__",
}

names! {
    empty = "", dict = "__dict__", class = "__class__", doc = "__doc__", name = "__name__", qualname = "__qualname__",
    module = "__module__", annotations = "__annotations__", plain_name = "name", annotate = "__annotate__", annotate_func = "__annotate_func__",
    builtins = "__builtins__", main = "__main__", file = "__file__", path = "__path__", spec = "__spec__",
    loader = "__loader__", package = "__package__", cached = "__cached__", all = "__all__", slots = "__slots__",
    weakref = "__weakref__", mro = "mro", bases = "__bases__", classcell = "__classcell__", classdictcell = "__classdictcell__",
    static_attributes = "__static_attributes__", firstlineno = "__firstlineno__", type_params = "__type_params__",
    orig_bases = "__orig_bases__", abstractmethods = "__abstractmethods__", wrapped = "__wrapped__",
    func = "__func__", self_ = "__self__", code = "__code__", globals = "__globals__", defaults = "__defaults__",
    kwdefaults = "__kwdefaults__", closure = "__closure__", match_args = "__match_args__", import = "__import__",
    build_class = "__build_class__", context = "__context__", cause = "__cause__", traceback = "__traceback__",
    suppress_context = "__suppress_context__", notes = "__notes__", args = "args", key = "key", reverse = "reverse",
    send = "send", throw = "throw", close = "close", stdout = "stdout", stderr = "stderr", stdin = "stdin",
    write = "write", flush = "flush", read = "read", readline = "readline", encoding = "encoding", errors = "errors",
    append = "append", keys = "keys", values = "values", items = "items", copy = "copy", update = "update", pop = "pop",
    sep = "sep", end = "end", metaclass = "metaclass", isabstractmethod = "__isabstractmethod__",
    init_subclass = "__init_subclass__", set_name = "__set_name__", modules = "modules", sys_path = "path", meta_path = "meta_path",
    excepthook = "excepthook", unraisablehook = "unraisablehook", displayhook = "displayhook", underscore = "_",
    displayhook_last = "last_exc", text_signature = "__text_signature__", objclass = "__objclass__",
    add_note = "add_note", exceptions = "exceptions", value = "value", obj = "obj", errno = "errno", strerror = "strerror",
    filename = "filename", filename2 = "filename2", warnings = "warnings", warn = "warn", new = "__new__", init = "__init__",
    reduce = "__reduce__", copyreg = "copyreg", newobj = "__newobj__", newobj_ex = "__newobj_ex__", getnewargs = "__getnewargs__",
    getnewargs_ex = "__getnewargs_ex__", slotnames = "__slotnames__",
    getattr = "__getattr__", eq = "__eq__", hash = "__hash__", lambda = "<lambda>", module_repr = "__module_repr__",
}

impl Cx {
    /// The interned string for a special method's name.
    pub fn special_name(&self, special: Special) -> Ref<'static> {
        crate::objects::str::intern(self, special.text()).get()
    }
}
