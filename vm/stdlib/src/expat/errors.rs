//! `pyexpat.errors` and `pyexpat.model`: the numbers of errors with their texts, and those of content models.

use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::module::{add, new_module};
use ungil_runtime::objects::str::intern;
use ungil_runtime::prelude::*;

/// Names and texts of the errors, from number 1.
const ERRORS: [(&str, &str); 44] = [
    ("NO_MEMORY", "out of memory"),
    ("SYNTAX", "syntax error"),
    ("NO_ELEMENTS", "no element found"),
    ("INVALID_TOKEN", "not well-formed (invalid token)"),
    ("UNCLOSED_TOKEN", "unclosed token"),
    ("PARTIAL_CHAR", "partial character"),
    ("TAG_MISMATCH", "mismatched tag"),
    ("DUPLICATE_ATTRIBUTE", "duplicate attribute"),
    ("JUNK_AFTER_DOC_ELEMENT", "junk after document element"),
    ("PARAM_ENTITY_REF", "illegal parameter entity reference"),
    ("UNDEFINED_ENTITY", "undefined entity"),
    ("RECURSIVE_ENTITY_REF", "recursive entity reference"),
    ("ASYNC_ENTITY", "asynchronous entity"),
    ("BAD_CHAR_REF", "reference to invalid character number"),
    ("BINARY_ENTITY_REF", "reference to binary entity"),
    ("ATTRIBUTE_EXTERNAL_ENTITY_REF", "reference to external entity in attribute"),
    ("MISPLACED_XML_PI", "XML or text declaration not at start of entity"),
    ("UNKNOWN_ENCODING", "unknown encoding"),
    ("INCORRECT_ENCODING", "encoding specified in XML declaration is incorrect"),
    ("UNCLOSED_CDATA_SECTION", "unclosed CDATA section"),
    ("EXTERNAL_ENTITY_HANDLING", "error in processing external entity reference"),
    ("NOT_STANDALONE", "document is not standalone"),
    ("UNEXPECTED_STATE", "unexpected parser state - please send a bug report"),
    ("ENTITY_DECLARED_IN_PE", "entity declared in parameter entity"),
    ("FEATURE_REQUIRES_XML_DTD", "requested feature requires XML_DTD support in Expat"),
    ("CANT_CHANGE_FEATURE_ONCE_PARSING", "cannot change setting once parsing has begun"),
    ("UNBOUND_PREFIX", "unbound prefix"),
    ("UNDECLARING_PREFIX", "must not undeclare prefix"),
    ("INCOMPLETE_PE", "incomplete markup in parameter entity"),
    ("XML_DECL", "XML declaration not well-formed"),
    ("TEXT_DECL", "text declaration not well-formed"),
    ("PUBLICID", "illegal character(s) in public id"),
    ("SUSPENDED", "parser suspended"),
    ("NOT_SUSPENDED", "parser not suspended"),
    ("ABORTED", "parsing aborted"),
    ("FINISHED", "parsing finished"),
    ("SUSPEND_PE", "cannot suspend in external parameter entity"),
    (
        "RESERVED_PREFIX_XML",
        "reserved prefix (xml) must not be undeclared or bound to another namespace name",
    ),
    ("RESERVED_PREFIX_XMLNS", "reserved prefix (xmlns) must not be declared or undeclared"),
    ("RESERVED_NAMESPACE_URI", "prefix must not be bound to one of the reserved namespace names"),
    ("INVALID_ARGUMENT", "invalid argument"),
    ("NO_BUFFER", "a successful prior call to function XML_GetBuffer is required"),
    ("AMPLIFICATION_LIMIT_BREACH", "limit on input amplification factor (from DTD and entities) breached"),
    ("NOT_STARTED", "parser not started"),
];

const MODEL: [(&str, i64); 10] = [
    ("XML_CTYPE_EMPTY", 1),
    ("XML_CTYPE_ANY", 2),
    ("XML_CTYPE_MIXED", 3),
    ("XML_CTYPE_NAME", 4),
    ("XML_CTYPE_CHOICE", 5),
    ("XML_CTYPE_SEQ", 6),
    ("XML_CQUANT_NONE", 0),
    ("XML_CQUANT_OPT", 1),
    ("XML_CQUANT_REP", 2),
    ("XML_CQUANT_PLUS", 3),
];

/// The text of an error.
pub fn text(number: i64) -> Option<&'static str> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    ERRORS.get(index).map(|(_, text)| *text)
}

fn submodule(cx: &mut Cx, parent: &Obj, name: &str, doc: &str) -> Obj {
    let full = format!("pyexpat.{name}");
    let module = new_module(cx, &full);
    let doc = cx.str(doc);
    add(cx, &module, "__doc__", doc);
    add(cx, parent, name, module.clone());
    let key = intern(cx, &full);
    cx.modules().set_str(cx, key.get(), module.clone());
    module
}

/// Adds both modules.
///
/// # Errors
/// What filling a dict raises.
pub fn init(cx: &mut Cx, parent: &Obj) -> R<()> {
    let module = submodule(cx, parent, "errors", "Constants used to describe error conditions.");
    let (codes, messages) = (PyDict::new(cx), PyDict::new(cx));
    for (i, (name, text)) in ERRORS.iter().enumerate() {
        let (number, text) = (cx.int(i as i64 + 1), cx.str(text));
        if let (Some(codes), Some(messages)) = (codes.downcast::<PyDict>(cx), messages.downcast::<PyDict>(cx))
        {
            codes.set(cx, text.clone(), number.clone())?;
            messages.set(cx, number, text.clone())?;
        }
        add(cx, &module, &format!("XML_ERROR_{name}"), text);
    }
    add(cx, &module, "codes", codes);
    add(cx, &module, "messages", messages);
    let module = submodule(cx, parent, "model", "Constants used to interpret content model information.");
    for (name, number) in MODEL {
        let number = cx.int(number);
        add(cx, &module, name, number);
    }
    Ok(())
}
