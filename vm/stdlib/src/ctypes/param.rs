//! Python objects as arguments of C functions: `byref`, `from_param`, and what needs no conversion.

use super::data::{self, PyCData, data_of};
use super::info::{Kind, class_in, info_of, info_of_object};
use super::{Own, attr, class_named, codes, keep_class, raw};
use libffi_sys::ffi_type;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::int;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

/// A value on its way to a C function.
pub struct Argument {
    pub ffi: *mut ffi_type,
    pub value: Stored,
    /// What the value refers to.
    pub keep: Option<Obj>,
}

/// The bytes of a value.
#[derive(Clone)]
pub enum Stored {
    /// Of simple types.
    Short([u64; 4]),
    /// Of structures.
    Long(Vec<u8>),
}

impl Stored {
    fn word(word: u64) -> Stored {
        Stored::Short([word, 0, 0, 0])
    }

    pub fn address(&mut self) -> *mut u8 {
        match self {
            Stored::Short(words) => words.as_mut_ptr().cast(),
            Stored::Long(bytes) => bytes.as_mut_ptr(),
        }
    }
}

impl Argument {
    fn pointer(address: usize, keep: Option<Obj>) -> Argument {
        let ffi = &raw mut libffi_sys::ffi_type_pointer;
        Argument { ffi, value: Stored::word(address as u64), keep }
    }
}

/// `CArgObject`: a converted argument.
#[repr(C)]
pub struct PyParam {
    h: Header,
    tag: u8,
    ffi: *mut ffi_type,
    value: [u64; 4],
    object: Slot,
}

ungil_runtime::slot_ops!(PARAM_OPS, PyParam, "CArgObject", object);

fn new_param(cx: &mut Cx, tag: u8, ffi: *mut ffi_type, value: [u64; 4], object: Obj) -> R {
    let object = Slot::new(object);
    cx.alloc_for(class_named(Own::Param), |h| PyParam { h, tag, ffi, value, object })
}

/// A parameter that is an address.
fn new_pointer_param(cx: &mut Cx, tag: u8, address: usize, object: Obj) -> R {
    new_param(cx, tag, &raw mut libffi_sys::ffi_type_pointer, [address as u64, 0, 0, 0], object)
}

/// `byref` of an object.
///
/// # Errors
/// `TypeError`.
pub fn byref(cx: &mut Cx, v: Ref<'_>, offset: isize) -> R {
    match data_of(cx, v) {
        Some(data) => {
            let address = data.start().wrapping_offset(offset) as usize;
            new_pointer_param(cx, b'P', address, v.own(cx))
        }
        None => Err(cx.type_error("expected CData instance")),
    }
}

/// `byref(obj, offset=0)`.
pub fn byref_function(cx: &mut Cx, a: Args<'_>) -> R {
    if data_of(cx, a.get(0)).is_none() {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("byref() argument 1 must be _ctypes._CData, not {got}")));
    }
    let offset = a.opt(1).map_or(Ok(0), |v| cx.index_isize(v, Builtin::OverflowError))?;
    byref(cx, a.get(0), offset)
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyParam>();
    let (tag, word) = (this.tag as char, this.value[0]);
    let at = a.get(0).value().0;
    let is_plain = |c: u8| (32..127).contains(&c) && c != b'\\' && c != b'\'';
    let text = match this.tag {
        b'b' => format!("<cparam '{tag}' ({})>", word as i8),
        b'B' => format!("<cparam '{tag}' ({})>", word as u8),
        b'h' => format!("<cparam '{tag}' ({})>", word as i16),
        b'H' => format!("<cparam '{tag}' ({})>", word as u16),
        b'i' => format!("<cparam '{tag}' ({})>", word as i32),
        b'I' => format!("<cparam '{tag}' ({})>", word as u32),
        b'l' | b'q' => format!("<cparam '{tag}' ({})>", word as i64),
        b'L' | b'Q' => format!("<cparam '{tag}' ({word})>"),
        b'd' | b'f' => {
            let shown = codes::get(cx, this.tag, false, this.value.as_ptr().cast())?;
            format!("<cparam '{tag}' ({})>", cx.repr_string(shown.r())?)
        }
        b'c' if is_plain(word as u8) => format!("<cparam '{tag}' ('{}')>", word as u8 as char),
        b'c' => format!("<cparam '{tag}' ('\\x{:02x}')>", word as u8),
        b'z' | b'Z' | b'P' => format!("<cparam '{tag}' ({word:#x})>"),
        c if is_plain(c) => format!("<cparam '{tag}' at {at:#x}>"),
        c => format!("<cparam 0x{c:02x} at {at:#x}>"),
    };
    Ok(cx.str(&text))
}

fn object(cx: &Cx, a: Args<'_>) -> R {
    let this = a.this::<PyParam>();
    Ok(this.object.get(&this.h, cx).unwrap_or_else(|| cx.none()))
}

pub fn init(cx: &mut Cx) {
    let flags = class_flag::DISALLOW_INSTANTIATION;
    let size = size_of::<PyParam>();
    let mut t = TypeBuilder::native_type(cx, "_ctypes.CArgObject", &PARAM_OPS, size, true, flags);
    t.special(cx, Special::Repr, Full(repr)).member(cx, "_obj", Leaf(object));
    keep_class(Own::Param, t.class());
}

/// What is passed for a C object.
fn of_data(cx: &Cx, v: Ref<'_>, data: &PyCData) -> Option<Argument> {
    let facts = info_of_object(cx, v)?.facts();
    let keep = Some(v.own(cx));
    Some(match facts.kind {
        Kind::Simple => {
            let mut words = [0u64; 4];
            raw::copy(data.start(), words.as_mut_ptr().cast(), facts.size.min(32));
            Argument { ffi: codes::ffi(facts.code), value: Stored::Short(words), keep }
        }
        Kind::Array => Argument::pointer(data.start() as usize, keep),
        Kind::Pointer | Kind::Function => Argument::pointer(data.pointer() as usize, keep),
        Kind::Structure | Kind::Union => {
            let value = Stored::Long(raw::bytes(data.start(), facts.size));
            Argument { ffi: facts.ffi(), value, keep }
        }
    })
}

/// What is passed for an object, the argument of this number.
///
/// # Errors
/// `TypeError`, `OverflowError`.
pub fn argument(cx: &mut Cx, v: Ref<'_>, number: usize) -> R<Argument> {
    if let Some(data) = data_of(cx, v)
        && let Some(argument) = of_data(cx, v, data)
    {
        return Ok(argument);
    }
    if let Some(param) = v.downcast::<PyParam>(cx) {
        return Ok(Argument { ffi: param.ffi, value: Stored::Short(param.value), keep: Some(v.own(cx)) });
    }
    if v.value().is_none() {
        return Ok(Argument::pointer(0, None));
    }
    if cx.is_instance_of(v, Builtin::Int) {
        let Some(word) = int::to_i64(cx, v).map(|i| i as u64).or_else(|| unsigned(cx, v)) else {
            return Err(cx.overflow_error("int too long to convert"));
        };
        let ffi = &raw mut libffi_sys::ffi_type_sint32;
        return Ok(Argument { ffi, value: Stored::word(word), keep: None });
    }
    if v.downcast::<PyBytes>(cx).is_some() {
        return Ok(Argument::pointer(codes::address_of_bytes(cx, v), Some(v.own(cx))));
    }
    if let Some(s) = v.downcast::<PyStr>(cx) {
        let wide = codes::wide_bytes(cx, s);
        return Ok(Argument::pointer(codes::address_of_bytes(cx, wide.r()), Some(wide)));
    }
    match attr(cx, v, "_as_parameter_")? {
        Some(inner) => {
            let recursing = " while processing _as_parameter_";
            let mut argument = cx.recursing(recursing, |cx| argument(cx, inner.r(), number))?;
            argument.keep.get_or_insert(inner);
            Ok(argument)
        }
        None => Err(cx.type_error(format!("Don't know how to convert parameter {number}"))),
    }
}

/// An int that fits in 64 bits without a sign.
fn unsigned(cx: &Cx, v: Ref<'_>) -> Option<u64> {
    u64::try_from(int::to_bigint(cx, v)?).ok()
}

/// Goes on with the object's `_as_parameter_`; `None` if it has none.
fn by_attribute(cx: &mut Cx, class: &'static PyType, v: Ref<'_>, go_on: Convert) -> R<Option<Obj>> {
    match attr(cx, v, "_as_parameter_")? {
        Some(inner) => {
            cx.recursing(" while processing _as_parameter_", |cx| go_on(cx, class, inner.r())).map(Some)
        }
        None => Ok(None),
    }
}

type Convert = fn(&mut Cx, &'static PyType, Ref<'_>) -> R;

/// `from_param` of most types: their instances, and `byref` of what they point to.
///
/// # Errors
/// `TypeError`.
pub fn convert_for(cx: &mut Cx, class: &'static PyType, v: Ref<'_>) -> R {
    if cx.is_instance(v, class.as_ref())? {
        return Ok(v.own(cx));
    }
    let wanted = class.tp_name();
    if let Some(param) = v.downcast::<PyParam>(cx) {
        let object = param.object.get(&param.h, cx).unwrap_or_else(|| cx.none());
        let item = info_of(cx, class).and_then(|info| info.item.get(&info.h, cx));
        if let Some(item) = item
            && cx.is_instance(object.r(), item.r())?
        {
            return Ok(v.own(cx));
        }
        let got = if object.value().is_none() { "???".into() } else { cx.type_name(object.r()) };
        return Err(cx.type_error(format!("expected {wanted} instance instead of pointer to {got}")));
    }
    if let Some(done) = by_attribute(cx, class, v, convert_for)? {
        return Ok(done);
    }
    let got = cx.type_name(v);
    Err(cx.type_error(format!("expected {wanted} instance instead of {got}")))
}

/// `from_param` of simple types.
///
/// # Errors
/// `TypeError`, or what the conversion raises.
pub fn convert_simple(cx: &mut Cx, class: &'static PyType, v: Ref<'_>) -> R {
    let code = super::info::required(cx, class)?.facts().code;
    match code {
        b'z' | b'Z' => return convert_text(cx, class, v),
        b'P' => return convert_address(cx, class, v),
        _ => {}
    }
    if cx.is_instance(v, class.as_ref())? {
        return Ok(v.own(cx));
    }
    let mut value = [0u64; 4];
    match codes::set(cx, code, false, value.as_mut_ptr().cast(), v) {
        Ok(keep) => new_param(cx, code, codes::ffi(code), value, keep),
        Err(err) => match by_attribute(cx, class, v, convert_simple)? {
            Some(done) => Ok(done),
            None => Err(err),
        },
    }
}

fn is_array_or_pointer(cx: &Cx, v: Ref<'_>) -> bool {
    info_of_object(cx, v).is_some_and(|info| matches!(info.facts().kind, Kind::Array | Kind::Pointer))
}

/// The letter of a type, 0 if it is not simple.
fn code_of(cx: &Cx, class: Option<&'static PyType>) -> u8 {
    class.and_then(|class| info_of(cx, class)).map_or(0, |info| info.facts().code)
}

/// A converted string, which the parameter keeps.
fn new_text_param(cx: &mut Cx, tag: u8, v: Ref<'_>) -> R {
    let keep = match v.downcast::<PyStr>(cx) {
        Some(s) => codes::wide_bytes(cx, s),
        None => v.own(cx),
    };
    let address = codes::address_of_bytes(cx, keep.r());
    new_pointer_param(cx, tag, address, keep)
}

/// `c_char_p.from_param` and `c_wchar_p.from_param`.
fn convert_text(cx: &mut Cx, class: &'static PyType, v: Ref<'_>) -> R {
    if v.value().is_none() {
        return Ok(cx.none());
    }
    let code = code_of(cx, Some(class));
    let (item, is_text) = match code {
        b'z' => (b'c', v.downcast::<PyBytes>(cx).is_some()),
        _ => (b'u', v.downcast::<PyStr>(cx).is_some()),
    };
    if is_text {
        return new_text_param(cx, code, v);
    }
    if cx.is_instance(v, class.as_ref())? {
        return Ok(v.own(cx));
    }
    if is_array_or_pointer(cx, v) {
        let inner = info_of_object(cx, v).and_then(|info| class_in(cx, info, &info.item));
        if code_of(cx, inner) == item {
            return Ok(v.own(cx));
        }
    }
    if let Some(param) = v.downcast::<PyParam>(cx) {
        let object = param.object.get(&param.h, cx).unwrap_or_else(|| cx.none());
        if info_of_object(cx, object.r()).is_some_and(|info| info.facts().code == item) {
            return Ok(v.own(cx));
        }
    }
    match by_attribute(cx, class, v, convert_text)? {
        Some(done) => Ok(done),
        None => Err(not_interpretable(cx, v, if code == b'z' { "c_char_p" } else { "c_wchar_p" })),
    }
}

fn not_interpretable(cx: &mut Cx, v: Ref<'_>, name: &str) -> Err {
    let got = cx.type_name(v);
    cx.type_error(format!("'{got}' object cannot be interpreted as ctypes.{name}"))
}

/// `c_void_p.from_param`.
fn convert_address(cx: &mut Cx, class: &'static PyType, v: Ref<'_>) -> R {
    if v.value().is_none() {
        return Ok(cx.none());
    }
    if let Some(address) = codes::address(cx, v) {
        let none = cx.none();
        return new_pointer_param(cx, b'P', address as usize, none);
    }
    if v.downcast::<PyBytes>(cx).is_some() {
        return new_text_param(cx, b'z', v);
    }
    if v.downcast::<PyStr>(cx).is_some() {
        return new_text_param(cx, b'Z', v);
    }
    if cx.is_instance(v, class.as_ref())? || is_array_or_pointer(cx, v) {
        return Ok(v.own(cx));
    }
    if v.downcast::<PyParam>(cx).is_some_and(|param| param.tag == b'P') {
        return Ok(v.own(cx));
    }
    if let Some((data, info)) = data_of(cx, v).zip(info_of_object(cx, v)) {
        let tag = match (info.facts().kind, info.facts().code) {
            (Kind::Function, _) => b'P',
            (_, b'z' | b'Z') => b'Z',
            _ => 0,
        };
        if tag != 0 {
            return new_pointer_param(cx, tag, data.pointer() as usize, v.own(cx));
        }
    }
    match by_attribute(cx, class, v, convert_address)? {
        Some(done) => Ok(done),
        None => Err(not_interpretable(cx, v, "c_void_p")),
    }
}

/// `from_param` of pointers: also instances of what they point to, and arrays of it.
///
/// # Errors
/// `TypeError`.
pub fn convert_pointer(cx: &mut Cx, class: &'static PyType, v: Ref<'_>) -> R {
    if v.value().is_none() {
        return Ok(cx.none());
    }
    let info = super::info::required(cx, class)?;
    if let Some(item) = info.item.get(&info.h, cx) {
        if cx.is_instance(v, item.r())? {
            return byref(cx, v, 0);
        }
        if is_array_or_pointer(cx, v) {
            let inner = info_of_object(cx, v).and_then(|info| info.item.get(&info.h, cx));
            if let Some(inner) = inner
                && cx.is_subclass(inner.r(), item.r())?
            {
                return Ok(v.own(cx));
            }
        }
    }
    convert_for(cx, class, v)
}

/// Whether the object is one of ours that functions take as it is.
pub fn is_data(cx: &Cx, v: Ref<'_>) -> bool {
    data::data_of(cx, v).is_some()
}
