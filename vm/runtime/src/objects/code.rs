//! Code objects: a linked [`CodeUnit`]. Immortal: functions and frames refer to them without counting.
//!
//! Linking copies the instructions, puts each constant's value behind its `LoadConst`, and interns the names. The words
//! of inline caches are the only part that changes afterwards, each an atomic word of its own.

use crate::bind_python;
use crate::objects::{bytes, complex, set, slice, str, tuple};
use crate::prelude::*;
use crate::{SharedValue, Vm};
use std::sync::OnceLock;
use ungil_bytecode::{CodeUnit, Const, Instr, Op, Position, flags};
use ungil_locks::primitive::Mutex;

/// See the module's head.
#[repr(C)]
pub struct PyCode {
    pub h: Header,
    pub words: Box<[u64]>,
    pub unit: CodeUnit,
    pub consts: Box<[SharedValue]>,
    pub names: Box<[SharedValue]>,
    pub local_names: Box<[SharedValue]>,
    pub free_names: Box<[SharedValue]>,
    pub name: SharedValue,
    pub qualname: SharedValue,
    pub filename: SharedValue,
    /// Arguments of a call that can be taken as they stand; `usize::MAX` if calls need sorting.
    simple_args: usize,
    pub parameters: bind_python::Parameters,
}

unsafe fn code_size(_: *mut Header) -> usize {
    size_of::<PyCode>()
}

/// Code is immortal and refers to immortal objects only.
pub static CODE_OPS: TypeOps =
    TypeOps { name: "code", size: code_size, trace: None, drop_fields: None, needs_finalizer: |_| false };

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PyCode {
    const OPS: &'static TypeOps = &CODE_OPS;
}

struct CodeList(Vec<&'static PyCode>);
// SAFETY: code objects are immortal, their caches atomic words.
unsafe impl Send for CodeList {}
static ALL: OnceLock<Mutex<CodeList>> = OnceLock::new();

/// Calls `f` for every code object.
pub fn for_each(mut f: impl FnMut(&'static PyCode)) {
    if let Some(all) = ALL.get() {
        all.lock().unwrap_or_else(|p| p.into_inner()).0.iter().for_each(|code| f(code));
    }
}

/// Makes the code object of a unit, and those of the units among its constants. The constants are in the code object alone.
pub fn link(cx: &mut Cx, mut unit: CodeUnit) -> &'static PyCode {
    let consts = std::mem::take(&mut unit.consts);
    let consts = consts.into_iter().map(|c| make(cx, c)).collect();
    link_with(cx, unit, consts)
}

/// Makes the code object of a unit that has these constants.
pub fn link_with(cx: &mut Cx, unit: CodeUnit, consts: Box<[SharedValue]>) -> &'static PyCode {
    let intern_all = |cx: &Cx, names: &[String]| -> Box<[SharedValue]> {
        names.iter().map(|n| str::intern(cx, n)).collect()
    };
    let mut words = unit.code.clone();
    let mut at = 0;
    while at < words.len() {
        let instr = Instr::decode(words[at]).unwrap_or_else(|| ungil_gc::fatal("undecodable bytecode"));
        match instr.op {
            Op::LoadConst => words[at + 1] = consts[instr.wide() as usize].get().value().0,
            Op::SetItemConst => words[at + 1] = consts[words[at + 1] as u32 as usize].get().value().0,
            _ => {}
        }
        at += instr.op.words();
    }
    let plain = unit.flags & (flags::VARARGS | flags::VARKEYWORDS) == 0 && unit.keyword_only_count == 0;
    let header = Header::new(Builtin::Code as u32);
    header.make_global();
    let code: &'static PyCode = Box::leak(Box::new(PyCode {
        h: header,
        words: words.into_boxed_slice(),
        names: intern_all(cx, &unit.names),
        local_names: intern_all(cx, &unit.local_names),
        free_names: intern_all(cx, &unit.free_names),
        name: str::intern(cx, &unit.name),
        qualname: str::intern(cx, &unit.qualname),
        filename: str::intern(cx, &unit.filename),
        simple_args: if plain && !unit.has_namespace { unit.arg_count as usize } else { usize::MAX },
        parameters: bind_python::Parameters::of(&unit),
        consts,
        unit,
    }));
    let all = ALL.get_or_init(|| Mutex::new(CodeList(Vec::new())));
    all.lock().unwrap_or_else(|p| p.into_inner()).0.push(code);
    code
}

fn make(cx: &mut Cx, constant: Const) -> SharedValue {
    let obj = constant_object(cx, constant);
    SharedValue::new(obj)
}

/// A constant as an object; its parts are immortal.
pub fn constant_object(cx: &mut Cx, constant: Const) -> Obj {
    match constant {
        Const::None => cx.none(),
        Const::True => cx.bool(true),
        Const::False => cx.bool(false),
        Const::Ellipsis => Obj::immediate(Value::ELLIPSIS),
        Const::Int(i) => cx.int(i),
        Const::BigInt { negative, limbs } => {
            let sign = if negative { num_bigint::Sign::Minus } else { num_bigint::Sign::Plus };
            crate::objects::int::new_big(cx, num_bigint::BigInt::from_slice(sign, &limbs))
        }
        Const::Float(x) => cx.float(x),
        Const::Complex { real, imag } => complex::new_complex(cx, real, imag),
        Const::Str(text) => {
            let obj = str::new_wtf8(cx, &text);
            str::intern_obj(cx, obj)
        }
        Const::Bytes(data) => bytes::new_bytes(cx, &data),
        Const::Tuple(items) => {
            let items = items.into_iter().map(|c| make(cx, c).get().own(cx)).collect();
            tuple::new_tuple(cx, items)
        }
        Const::FrozenSet(items) => {
            let items = items.into_iter().map(|c| make(cx, c).get().own(cx)).collect();
            // Constants hash without running Python.
            set::new_frozenset(cx, items).unwrap_or_else(|_| ungil_gc::fatal("an unhashable constant"))
        }
        Const::Slice(parts) => {
            let [a, b, c] = *parts;
            let [a, b, c] = [a, b, c].map(|part| make(cx, part).get().own(cx));
            slice::new_slice(cx, a, b, c)
        }
        Const::Code(unit) => link(cx, *unit).as_obj(),
    }
}

impl PyCode {
    /// The object.
    pub fn as_obj(&'static self) -> Obj {
        // SAFETY: immortal.
        unsafe { Obj::from_owned(Value::from_ptr(self)) }
    }

    #[inline(always)]
    pub fn entry(&self) -> *const u64 {
        self.words.as_ptr()
    }

    #[inline(always)]
    pub fn register_count(&self) -> usize {
        self.unit.register_count as usize
    }

    #[inline(always)]
    pub fn local_count(&self) -> usize {
        self.local_names.len()
    }

    /// Parameters of all kinds: the first locals.
    #[inline]
    pub fn parameter_count(&self) -> usize {
        let starred = (self.unit.flags & flags::VARARGS != 0) as u32
            + (self.unit.flags & flags::VARKEYWORDS != 0) as u32;
        (self.unit.arg_count + self.unit.keyword_only_count + starred) as usize
    }

    #[inline(always)]
    pub fn simple_args(&self) -> usize {
        self.simple_args
    }

    pub fn has_flag(&self, bit: u32) -> bool {
        self.unit.flags & bit != 0
    }

    /// Word index of an instruction.
    pub fn offset_of(&self, ip: *const u64) -> usize {
        (ip as usize).wrapping_sub(self.entry() as usize) / 8
    }

    /// Source range of the instruction at a word index.
    pub fn position(&self, at: usize) -> Position {
        self.unit.positions.get(at).copied().unwrap_or_default()
    }

    /// Empties all inline caches. The world is stopped.
    pub fn clear_caches(&self) {
        let mut at = 0;
        while at < self.words.len() {
            let Some(instr) = Instr::decode(self.words[at]) else { return };
            let first = match instr.op {
                Op::LoadConst | Op::MakeFunction | Op::SetItemConst => 0,
                Op::CallMethod | Op::CallMethodKw => 2,
                _ => 1,
            };
            if first != 0 {
                for i in first..instr.op.words() {
                    // SAFETY: a cache word of this code.
                    unsafe { crate::interp::cache::store(&self.words[at + i], 0) };
                }
            }
            at += instr.op.words();
        }
    }
}

impl Vm {
    /// Verifies (in debug builds and on request) and links a compiled unit.
    pub fn check(unit: &CodeUnit) {
        if cfg!(debug_assertions)
            && let Err(error) = ungil_bytecode::verify(unit)
        {
            ungil_gc::fatal(&error.to_string());
        }
    }
}
