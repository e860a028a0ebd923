//! `CField`: the descriptor of a field of a structure or union, whose place `ctypes._layout` has computed.

use super::data::{self, data_of};
use super::info::{Kind, class_in, info_of, info_of_type};
use super::{Own, array, class_named, codes, keep_class, raw};
use ungil_locks::primitive::{AtomicBool, Ordering};
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::int::new_word;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::prelude::*;

#[repr(C)]
pub struct PyField {
    pub h: Header,
    pub name: Slot,
    class: Slot,
    pub place: Place,
    anonymous: AtomicBool,
}

/// Where a field is.
#[derive(Clone, Copy)]
pub struct Place {
    pub offset: usize,
    pub size: usize,
    pub index: usize,
    /// Offset and number of bits, of a bit field.
    pub bits: Option<(u32, u32)>,
}

ungil_runtime::slot_ops!(FIELD_OPS, PyField, "_ctypes.CField", name, class);

impl PyField {
    /// The type of the field.
    pub fn class(&self, cx: &Cx) -> Option<&'static PyType> {
        PyType::from_ref(self.class.get(&self.h, cx)?.r(), cx)
    }

    pub fn name(&self, cx: &Cx) -> Obj {
        self.name.get(&self.h, cx).unwrap_or_else(|| cx.none())
    }

    pub fn is_anonymous(&self) -> bool {
        // ORD: relaxed; set by the thread that makes the class.
        self.anonymous.load(Ordering::Relaxed)
    }

    pub fn set_anonymous(&self) {
        // ORD: as above.
        self.anonymous.store(true, Ordering::Relaxed);
    }

    /// The same field as one of a structure that has this one's in it.
    pub fn moved(&self, cx: &mut Cx, index: usize, offset: usize) -> R {
        let class = self.class.get(&self.h, cx).unwrap_or_else(|| cx.none());
        let place =
            Place { offset: self.place.offset + offset, index: self.place.index + index, ..self.place };
        new_field(cx, self.name(cx), class, place)
    }
}

fn new_field(cx: &mut Cx, name: Obj, class: Obj, place: Place) -> R {
    let (name, class) = (Slot::new(name), Slot::new(class));
    let anonymous = AtomicBool::new(false);
    cx.alloc_for(class_named(Own::Field), |h| PyField { h, name, class, place, anonymous })
}

fn number(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<usize> {
    let n = cx.index_isize(v, Builtin::OverflowError)?;
    usize::try_from(n).map_err(|_| cx.value_error(format!("{what} must not be negative")))
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(1).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("CField() argument 'name' must be str, not {got}")));
    }
    let Some(info) = info_of_type(cx, a.get(2)) else {
        let name = cx.repr_string(a.get(1))?;
        return Err(cx.type_error(format!("type of field {name} must be a C type")));
    };
    let facts = info.facts();
    let (size, offset) = (number(cx, a.get(3), "byte_size")?, number(cx, a.get(4), "byte_offset")?);
    let index = number(cx, a.get(5), "index")?;
    if size != facts.size {
        let (name, own) = (cx.repr_string(a.get(1))?, facts.size);
        let message = format!("byte_size of field {name} ({size}) does not match type size ({own})");
        return Err(cx.value_error(message));
    }
    let bits = match (a.opt_not_none(7), a.opt_not_none(8)) {
        (Some(bits), offset) => {
            if facts.kind != Kind::Simple || (codes::whole(facts.code).is_none() && facts.code != b'?') {
                let class = PyType::from_ref(a.get(2), cx).map_or_else(String::new, PyType::name);
                return Err(cx.type_error(format!("bit fields not allowed for type {class}")));
            }
            let bits = number(cx, bits, "bit_size")?;
            let offset = offset.map_or(Ok(0), |v| number(cx, v, "bit_offset"))?;
            if bits == 0 || bits > 8 * size {
                let name = cx.repr_string(a.get(1))?;
                return Err(cx.value_error(format!("number of bits invalid for bit field {name}")));
            }
            if offset.checked_add(bits).is_none_or(|end| end > 8 * size) {
                let (name, most) = (cx.repr_string(a.get(1))?, 8 * size);
                let message = format!("bit field {name} overflows its type ({offset} + {bits} > {most})");
                return Err(cx.value_error(message));
            }
            Some((offset as u32, bits as u32))
        }
        (None, _) => None,
    };
    let (name, class) = (a.get(1).own(cx), a.get(2).own(cx));
    new_field(cx, name, class, Place { offset, size, index, bits })
}

/// The instance's memory at the field, which it surely has.
fn place(cx: &mut Cx, field: &PyField, v: Ref<'_>) -> R<(&'static PyType, *mut u8)> {
    let Some(data) = data_of(cx, v) else { return Err(cx.type_error("not a ctype instance")) };
    let Some(class) = field.class(cx) else { return Err(cx.type_error("a field without a type")) };
    let (start, size) = data.memory();
    // A field of another structure may lie beyond the end of this one's memory.
    if field.place.offset.checked_add(field.place.size).is_none_or(|end| end > size) {
        return Err(cx.type_error("the object has no such field"));
    }
    Ok((class, start.wrapping_add(field.place.offset)))
}

/// The letter of the items of an array of characters, else 0.
fn text_code(cx: &Cx, class: &'static PyType) -> u8 {
    match info_of(cx, class).filter(|info| info.facts().kind == Kind::Array) {
        Some(info) => array::text_code(cx, class_in(cx, info, &info.item)),
        None => 0,
    }
}

fn get(cx: &mut Cx, a: Args<'_>) -> R {
    let field = a.this::<PyField>();
    let Some(instance) = a.opt_not_none(1) else { return Ok(a.get(0).own(cx)) };
    let (class, at) = place(cx, field, instance)?;
    if let Some((offset, bits)) = field.place.bits {
        let facts = super::info::required(cx, class)?.facts();
        return Ok(codes::get_bits(cx, facts.code, facts.swapped, at, offset, bits));
    }
    match text_code(cx, class) {
        0 => data::get(cx, class, instance, field.place.index, at),
        b'c' => {
            let all = raw::bytes(at, raw::length(at, field.place.size));
            Ok(new_bytes(cx, &all))
        }
        _ => {
            let wide = raw::wide(at, raw::wide_length(at, field.place.size / 4));
            codes::text_of_wide(cx, &wide)
        }
    }
}

fn set(cx: &mut Cx, a: Args<'_>) -> R {
    let field = a.this::<PyField>();
    let (class, at) = place(cx, field, a.get(1))?;
    let value = a.get(2);
    if let Some(bits) = field.place.bits {
        let facts = super::info::required(cx, class)?.facts();
        codes::set_bits(cx, (facts.code, facts.swapped), at, bits, value)?;
        return Ok(cx.none());
    }
    let size = field.place.size;
    match text_code(cx, class) {
        0 => data::set(cx, a.get(1), class, value, field.place.index, at)?,
        b'c' => {
            let Some(bytes) = value.downcast::<PyBytes>(cx) else {
                let got = cx.type_name(value);
                return Err(cx.type_error(format!("expected bytes, {got} found")));
            };
            // As C takes it: up to the first zero.
            let n = bytes.as_bytes().iter().position(|&b| b == 0).unwrap_or(bytes.len());
            if n > size {
                return Err(cx.value_error(format!("bytes too long ({n}, maximum length {size})")));
            }
            array::put_bytes(&bytes.as_bytes()[..n], at, size);
        }
        _ => {
            let Some(s) = value.downcast::<PyStr>(cx) else {
                let got = cx.type_name(value);
                return Err(cx.type_error(format!("unicode string expected instead of {got} instance")));
            };
            let (n, most) = (s.char_len(), size / 4);
            if n > most {
                return Err(cx.value_error(format!("string too long ({n}, maximum length {most})")));
            }
            array::put_text(s, at, size);
        }
    }
    Ok(cx.none())
}

fn delete(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.type_error("can't delete attribute"))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let field = a.this::<PyField>();
    let class = field.class(cx).map_or_else(String::new, PyType::name);
    let name = field.name(cx);
    let name = cx.repr_string(name.r())?;
    let Place { offset, size, bits, .. } = field.place;
    let place = match bits {
        Some((bit_offset, bits)) => format!("bit_size={bits}, bit_offset={bit_offset}"),
        None => format!("size={size}"),
    };
    Ok(cx.str(&format!("<ctypes.CField {name} type={class}, ofs={offset}, {place}>")))
}

/// `size`: bytes, or for a bit field offset and number of bits in one.
fn size(cx: &Cx, a: Args<'_>) -> R {
    let place = a.this::<PyField>().place;
    let size = place.bits.map_or(place.size as i64, |(offset, bits)| i64::from(bits << 16 | offset));
    Ok(cx.int(size))
}

fn bit_size(cx: &Cx, a: Args<'_>) -> R {
    let place = a.this::<PyField>().place;
    Ok(new_word(cx, place.bits.map_or(8 * place.size as i128, |(_, bits)| i128::from(bits))))
}

fn bit_offset(cx: &Cx, a: Args<'_>) -> R {
    let place = a.this::<PyField>().place;
    Ok(cx.int(place.bits.map_or(0, |(offset, _)| i64::from(offset))))
}

fn class(cx: &Cx, a: Args<'_>) -> R {
    let field = a.this::<PyField>();
    Ok(field.class.get(&field.h, cx).unwrap_or_else(|| cx.none()))
}

pub fn init(cx: &mut Cx) -> &'static PyType {
    let flags = 0;
    let size_of_field = size_of::<PyField>();
    let mut t = TypeBuilder::native_type(cx, "ctypes.CField", &FIELD_OPS, size_of_field, true, flags);
    t.doc(cx, "Structure/Union member")
        .constructor(
            cx,
            "($type, /, name, type, byte_size, byte_offset, index, _internal_use, bit_size=None, bit_offset=None)",
            Full(construct),
        )
        .special(cx, Special::Get, Full(get))
        .special(cx, Special::Set, Full(set))
        .special(cx, Special::Delete, Full(delete))
        .special(cx, Special::Repr, Full(repr))
        .member(cx, "name", Leaf(|cx, a| Ok(a.this::<PyField>().name(cx))))
        .member(cx, "type", Leaf(class))
        .member(cx, "offset", Leaf(|cx, a| Ok(cx.int(a.this::<PyField>().place.offset as i64))))
        .member(cx, "size", Leaf(size))
        .member(cx, "byte_offset", Leaf(|cx, a| Ok(cx.int(a.this::<PyField>().place.offset as i64))))
        .member(cx, "byte_size", Leaf(|cx, a| Ok(cx.int(a.this::<PyField>().place.size as i64))))
        .member(cx, "bit_offset", Leaf(bit_offset))
        .member(cx, "bit_size", Leaf(bit_size))
        .member(cx, "is_bitfield", Leaf(|cx, a| Ok(cx.bool(a.this::<PyField>().place.bits.is_some()))))
        .member(cx, "is_anonymous", Leaf(|cx, a| Ok(cx.bool(a.this::<PyField>().is_anonymous()))));
    keep_class(Own::Field, t.class());
    t.class()
}
