//! `make_encoder`: a callable that gives the JSON text of an object, with the settings of a `JSONEncoder`.

use super::write::Writer;
use ungil_runtime::objects::construct::{class_argument, readonly};
use ungil_runtime::objects::dict::PyDict;
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::native::PyNative;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// How strings are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quoting {
    /// By the function that the encoder was given.
    Custom,
    /// As `encode_basestring` does.
    Plain,
    /// As `encode_basestring_ascii` does.
    Ascii,
}

/// The settings never change.
#[repr(C)]
pub struct PyEncoder {
    h: Header,
    pub markers: Slot,
    pub default: Slot,
    pub encoder: Slot,
    pub indent: Slot,
    pub key_separator: Slot,
    pub item_separator: Slot,
    pub quoting: Quoting,
    pub sort_keys: bool,
    pub skip_keys: bool,
    pub allow_nan: bool,
}

slot_ops!(
    ENCODER_OPS,
    PyEncoder,
    "_json.Encoder",
    markers,
    default,
    encoder,
    indent,
    key_separator,
    item_separator
);

/// Whether the function is one of this module's own.
fn quoting_of(cx: &Cx, encoder: Ref<'_>) -> Quoting {
    let Some(native) = encoder.downcast::<PyNative>(cx) else { return Quoting::Custom };
    for (name, _, f) in super::FUNCTIONS {
        let same = match (f, native.def.f) {
            (Full(a), Full(b)) => std::ptr::fn_addr_eq(*a, b),
            _ => false,
        };
        match *name {
            "encode_basestring" if same && native.def.name == *name => return Quoting::Plain,
            "encode_basestring_ascii" if same && native.def.name == *name => return Quoting::Ascii,
            _ => {}
        }
    }
    Quoting::Custom
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    for place in [5, 6] {
        if a.get(place).downcast::<PyStr>(cx).is_none() {
            let got = cx.type_name(a.get(place));
            return Err(cx.type_error(format!("make_encoder() argument {place} must be str, not {got}")));
        }
    }
    let sort_keys = cx.truth(a.get(7))?;
    let skip_keys = cx.truth(a.get(8))?;
    let allow_nan = cx.truth(a.get(9))?;
    if !a.get(1).value().is_none() && a.get(1).downcast::<PyDict>(cx).is_none() {
        let got = cx.type_name(a.get(1));
        return Err(cx.type_error(format!("make_encoder() argument 1 must be dict or None, not {got}")));
    }
    if !a.get(4).value().is_none() && a.get(4).downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(a.get(4));
        return Err(cx.type_error(format!("make_encoder() argument 4 must be str or None, not {got}")));
    }
    let quoting = quoting_of(cx, a.get(3));
    let [markers, default, encoder, indent, key_separator, item_separator] =
        [1, 2, 3, 4, 5, 6].map(|i| Slot::new(a.get(i).own(cx)));
    cx.alloc_for::<PyEncoder>(class_argument(cx, a), |h| PyEncoder {
        h,
        markers,
        default,
        encoder,
        indent,
        key_separator,
        item_separator,
        quoting,
        sort_keys,
        skip_keys,
        allow_nan,
    })
}

/// `encoder(obj, _current_indent_level)`: a tuple with the text.
fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let names = names.map_or(&[][..], PyTuple::items);
    let positional = args.len() - names.len();
    let named = |cx: &Cx, wanted: &str| {
        let at = names.iter().position(|name| cx.text_of(*name) == wanted)?;
        Some(args.get(positional + at))
    };
    let [obj, level] = [(0, "obj"), (1, "_current_indent_level")]
        .map(|(i, name)| if i < positional { Some(args.get(i)) } else { named(cx, name) });
    let Some(obj) = obj else {
        return Err(cx.type_error("_iterencode() missing required argument 'obj' (pos 1)"));
    };
    let Some(level) = level else {
        return Err(cx.type_error("_iterencode() missing required argument '_current_indent_level' (pos 2)"));
    };
    let level = usize::try_from(cx.index_isize(level, Builtin::OverflowError)?).unwrap_or(0);
    // SAFETY: called with an encoder.
    let this: &PyEncoder = unsafe { this.cast_unchecked() };
    let text = Writer::new(cx, this).text_of(cx, obj, level)?;
    Ok(cx.tuple(vec![text]))
}

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyEncoder>();
    let flags = class_flag::BASETYPE;
    let mut b = TypeBuilder::native_type(cx, "_json.Encoder", &ENCODER_OPS, size, true, flags);
    b.doc(cx, "Gives the JSON text of objects.");
    b.constructor(
        cx,
        "($type, markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
        Full(construct),
    );
    b.callable(cx, call);
    let settings: [(&str, NativeFn); 8] = [
        ("markers", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().markers).own(cx)))),
        ("default", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().default).own(cx)))),
        ("encoder", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().encoder).own(cx)))),
        ("indent", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().indent).own(cx)))),
        ("key_separator", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().key_separator).own(cx)))),
        ("item_separator", Leaf(|cx, a| Ok(fixed(&a.this::<PyEncoder>().item_separator).own(cx)))),
        ("sort_keys", Leaf(|cx, a| Ok(cx.bool(a.this::<PyEncoder>().sort_keys)))),
        ("skipkeys", Leaf(|cx, a| Ok(cx.bool(a.this::<PyEncoder>().skip_keys)))),
    ];
    for (name, get) in settings {
        b.getset(cx, name, get, Some(Full(readonly)));
    }
    b.class()
}
