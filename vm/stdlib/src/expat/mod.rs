//! `pyexpat`: a parser of XML that calls handlers, with the interface of the C library Expat as Python has it.
//!
//! - `text.rs`: characters, encodings, positions; `core.rs`: the parser, with `content.rs` (what stands in elements), `attrs.rs`
//!   (start tags, namespaces), `dtd.rs` (declarations) and `declaration.rs` (how documents begin)
//! - `parser.rs`: the type `xmlparser` and its handlers; `events.rs`: what they are called with; `errors.rs`: constants

mod attrs;
mod content;
pub mod core;
mod declaration;
mod dtd;
pub mod errors;
mod events;
mod parser;
pub mod text;

use crate::exceptions::Class;
use text::Encoding;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

static ERROR: Class = Class::new();

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    (
        "ParserCreate",
        "($module, /, encoding=None, namespace_separator=None, intern=<unrepresentable>)",
        Full(parser::create),
    ),
    ("ErrorString", "($module, code, /)", Full(error_string)),
];

fn error_string(cx: &mut Cx, a: Args<'_>) -> R {
    let number = cx.to_i64(a.get(0))?;
    Ok(errors::text(number).map_or(cx.none(), |text| cx.str(text)))
}

/// Asks the codecs what the bytes of an encoding mean. None if it is of no use for XML.
///
/// # Errors
/// `LookupError`, `ValueError` if it takes more than one byte to a character.
pub fn find_encoding(cx: &mut Cx, name: &str) -> R<Option<Encoding>> {
    let all: Vec<u8> = (0..=255).collect();
    let (all, name, errors) = (new_bytes(cx, &all), cx.str(name), cx.str("replace"));
    let decoded = cx.call_method(all.r(), "decode", &[name.r(), errors.r()])?;
    let decoded = cx.text_of(decoded.r());
    let mut table = [0xffff; 256];
    if decoded.chars().count() != table.len() {
        return Err(cx.value_error("multi-byte encodings are not supported"));
    }
    for (to, c) in table.iter_mut().zip(decoded.chars()) {
        *to = u16::try_from(u32::from(c)).ok().filter(|&c| c != 0xfffd).unwrap_or(0xffff);
    }
    // Markup must mean what it does in ASCII.
    let free = |b: u8| matches!(b, b'$' | b'@' | b'\\' | b'^' | b'`' | b'{' | b'}' | b'~');
    let fits = (b' '..0x7f).all(|b| table[usize::from(b)] == b.into() || free(b));
    Ok(fits.then(|| Encoding::Table(Box::new(table))))
}

/// The exception for an error of the parser.
#[cold]
fn error(cx: &mut Cx, number: u8, position: text::Position) -> Err {
    let text = errors::text(number.into()).unwrap_or("unknown error");
    let message = format!("{text}: line {}, column {}", position.line, position.column);
    let message = cx.str(&message);
    match exception(cx, message, number, position) {
        Ok(exception) => ungil_runtime::raise_object(exception),
        Err(err) => err,
    }
}

fn exception(cx: &mut Cx, message: Obj, number: u8, position: text::Position) -> R {
    let made = cx.call(ERROR.get(), &[message.r()])?;
    let parts =
        [("code", i64::from(number)), ("offset", position.column as i64), ("lineno", position.line as i64)];
    for (name, value) in parts {
        let (name, value) = (cx.str(name), cx.int(value));
        cx.set_attr(made.r(), name.r(), value)?;
    }
    Ok(made)
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    ERROR.init(cx, module, "xml.parsers.expat", "ExpatError", Builtin::Exception)?;
    let class = ERROR.get().own(cx);
    add(cx, module, "error", class);
    let class = parser::class(cx).as_ref().own(cx);
    add(cx, module, "XMLParserType", class);
    let constants = [
        ("PARAM_ENTITY_PARSING_NEVER", 0),
        ("PARAM_ENTITY_PARSING_UNLESS_STANDALONE", 1),
        ("PARAM_ENTITY_PARSING_ALWAYS", 2),
    ];
    for (name, value) in constants {
        let value = cx.int(value);
        add(cx, module, &format!("XML_{name}"), value);
    }
    let texts = [("EXPAT_VERSION", "expat_2.9.0"), ("native_encoding", "UTF-8")];
    for (name, value) in texts {
        let value = cx.str(value);
        add(cx, module, name, value);
    }
    let version = [2, 9, 0].map(|n| cx.int(n)).to_vec();
    let version = cx.tuple(version);
    add(cx, module, "version_info", version);
    let features: Vec<Obj> =
        [("sizeof(XML_Char)", 1), ("sizeof(XML_LChar)", 1), ("XML_DTD", 0), ("XML_NS", 0), ("XML_GE", 0)]
            .iter()
            .map(|&(name, value)| cx.tuple(vec![cx.str(name), cx.int(value)]))
            .collect();
    let features = cx.list(features);
    add(cx, module, "features", features);
    errors::init(cx, module)
}
