//! Numbers of the code that `re/_compiler.py` makes; they must be those of `re/_constants.py` with the same `MAGIC`.

/// Tells versions of the code apart.
pub const MAGIC: i64 = 20230612;
/// Bytes of a word of code.
pub const CODE_SIZE: i64 = 4;
/// As the upper bound of a repeat: none.
pub const MAX_REPEAT: u32 = u32::MAX;
/// Most groups that a pattern may have.
pub const MAX_GROUPS: i64 = 1_073_741_823;

macro_rules! numbered {
    ($(#[$doc:meta])* $type:ident: $($name:ident)*) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $type { $($name,)* }

        impl $type {
            const ALL: &'static [$type] = &[$($type::$name,)*];

            pub fn from_code(code: u32) -> Option<$type> {
                Self::ALL.get(code as usize).copied()
            }
        }
    };
}

numbered! {
    /// Operations.
    Op: Failure Success Any AnyAll Assert AssertNot At Branch Category Charset BigCharset GroupRef GroupRefExists In
    Info Jump Literal Mark MaxUntil MinUntil NotLiteral Negate Range Repeat RepeatOne Subpattern MinRepeatOne
    AtomicGroup PossessiveRepeat PossessiveRepeatOne
    GroupRefIgnore InIgnore LiteralIgnore NotLiteralIgnore
    GroupRefLocIgnore InLocIgnore LiteralLocIgnore NotLiteralLocIgnore
    GroupRefUniIgnore InUniIgnore LiteralUniIgnore NotLiteralUniIgnore RangeUniIgnore
}

numbered! {
    /// Places in the text.
    Place: Beginning BeginningLine BeginningString Boundary NonBoundary End EndLine EndString
    LocBoundary LocNonBoundary UniBoundary UniNonBoundary
}

numbered! {
    /// Classes of characters.
    Category: Digit NotDigit Space NotSpace Word NotWord LineBreak NotLineBreak LocWord LocNotWord
    UniDigit UniNotDigit UniSpace UniNotSpace UniWord UniNotWord UniLineBreak UniNotLineBreak
}

pub const FLAG_LOCALE: u32 = 4;
pub const FLAG_UNICODE: u32 = 32;
pub const FLAG_ASCII: u32 = 256;

/// The names of flags, in the order in which `repr` shows them.
pub const FLAG_NAMES: [(u32, &str); 8] = [
    (2, "re.IGNORECASE"),
    (FLAG_LOCALE, "re.LOCALE"),
    (8, "re.MULTILINE"),
    (16, "re.DOTALL"),
    (FLAG_UNICODE, "re.UNICODE"),
    (64, "re.VERBOSE"),
    (128, "re.DEBUG"),
    (FLAG_ASCII, "re.ASCII"),
];

/// Bits of an info block.
pub const INFO_PREFIX: u32 = 1;
pub const INFO_LITERAL: u32 = 2;
