//! Kinds of tokens, with the numbers that the library's `token` module gives them.

pub const ENDMARKER: i64 = 0;
pub const NAME: i64 = 1;
pub const NUMBER: i64 = 2;
pub const STRING: i64 = 3;
pub const NEWLINE: i64 = 4;
pub const INDENT: i64 = 5;
pub const DEDENT: i64 = 6;
pub const COLON: i64 = 11;
pub const OP: i64 = 55;
pub const FSTRING_START: i64 = 59;
pub const TSTRING_START: i64 = 62;
pub const COMMENT: i64 = 65;
pub const NL: i64 = 66;

/// The operators, those of more characters first.
const OPERATORS: [(&str, i64); 48] = [
    ("**=", 46),
    ("//=", 48),
    (">>=", 45),
    ("<<=", 44),
    ("...", 52),
    ("!=", 28),
    ("%=", 40),
    ("&=", 41),
    ("**", 35),
    ("*=", 38),
    ("+=", 36),
    ("-=", 37),
    ("->", 51),
    ("//", 47),
    ("/=", 39),
    (":=", 53),
    ("<<", 33),
    ("<=", 29),
    ("==", 27),
    (">=", 30),
    (">>", 34),
    ("@=", 50),
    ("^=", 43),
    ("|=", 42),
    ("!", 54),
    ("%", 24),
    ("&", 19),
    ("(", 7),
    (")", 8),
    ("*", 16),
    ("+", 14),
    (",", 12),
    ("-", 15),
    (".", 23),
    ("/", 17),
    (":", 11),
    (";", 13),
    ("<", 20),
    ("=", 22),
    (">", 21),
    ("@", 49),
    ("[", 9),
    ("]", 10),
    ("^", 32),
    ("{", 25),
    ("|", 18),
    ("}", 26),
    ("~", 31),
];

/// The length and exact kind of the operator at the front; what is none counts as one character.
pub fn operator(text: &[char]) -> (usize, i64) {
    let fits = |op: &str| op.chars().enumerate().all(|(i, c)| text.get(i) == Some(&c));
    let found = OPERATORS.iter().find(|(op, _)| fits(op));
    match found {
        Some((op, kind)) => (op.len(), *kind),
        None => (1, OP),
    }
}
