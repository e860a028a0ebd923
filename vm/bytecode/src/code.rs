//! A compiled unit as the compiler hands it to the runtime: plain data, no VM objects, the same in every model.

use crate::Op;

/// Words of the frame header at the start of a call window: return address, link, callable, extra.
pub const WINDOW_HEADER: usize = 4;

/// A constant of a code unit. `C` is what stands for code: a unit, or one that is still packed.
#[derive(Clone, Debug)]
pub enum Const<C = Box<CodeUnit>> {
    None,
    True,
    False,
    Ellipsis,
    /// An int that fits 64 bits.
    Int(i64),
    /// A larger int: decimal-free, least significant limb first, never negative (the compiler folds the sign in).
    BigInt {
        negative: bool,
        limbs: Vec<u32>,
    },
    Float(f64),
    Complex {
        real: f64,
        imag: f64,
    },
    /// Text as WTF-8 (UTF-8 that may hold encoded lone surrogates).
    Str(Vec<u8>),
    Bytes(Vec<u8>),
    Tuple(Vec<Const<C>>),
    FrozenSet(Vec<Const<C>>),
    Slice(Box<[Const<C>; 3]>),
    Code(C),
}

/// Where an instruction's source stands: lines from 1, columns in UTF-8 bytes from 0, ends exclusive. Line 0: no source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub line: u32,
    pub end_line: u32,
    pub column: u32,
    pub end_column: u32,
}

/// A protected range of instructions, innermost first in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExceptionEntry {
    /// First protected word.
    pub start: u32,
    /// First word behind the range.
    pub end: u32,
    /// Where the handler begins.
    pub target: u32,
    /// Register that receives the exception. It and all temporaries above it are dropped first.
    pub register: u16,
}

/// `co_flags` with CPython's values (Include/cpython/code.h).
pub mod flags {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const HAS_DOCSTRING: u32 = 0x400_0000;
    pub const METHOD: u32 = 0x800_0000;
}

/// One function, class body, module or comprehension.
///
/// Registers: parameters first (positional, keyword-only, `*args`, `**kwargs`), then the other locals, up to
/// `local_names.len()`; then temporaries up to `register_count`. In a unit with a namespace (module, class body,
/// `exec`, `eval`) register 0 is the namespace: `None` for the globals themselves.
#[derive(Clone, Debug, Default)]
pub struct CodeUnit {
    pub name: String,
    pub qualname: String,
    pub filename: String,
    pub first_line: u32,
    pub flags: u32,
    /// Positional parameters, positional-only ones included.
    pub arg_count: u32,
    pub positional_only_count: u32,
    pub keyword_only_count: u32,
    /// Whether register 0 is a namespace.
    pub has_namespace: bool,
    /// Name of each register that is a local; comprehension variables that were inlined included.
    pub local_names: Vec<String>,
    /// Registers among the locals that hold cells (`MakeCell` makes them).
    pub cell_registers: Vec<u16>,
    pub free_names: Vec<String>,
    pub names: Vec<String>,
    pub register_count: u32,
    pub consts: Vec<Const>,
    pub code: Vec<u64>,
    /// One for each word of `code`.
    pub positions: Vec<Position>,
    pub exceptions: Vec<ExceptionEntry>,
}

/// An instruction, decoded. Layout of the word, from the low bits: opcode 8, flags 8, a 16, b 16, c 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instr {
    pub op: Op,
    /// [`CONSUME_A`], [`CONSUME_B`], [`CONSUME_C`], [`DELEGATES`].
    pub flags: u8,
    pub a: u16,
    pub b: u16,
    pub c: u16,
}

/// The register in field `a` is moved out of: it is empty (or holds an immediate) afterwards.
pub const CONSUME_A: u8 = 1;
/// The same for field `b`.
pub const CONSUME_B: u8 = 2;
/// The same for field `c`.
pub const CONSUME_C: u8 = 4;
/// A `Yield` hands on what the iterator in the register behind `a` has given (`yield from`, `await`).
pub const DELEGATES: u8 = 8;

impl Instr {
    /// Packs the instruction into its word.
    pub fn encode(self) -> u64 {
        self.op as u64
            | (self.flags as u64) << 8
            | (self.a as u64) << 16
            | (self.b as u64) << 32
            | (self.c as u64) << 48
    }

    /// Unpacks a word; `None` if its opcode is not one.
    pub fn decode(word: u64) -> Option<Self> {
        Some(Self {
            op: Op::from_u8(word as u8)?,
            flags: (word >> 8) as u8,
            a: (word >> 16) as u16,
            b: (word >> 32) as u16,
            c: (word >> 48) as u16,
        })
    }

    /// Whether the instruction does no more with what the register holds than look at it, and empties the register: it may be
    /// lent its operand by the instruction before it.
    pub fn borrows(self, register: u16) -> bool {
        match self.op {
            Op::Drop => self.a == register,
            Op::LoadAttr | Op::GetItemImm => self.b == register && self.flags & CONSUME_B != 0,
            Op::GetItem => self.b == register && self.flags & CONSUME_B != 0 && self.c != register,
            _ => false,
        }
    }

    /// The 32-bit operand in fields `b` and `c` (kinds `L`, `K`, `S` followed by `H`).
    pub fn wide(self) -> i32 {
        (self.b as u32 | (self.c as u32) << 16) as i32
    }

    /// An instruction whose fields `b` and `c` hold one 32-bit operand.
    pub fn with_wide(op: Op, flags: u8, a: u16, wide: i32) -> Self {
        Self { op, flags, a, b: wide as u16, c: (wide >> 16) as u16 }
    }
}
