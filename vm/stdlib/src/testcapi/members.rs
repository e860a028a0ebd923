//! `_test_structmembersType_OldAPI` and `_NewAPI`: objects whose attributes are numbers of C's types.
//!
//! Each number is a word of its own that any thread reads and writes at any time; what was written last stays.

use std::sync::OnceLock;
use ungil_runtime::objects::int::{new_word, to_bigint};
use ungil_runtime::objects::module::add;
use ungil_runtime::objects::sync::{Field, slot_ops};
use ungil_runtime::prelude::*;
use ungil_runtime::traceback::warn;

type Word = Field<ungil_locks::primitive::AtomicU64>;

#[repr(C)]
struct PyMembers {
    h: Header,
    words: [Word; KINDS],
    /// What stands in the object as text.
    text: Slot,
}

slot_ops!(MEMBERS_OPS, PyMembers, "_testcapi.structmembers", text);

/// The types of C, in the order of their names in [`NAMES`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Byte,
    UByte,
    Short,
    UShort,
    Int,
    UInt,
    Long,
    ULong,
    PySsizeT,
    Float,
    Double,
    LongLong,
    ULongLong,
    Char,
}

const KINDS: usize = 15;

/// Parameters of the constructor, in its order; `T_CHAR` is not among them.
const NAMES: [&str; KINDS - 1] = [
    "T_BOOL",
    "T_BYTE",
    "T_UBYTE",
    "T_SHORT",
    "T_USHORT",
    "T_INT",
    "T_UINT",
    "T_LONG",
    "T_ULONG",
    "T_PYSSIZET",
    "T_FLOAT",
    "T_DOUBLE",
    "T_LONGLONG",
    "T_ULONGLONG",
];

const ALL: [Kind; KINDS] = [
    Kind::Bool,
    Kind::Byte,
    Kind::UByte,
    Kind::Short,
    Kind::UShort,
    Kind::Int,
    Kind::UInt,
    Kind::Long,
    Kind::ULong,
    Kind::PySsizeT,
    Kind::Float,
    Kind::Double,
    Kind::LongLong,
    Kind::ULongLong,
    Kind::Char,
];

/// The value of an attribute.
fn get(cx: &Cx, a: Args<'_>, kind: Kind) -> R {
    let word = a.this::<PyMembers>().words[kind as usize].get();
    Ok(match kind {
        Kind::Bool => cx.bool(word != 0),
        Kind::Float | Kind::Double => cx.float(f64::from_bits(word)),
        Kind::Char => cx.str(char::from(word as u8).encode_utf8(&mut [0; 4])),
        Kind::UByte | Kind::UShort | Kind::UInt | Kind::ULong | Kind::ULongLong => new_word(cx, word.into()),
        _ => new_word(cx, (word as i64).into()),
    })
}

/// Sets an attribute.
fn set(cx: &mut Cx, a: Args<'_>, kind: Kind) -> R {
    let Some(value) = a.opt(1) else {
        return Err(cx.type_error("can't delete numeric/char attribute"));
    };
    let word = word_of(cx, value, kind)?;
    a.this::<PyMembers>().words[kind as usize].set(word);
    Ok(cx.none())
}

fn word_of(cx: &mut Cx, value: Ref<'_>, kind: Kind) -> R<u64> {
    Ok(match kind {
        Kind::Bool => match value.value().as_bool() {
            Some(b) => b.into(),
            None => return Err(cx.type_error("attribute value type must be bool")),
        },
        Kind::Float => f64::from(cx.to_f64(value)? as f32).to_bits(),
        Kind::Double => cx.to_f64(value)?.to_bits(),
        Kind::Char => {
            let text = cx.is_instance_of(value, Builtin::Str).then(|| cx.text_of(value));
            match text.as_deref().map(str::as_bytes) {
                Some(&[byte]) => byte.into(),
                _ => return Err(cx.type_error("bad argument type for built-in operation")),
            }
        }
        _ => integer(cx, value, kind)? as u64,
    })
}

/// An integer as C stores it, sign or zero extended; with a warning where it does not fit.
fn integer(cx: &mut Cx, value: Ref<'_>, kind: Kind) -> R<i64> {
    if kind == Kind::PySsizeT && !cx.is_instance_of(value, Builtin::Int) {
        return Err(cx.type_error("an integer is required"));
    }
    let index = cx.index(value)?;
    let big = to_bigint(cx, index.r()).unwrap_or_default();
    let n = i128::try_from(&big).ok();
    let unsigned = matches!(kind, Kind::UInt | Kind::ULong | Kind::ULongLong);
    let limits = match unsigned {
        true => i128::from(i64::MIN)..=i128::from(u64::MAX),
        false => i128::from(i64::MIN)..=i128::from(i64::MAX),
    };
    let Some(n) = n.filter(|n| limits.contains(n)) else {
        return Err(cx.overflow_error(match kind {
            Kind::LongLong | Kind::ULongLong => "int too big to convert",
            Kind::UInt | Kind::ULong => "Python int too large to convert to C unsigned long",
            Kind::PySsizeT => "Python int too large to convert to C ssize_t",
            _ => "Python int too large to convert to C long",
        }));
    };
    if unsigned && n < 0 {
        warn(cx, Builtin::RuntimeWarning, "Writing negative value into unsigned field")?;
    }
    let (stored, name) = match kind {
        Kind::Byte => (i128::from(n as i8), "char"),
        Kind::UByte => (i128::from(n as u8), "unsigned char"),
        Kind::Short => (i128::from(n as i16), "short"),
        Kind::UShort => (i128::from(n as u16), "unsigned short"),
        Kind::Int => (i128::from(n as i32), "int"),
        Kind::UInt => (i128::from(n as u32), "unsigned int"),
        _ => (n, ""),
    };
    if stored != n && !name.is_empty() && !(unsigned && n < 0) {
        warn(cx, Builtin::RuntimeWarning, &format!("Truncation of value to {name}"))?;
    }
    Ok(stored as i64)
}

static OLD: OnceLock<&'static PyType> = OnceLock::new();
static NEW: OnceLock<&'static PyType> = OnceLock::new();

/// The longest text that the object has room for.
const MOST_TEXT: usize = 5;

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = a.get(0).downcast::<PyType>(cx) else { return Err(cx.type_error("no class")) };
    let mut words = [0; KINDS];
    for (i, kind) in ALL.into_iter().enumerate().take(NAMES.len()) {
        if let Some(given) = a.opt(i + 1) {
            words[kind as usize] = word_of(cx, given, kind)?;
        }
    }
    let text = match a.opt(NAMES.len() + 1) {
        Some(text) => cx.text_of(text),
        None => String::new(),
    };
    if text.len() > MOST_TEXT {
        return Err(cx.value_error("string too long"));
    }
    let text = cx.str(&text);
    cx.alloc_for(class, |h| PyMembers { h, words: words.map(Word::new), text: Slot::new(text) })
}

macro_rules! members {
    ($t:ident, $cx:ident, $($name:literal $kind:ident)*) => {$(
        $t.getset(
            $cx,
            $name,
            Leaf(|cx, a| get(cx, a, Kind::$kind)),
            Some(Full(|cx, a| set(cx, a, Kind::$kind))),
        );
    )*};
}

fn make(cx: &mut Cx, name: &str) -> &'static PyType {
    let size = size_of::<PyMembers>();
    let mut t = TypeBuilder::native_type(cx, name, &MEMBERS_OPS, size, false, 0);
    let zeros = NAMES.map(|name| format!("{name}=0")).join(", ");
    let signature: &'static str = Box::leak(format!("($cls, {zeros}, T_STRING_INPLACE='')").into_boxed_str());
    t.constructor(cx, signature, Full(construct));
    members!(t, cx, "T_BOOL" Bool "T_BYTE" Byte "T_UBYTE" UByte "T_SHORT" Short "T_USHORT" UShort "T_INT" Int
        "T_UINT" UInt "T_LONG" Long "T_ULONG" ULong "T_PYSSIZET" PySsizeT "T_FLOAT" Float "T_DOUBLE" Double
        "T_LONGLONG" LongLong "T_ULONGLONG" ULongLong "T_CHAR" Char);
    let text = |cx: &mut Cx, a: Args<'_>| {
        let this = a.this::<PyMembers>();
        Ok(this.text.get(&this.h, cx).unwrap_or_else(|| cx.none()))
    };
    t.member(cx, "T_STRING_INPLACE", Full(text));
    t.class()
}

pub(super) fn add_to(cx: &mut Cx, module: &Obj) {
    for (name, class) in [("_test_structmembersType_OldAPI", &OLD), ("_test_structmembersType_NewAPI", &NEW)]
    {
        let class = *class.get_or_init(|| make(cx, &format!("_testcapi.{name}")));
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
}
