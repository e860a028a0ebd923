//! Code objects. Immortal: functions and frames refer to them without counting.
//!
//! A code object begins as the [`Head`] of a packed unit: most functions of most modules are never called. Its first
//! instruction is then [`Op::Link`], which a call executes like any other: linking copies the instructions, puts each
//! constant's value behind its `LoadConst`, takes other instructions for those that write temporaries, interns the names
//! and makes the code objects among the constants. Then [`PyCode::entry`] is the real first instruction. The words of
//! inline caches are the only part that changes afterwards, each an atomic word of its own. Positions stay packed until
//! something asks for one.

use crate::bind_python;
use crate::hook::Hook;
use crate::objects::{bytes, complex, set, slice, str, tuple};
use crate::prelude::*;
use crate::{SharedValue, Vm};
use std::sync::OnceLock;
use ungil_bytecode::{
    Body, CONSUME_B, CodeUnit, Const, ExceptionEntry, Head, Instr, Op, Position, Words, flags,
    unpack_position, unpack_positions,
};
use ungil_locks::primitive::{AtomicPtr, Mutex, Ordering};

/// See the module's head.
#[repr(C)]
pub struct PyCode {
    pub h: Header,
    /// The first instruction: the one in [`LINK`], or that of `linked`, which is set before.
    entry: AtomicPtr<u64>,
    linked: Hook<&'static Linked>,
    pub head: Head<'static>,
    pub name: SharedValue,
    pub qualname: SharedValue,
    /// Name of the file as it was compiled.
    pub filename: SharedValue,
    pub free_names: Box<[SharedValue]>,
    local_names: Hook<&'static LocalNames>,
    /// Arguments of a call that can be taken as they stand; `usize::MAX` if calls need sorting.
    simple_args: usize,
    pub parameters: bind_python::Parameters,
}

/// Made when something asks for them.
struct LocalNames(Box<[SharedValue]>);

// Imports make thousands; the allocator's next size is 32 bytes more.
ungil_locks::assert_layout!(size_of::<PyCode>() - size_of::<Header>() <= 208);

/// What running the code needs.
#[derive(Debug)]
pub struct Linked {
    words: Box<[u64]>,
    pub consts: Box<[SharedValue]>,
    pub names: Box<[SharedValue]>,
    /// See [`CodeUnit`].
    pub cell_registers: Box<[u16]>,
    pub exceptions: Box<[ExceptionEntry]>,
    /// The instructions as they were compiled, packed.
    pub code: Words<'static>,
    /// The positions of all words, packed.
    pub positions: &'static [u8],
    unpacked_positions: OnceLock<Box<[Position]>>,
}

fn damaged() -> ! {
    ungil_gc::fatal("damaged code of a module")
}

/// Where code begins that is not linked.
static LINK: [u64; 1] = [Op::Link as u64];

/// The address of [`LINK`].
pub(crate) fn unlinked_entry() -> *const u64 {
    LINK.as_ptr()
}

/// Where in a code object the address of its first instruction is.
pub(crate) const ENTRY_OFFSET: usize = std::mem::offset_of!(PyCode, entry);

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

/// The code object of a unit.
pub fn link(cx: &mut Cx, unit: &CodeUnit) -> &'static PyCode {
    // Code is immortal.
    let packed = Box::leak(ungil_bytecode::pack(unit).into_boxed_slice());
    of_packed(cx, packed, &unit.filename).unwrap_or_else(|| ungil_gc::fatal("a unit that cannot be unpacked"))
}

/// The code object of a packed unit of a file; `None` if the bytes are something else.
pub fn of_packed(cx: &Cx, packed: &'static [u8], file: &str) -> Option<&'static PyCode> {
    let filename = str::intern(cx, file);
    Some(of_head(cx, Head::of(packed)?, filename))
}

/// The code object of a unit that has these constants in place of its own.
pub fn link_with(cx: &mut Cx, mut unit: CodeUnit, consts: Box<[SharedValue]>) -> &'static PyCode {
    unit.consts.clear();
    let code = link(cx, &unit);
    let body = code.body();
    code.set_linked(Linked::new(cx, body, consts, code.local_count()));
    code
}

fn of_head(cx: &Cx, head: Head<'static>, filename: SharedValue) -> &'static PyCode {
    let plain = head.flags & (flags::VARARGS | flags::VARKEYWORDS) == 0 && head.keyword_only_count == 0;
    let header = Header::new(Builtin::Code as u32);
    header.make_global();
    let code: &'static PyCode = Box::leak(Box::new(PyCode {
        h: header,
        entry: AtomicPtr::new(LINK.as_ptr().cast_mut()),
        linked: Hook::new(),
        name: str::intern(cx, head.name),
        qualname: str::intern(cx, head.qualname),
        filename,
        free_names: intern_all(cx, head.free_names.iter()),
        local_names: Hook::new(),
        simple_args: if plain && !head.has_namespace { head.arg_count as usize } else { usize::MAX },
        parameters: bind_python::Parameters::of(&head),
        head,
    }));
    let all = ALL.get_or_init(|| Mutex::new(CodeList(Vec::new())));
    all.lock().unwrap_or_else(|p| p.into_inner()).0.push(code);
    code
}

fn intern_all<'a>(cx: &Cx, names: impl Iterator<Item = &'a str>) -> Box<[SharedValue]> {
    names.map(|n| str::intern(cx, n)).collect()
}

impl Linked {
    fn new(cx: &Cx, body: Body<'static>, consts: Box<[SharedValue]>, locals: usize) -> Linked {
        let mut words = body.code.unpack().unwrap_or_else(|| damaged());
        let mut at = 0;
        while at < words.len() {
            let instr = Instr::decode(words[at]).unwrap_or_else(|| ungil_gc::fatal("undecodable bytecode"));
            match instr.op {
                Op::LoadConst => words[at + 1] = consts[instr.wide() as usize].get().value().0,
                Op::SetItemConst => words[at + 1] = consts[words[at + 1] as u32 as usize].get().value().0,
                _ => {}
            }
            let next = at + instr.op.words();
            if instr.a as usize >= locals {
                let borrows =
                    words.get(next).and_then(|&word| Instr::decode(word)).is_some_and(|i| i.borrows(instr.a));
                let lent = if borrows { instr.op.to_lent() } else { None };
                if let Some(op) = lent.or_else(|| instr.op.to_temporary(instr.flags & CONSUME_B != 0)) {
                    words[at] = Instr { op, ..instr }.encode();
                }
            }
            at = next;
        }
        Linked {
            words,
            consts,
            names: intern_all(cx, body.names.iter()),
            cell_registers: body.cell_registers.into(),
            exceptions: body.exceptions.into(),
            code: body.code,
            positions: body.positions,
            unpacked_positions: OnceLock::new(),
        }
    }

    /// The instruction at an index as it was compiled; `None` behind the end.
    pub fn compiled(&self, at: usize) -> Option<Instr> {
        let instr = Instr::decode(*self.words.get(at)?)?;
        Some(Instr { op: instr.op.as_compiled(), ..instr })
    }

    /// The instructions with their caches.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

/// A constant as an object; its parts are immortal.
pub fn constant_object(cx: &mut Cx, constant: Const) -> Obj {
    constant_of(cx, constant, &|cx, unit| link(cx, &unit).as_obj())
}

/// As [`constant_object`], where `code` makes the code objects.
fn constant_of<C>(cx: &mut Cx, constant: Const<C>, code: &dyn Fn(&mut Cx, C) -> Obj) -> Obj {
    let part = |cx: &mut Cx, c: Const<C>| SharedValue::new(constant_of(cx, c, code)).get().own(cx);
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
            let items = items.into_iter().map(|c| part(cx, c)).collect();
            tuple::new_tuple(cx, items)
        }
        Const::FrozenSet(items) => {
            let items = items.into_iter().map(|c| part(cx, c)).collect();
            // Constants hash without running Python.
            set::new_frozenset(cx, items).unwrap_or_else(|_| ungil_gc::fatal("an unhashable constant"))
        }
        Const::Slice(parts) => {
            let [a, b, c] = *parts;
            let [a, b, c] = [a, b, c].map(|c| part(cx, c));
            slice::new_slice(cx, a, b, c)
        }
        Const::Code(inner) => code(cx, inner),
    }
}

impl PyCode {
    /// The object.
    pub fn as_obj(&'static self) -> Obj {
        // SAFETY: immortal.
        unsafe { Obj::from_owned(Value::from_ptr(self)) }
    }

    /// The first instruction.
    #[inline(always)]
    pub fn entry(&self) -> *const u64 {
        // ORD: acquire; who runs the instructions sees what `set_linked` has stored before.
        self.entry.load(Ordering::Acquire)
    }

    fn body(&self) -> Body<'static> {
        self.head.body().unwrap_or_else(|| damaged())
    }

    /// What running the code needs, made now if need be.
    pub fn linked(&self, cx: &mut Cx) -> &Linked {
        match self.linked.get() {
            Some(linked) => linked,
            None => self.link(cx),
        }
    }

    #[cold]
    fn link(&self, cx: &mut Cx) -> &Linked {
        let mut body = self.body();
        let consts = std::mem::take(&mut body.consts);
        let code = |cx: &mut Cx, head| of_head(cx, head, self.filename).as_obj();
        let consts = consts.into_iter().map(|c| SharedValue::new(constant_of(cx, c, &code))).collect();
        let linked = self.set_linked(Linked::new(cx, body, consts, self.local_count()));
        crate::import::was_read(self.head.packed_body());
        linked
    }

    /// Two threads may link the same code: that of the first is taken. None waits, for it might wait for a collection that
    /// waits for it.
    fn set_linked(&self, new: Linked) -> &Linked {
        // The other thread's is as good.
        let linked = self.linked.keep_first(Box::new(new));
        // ORD: release; see `entry`.
        self.entry.store(linked.words.as_ptr().cast_mut(), Ordering::Release);
        linked
    }

    /// As [`Self::linked`] for code that runs, or has run.
    #[inline(always)]
    pub fn running(&self) -> &Linked {
        self.linked.get().unwrap_or_else(|| ungil_gc::fatal("code runs that is not linked"))
    }

    /// As [`Self::running`] without looking.
    ///
    /// # Safety
    /// A frame runs the code, at another instruction than [`Op::Link`].
    #[inline(always)]
    pub(crate) unsafe fn running_unchecked(&self) -> &Linked {
        // SAFETY: it was linked before such a frame came to its instruction.
        unsafe { self.linked.get().unwrap_unchecked() }
    }

    /// As [`Self::linked`] if that has been made.
    pub fn linked_already(&self) -> Option<&Linked> {
        self.linked.get()
    }

    /// Name of the file as it was compiled.
    pub fn file(&self) -> &'static str {
        let name: Ref<'static> = self.filename.get();
        // SAFETY: a str; what a text was made of is one.
        unsafe { name.cast_unchecked::<str::PyStr>() }.as_str().unwrap_or_default()
    }

    /// Names of the locals.
    #[inline(always)]
    pub fn local_names(&self, cx: &Cx) -> &[SharedValue] {
        match self.local_names.get() {
            Some(names) => &names.0,
            None => self.intern_local_names(cx),
        }
    }

    #[cold]
    fn intern_local_names(&self, cx: &Cx) -> &[SharedValue] {
        let names = intern_all(cx, self.head.local_names.iter());
        &self.local_names.keep_first(Box::new(LocalNames(names))).0
    }

    /// The whole unit but for its constants.
    pub fn unit(&self) -> CodeUnit {
        self.head.without_consts(self.file()).unwrap_or_else(|| damaged())
    }

    #[inline(always)]
    pub fn register_count(&self) -> usize {
        self.head.register_count as usize
    }

    #[inline(always)]
    pub fn local_count(&self) -> usize {
        self.head.local_names.len()
    }

    /// Parameters of all kinds: the first locals.
    #[inline]
    pub fn parameter_count(&self) -> usize {
        let starred = (self.head.flags & flags::VARARGS != 0) as u32
            + (self.head.flags & flags::VARKEYWORDS != 0) as u32;
        (self.head.arg_count + self.head.keyword_only_count + starred) as usize
    }

    #[inline(always)]
    pub fn simple_args(&self) -> usize {
        self.simple_args
    }

    pub fn has_flag(&self, bit: u32) -> bool {
        self.head.flags & bit != 0
    }

    /// Word index of an instruction.
    pub fn offset_of(&self, ip: *const u64) -> usize {
        (ip as usize).wrapping_sub(self.entry() as usize) / 8
    }

    /// Source ranges of all words.
    pub fn positions(&self, cx: &mut Cx) -> &[Position] {
        self.positions_of(self.linked(cx))
    }

    fn positions_of<'a>(&self, linked: &'a Linked) -> &'a [Position] {
        let words = linked.words.len();
        linked.unpacked_positions.get_or_init(|| {
            let positions = unpack_positions(linked.positions, words);
            positions.unwrap_or_else(|| vec![Position::default(); words]).into()
        })
    }

    /// Source range of the instruction at a word index of code that has run.
    pub fn position(&self, at: usize) -> Position {
        let positions = self.linked.get().map_or(&[][..], |linked| self.positions_of(linked));
        positions.get(at).copied().unwrap_or_default()
    }

    /// As [`Self::position`], slower but safe in signal handlers.
    pub fn sampled_position(&self, at: usize) -> Position {
        let position = self.linked.get().and_then(|linked| unpack_position(linked.positions, at));
        position.unwrap_or_default()
    }

    /// Empties all inline caches. The world is stopped.
    pub fn clear_caches(&self) {
        let Some(linked) = self.linked.get() else { return };
        let mut at = 0;
        while at < linked.words.len() {
            let Some(instr) = Instr::decode(linked.words[at]) else { return };
            let first = match instr.op {
                Op::LoadConst | Op::LoadConstToTemp | Op::MakeFunction | Op::SetItemConst => 0,
                Op::CallMethod | Op::CallMethodKw => 2,
                _ => 1,
            };
            if first != 0 {
                for i in first..instr.op.words() {
                    // SAFETY: a cache word of this code.
                    unsafe { crate::interp::cache::store(&linked.words[at + i], 0) };
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
