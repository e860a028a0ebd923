//! The register bytecode of ungil: one opcode table, encoder, decoder, disassembler and verifier.
//!
//! Plain data without VM objects. The compiler writes it, the runtime links and runs it, `ungil --dis` prints it.

mod code;
mod dis;
mod opcodes;
mod pack;
mod verify;

pub use code::{
    CONSUME_A, CONSUME_B, CONSUME_C, CodeUnit, Const, DELEGATES, ExceptionEntry, Instr, Position,
    WINDOW_HEADER, flags,
};
pub use dis::disassemble;
pub use opcodes::CONSUMERS;
pub use pack::{Body, Head, Texts, Words, pack, unpack, unpack_position, unpack_positions};
pub use verify::{VerifyError, verify};

/// What an operand field means; see the table in `opcodes.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Unused,
    Write,
    Read,
    InPlace,
    Temps,
    WriteMany,
    Window,
    Signed,
    Unsigned,
    Name,
    Free,
    Jump,
    LongJump,
    Const,
    Signed32,
    High,
}

macro_rules! operand {
    (_) => {
        Operand::Unused
    };
    (W) => {
        Operand::Write
    };
    (R) => {
        Operand::Read
    };
    (X) => {
        Operand::InPlace
    };
    (T) => {
        Operand::Temps
    };
    (V) => {
        Operand::WriteMany
    };
    (Win) => {
        Operand::Window
    };
    (I) => {
        Operand::Signed
    };
    (U) => {
        Operand::Unsigned
    };
    (N) => {
        Operand::Name
    };
    (F) => {
        Operand::Free
    };
    (J) => {
        Operand::Jump
    };
    (L) => {
        Operand::LongJump
    };
    (K) => {
        Operand::Const
    };
    (S) => {
        Operand::Signed32
    };
    (H) => {
        Operand::High
    };
}

macro_rules! define_ops {
    ($(($name:ident [$a:tt $b:tt $c:tt] $words:literal $doc:literal))*) => {
        /// An opcode.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Op {
            $(#[doc = $doc] $name,)*
        }

        impl Op {
            /// Every opcode, in the order of its number.
            pub const ALL: &'static [Op] = &[$(Op::$name,)*];
            const WORDS: &'static [u8] = &[$($words,)*];
            const NAMES: &'static [&'static str] = &[$(stringify!($name),)*];
            const DOCS: &'static [&'static str] = &[$($doc,)*];
            const OPERANDS: &'static [[Operand; 3]] = &[$([operand!($a), operand!($b), operand!($c)],)*];
        }
    };
}

for_each_opcode!(define_ops);

impl Op {
    /// The opcode with this number.
    #[inline]
    pub fn from_u8(number: u8) -> Option<Op> {
        Op::ALL.get(number as usize).copied()
    }

    /// Words that the instruction takes, those that follow it included.
    #[inline]
    pub fn words(self) -> usize {
        Op::WORDS[self as usize] as usize
    }

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        Op::NAMES[self as usize]
    }

    /// Its line of semantics.
    pub fn doc(self) -> &'static str {
        Op::DOCS[self as usize]
    }

    /// The instruction that does the same where field `a` is a temporary, if there is one. `consumes`: field `b` is consumed.
    pub fn to_temporary(self, consumes: bool) -> Option<Op> {
        match self {
            Op::Move if consumes => Some(Op::MoveToTemp),
            Op::Move => Some(Op::CopyToTemp),
            Op::LoadConst => Some(Op::LoadConstToTemp),
            Op::LoadInt => Some(Op::LoadIntToTemp),
            Op::LoadNone => Some(Op::LoadNoneToTemp),
            Op::LoadGlobal => Some(Op::LoadGlobalToTemp),
            Op::LoadFree => Some(Op::LoadFreeToTemp),
            Op::LoadAttr => Some(Op::LoadAttrToTemp),
            _ => None,
        }
    }

    /// The instruction that does the same where [`Instr::borrows`] says so of the next one and field `a`, if there is one.
    pub fn to_lent(self) -> Option<Op> {
        match self {
            Op::LoadGlobal => Some(Op::LoadGlobalLent),
            Op::LoadFree => Some(Op::LoadFreeLent),
            Op::LoadAttr => Some(Op::LoadAttrLent),
            Op::GetItem => Some(Op::GetItemLent),
            Op::GetItemImm => Some(Op::GetItemImmLent),
            _ => None,
        }
    }

    /// The instruction that [`Self::to_temporary`] or [`Self::to_lent`] has replaced by this one; itself if it replaces none.
    pub fn as_compiled(self) -> Op {
        match self.counting() {
            Op::MoveToTemp | Op::CopyToTemp => Op::Move,
            Op::LoadConstToTemp => Op::LoadConst,
            Op::LoadIntToTemp => Op::LoadInt,
            Op::LoadNoneToTemp => Op::LoadNone,
            Op::LoadGlobalToTemp => Op::LoadGlobal,
            Op::LoadFreeToTemp => Op::LoadFree,
            Op::LoadAttrToTemp => Op::LoadAttr,
            op => op,
        }
    }

    /// The instruction that counts what this one lends; itself if it lends nothing.
    pub fn counting(self) -> Op {
        match self {
            Op::LoadGlobalLent => Op::LoadGlobal,
            Op::LoadFreeLent => Op::LoadFree,
            Op::LoadAttrLent => Op::LoadAttr,
            Op::GetItemLent => Op::GetItem,
            Op::GetItemImmLent => Op::GetItemImm,
            op => op,
        }
    }

    /// What its three fields mean.
    pub fn operands(self) -> [Operand; 3] {
        Op::OPERANDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::Op;

    #[test]
    fn what_replaces_an_instruction_says_which() {
        let mut replaced = 0;
        for op in (0..=u8::MAX).filter_map(Op::from_u8) {
            for other in [op.to_temporary(true), op.to_temporary(false), op.to_lent()].into_iter().flatten() {
                assert_eq!(other.as_compiled(), op);
                replaced += 1;
            }
        }
        assert!(replaced > 10);
    }
}
