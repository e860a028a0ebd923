//! `Ctx`: precision, range of exponents and rounding of results; and the signals that operations raise.

/// The greatest precision and exponent that contexts may have.
pub const MAX_PREC: i64 = 999_999_999_999_999_999;
pub const MAX_EMAX: i64 = 999_999_999_999_999_999;
pub const MIN_EMIN: i64 = -999_999_999_999_999_999;
pub const MIN_ETINY: i64 = MIN_EMIN - (MAX_PREC - 1);

/// Signals, as bits: what libmpdec has, with its numbers, since `Context` shows some of them.
pub mod signal {
    pub const CLAMPED: u32 = 0x1;
    pub const CONVERSION_SYNTAX: u32 = 0x2;
    pub const DIVISION_BY_ZERO: u32 = 0x4;
    pub const DIVISION_IMPOSSIBLE: u32 = 0x8;
    pub const DIVISION_UNDEFINED: u32 = 0x10;
    pub const FPU_ERROR: u32 = 0x20;
    pub const INEXACT: u32 = 0x40;
    pub const INVALID_CONTEXT: u32 = 0x80;
    pub const INVALID_OPERATION: u32 = 0x100;
    pub const MALLOC_ERROR: u32 = 0x200;
    pub const FLOAT_OPERATION: u32 = 0x400;
    pub const OVERFLOW: u32 = 0x800;
    pub const ROUNDED: u32 = 0x1000;
    pub const SUBNORMAL: u32 = 0x2000;
    pub const UNDERFLOW: u32 = 0x4000;
    pub const ALL: u32 = 0x7fff;

    /// The conditions that Python knows as `InvalidOperation`.
    pub const INVALID: u32 = CONVERSION_SYNTAX
        | DIVISION_IMPOSSIBLE
        | DIVISION_UNDEFINED
        | FPU_ERROR
        | INVALID_CONTEXT
        | INVALID_OPERATION
        | MALLOC_ERROR;
    /// After these there is no result to speak of.
    pub const ERRORS: u32 = INVALID | DIVISION_BY_ZERO;
}

/// Ways of rounding, in the order of libmpdec, which pickles and `Context` do not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Round {
    Up,
    Down,
    Ceiling,
    Floor,
    HalfUp,
    HalfDown,
    HalfEven,
    ZeroFiveUp,
}

impl Round {
    pub const ALL: [Round; 8] = [
        Round::Up,
        Round::Down,
        Round::Ceiling,
        Round::Floor,
        Round::HalfUp,
        Round::HalfDown,
        Round::HalfEven,
        Round::ZeroFiveUp,
    ];

    /// The names that Python has for them.
    pub const NAMES: [&str; 8] = [
        "ROUND_UP",
        "ROUND_DOWN",
        "ROUND_CEILING",
        "ROUND_FLOOR",
        "ROUND_HALF_UP",
        "ROUND_HALF_DOWN",
        "ROUND_HALF_EVEN",
        "ROUND_05UP",
    ];
}

/// See the module's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctx {
    pub prec: i64,
    pub emax: i64,
    pub emin: i64,
    pub round: Round,
    pub clamp: bool,
}

impl Ctx {
    /// In which nothing is rounded that memory has room for.
    pub const MAX: Ctx =
        Ctx { prec: MAX_PREC, emax: MAX_EMAX, emin: MIN_EMIN, round: Round::HalfEven, clamp: false };

    /// The least exponent of a number.
    #[inline]
    pub fn etiny(&self) -> i64 {
        self.emin - (self.prec - 1)
    }

    /// The greatest exponent of a number with as many digits as the precision.
    #[inline]
    pub fn etop(&self) -> i64 {
        self.emax - (self.prec - 1)
    }

    pub fn with_prec(self, prec: i64) -> Ctx {
        Ctx { prec: prec.clamp(1, MAX_PREC), ..self }
    }
}
