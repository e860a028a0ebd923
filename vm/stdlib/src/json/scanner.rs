//! `make_scanner`: a callable that reads the value at a place of a text, with the settings of a `JSONDecoder`.

use super::read::Reader;
use ungil_runtime::objects::construct::{class_argument, readonly};
use ungil_runtime::objects::iter::fixed;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;
use ungil_runtime::slot_ops;

/// The settings never change.
#[repr(C)]
struct PyScanner {
    h: Header,
    strict: bool,
    object_hook: Slot,
    object_pairs_hook: Slot,
    parse_float: Slot,
    parse_int: Slot,
    parse_constant: Slot,
}

slot_ops!(
    SCANNER_OPS,
    PyScanner,
    "_json.Scanner",
    object_hook,
    object_pairs_hook,
    parse_float,
    parse_int,
    parse_constant
);

/// The settings as reading wants them: `None` where nothing special is to be done.
pub struct Hooks<'a> {
    pub strict: bool,
    pub object_hook: Option<Ref<'a>>,
    pub object_pairs_hook: Option<Ref<'a>>,
    pub parse_float: Option<Ref<'a>>,
    pub parse_int: Option<Ref<'a>>,
    pub parse_constant: Ref<'a>,
}

fn construct(cx: &mut Cx, a: Args<'_>) -> R {
    let context = a.get(1);
    let strict = cx.get_attr_str(context, "strict")?;
    let strict = cx.truth(strict.r())?;
    let mut get = |name: &str| cx.get_attr_str(context, name).map(Slot::new);
    let (object_hook, object_pairs_hook) = (get("object_hook")?, get("object_pairs_hook")?);
    let (parse_float, parse_int) = (get("parse_float")?, get("parse_int")?);
    let parse_constant = get("parse_constant")?;
    cx.alloc_for::<PyScanner>(class_argument(cx, a), |h| PyScanner {
        h,
        strict,
        object_hook,
        object_pairs_hook,
        parse_float,
        parse_int,
        parse_constant,
    })
}

impl PyScanner {
    fn hooks<'a>(&'a self, cx: &Cx) -> Hooks<'a> {
        let hook = |slot: &'a Slot| Some(fixed(slot)).filter(|v| !v.value().is_none());
        let parser =
            |slot: &'a Slot, plain: Builtin| hook(slot).filter(|v| !v.is(cx.builtin(plain).as_ref()));
        Hooks {
            strict: self.strict,
            object_hook: hook(&self.object_hook),
            object_pairs_hook: hook(&self.object_pairs_hook),
            parse_float: parser(&self.parse_float, Builtin::Float),
            parse_int: parser(&self.parse_int, Builtin::Int),
            parse_constant: fixed(&self.parse_constant),
        }
    }
}

/// The arguments `string` and `idx`, by position or by name.
fn arguments<'a>(cx: &mut Cx, args: Args<'a>, names: Option<&PyTuple>) -> R<[Ref<'a>; 2]> {
    if args.len() > 2 {
        let n = args.len();
        return Err(cx.type_error(format!("scan_once() takes at most 2 arguments ({n} given)")));
    }
    let names = names.map_or(&[][..], PyTuple::items);
    let positional = args.len() - names.len();
    let mut found = [0, 1].map(|i| (i < positional).then(|| args.get(i)));
    for (i, name) in names.iter().enumerate() {
        let text = cx.text_of(*name);
        match ["string", "idx"].iter().position(|&known| known == text) {
            Some(place) if found[place].is_none() => found[place] = Some(args.get(positional + i)),
            Some(place) => {
                return Err(cx.type_error(format!(
                    "argument for scan_once() given by name ('{text}') and position ({})",
                    place + 1
                )));
            }
            None => {
                return Err(cx.type_error(format!("scan_once() got an unexpected keyword argument '{text}'")));
            }
        }
    }
    match found {
        [Some(string), Some(idx)] => Ok([string, idx]),
        [None, _] => Err(cx.type_error("scan_once() missing required argument 'string' (pos 1)")),
        _ => Err(cx.type_error("scan_once() missing required argument 'idx' (pos 2)")),
    }
}

/// `scanner(string, idx)`: the value, and the place behind it.
fn call(cx: &mut Cx, this: Ref<'_>, args: Args<'_>, names: Option<&PyTuple>) -> R {
    let [string, idx] = arguments(cx, args, names)?;
    let idx = cx.index_isize(idx, Builtin::OverflowError)?;
    let Some(s) = string.downcast::<PyStr>(cx) else {
        let got = cx.type_name(string);
        return Err(cx.type_error(format!("first argument must be a string, not {got}")));
    };
    let Ok(idx) = usize::try_from(idx) else {
        return Err(cx.value_error("idx cannot be negative"));
    };
    // SAFETY: called with a scanner.
    let this: &PyScanner = unsafe { this.cast_unchecked() };
    let hooks = this.hooks(cx);
    let (value, end) = Reader::new(s, &hooks).value_at(cx, idx)?;
    let end = cx.int(end as i64);
    Ok(cx.tuple(vec![value, end]))
}

/// Makes the type.
pub fn init(cx: &mut Cx) -> &'static PyType {
    let size = size_of::<PyScanner>();
    let flags = class_flag::BASETYPE;
    let mut b = TypeBuilder::native_type(cx, "_json.Scanner", &SCANNER_OPS, size, true, flags);
    b.doc(cx, "Reads the JSON value at a place of a string.");
    b.constructor(cx, "($type, context)", Full(construct));
    b.callable(cx, call);
    let settings: [(&str, NativeFn); 6] = [
        ("strict", Leaf(|cx, a| Ok(cx.bool(a.this::<PyScanner>().strict)))),
        ("object_hook", Leaf(|cx, a| Ok(fixed(&a.this::<PyScanner>().object_hook).own(cx)))),
        ("object_pairs_hook", Leaf(|cx, a| Ok(fixed(&a.this::<PyScanner>().object_pairs_hook).own(cx)))),
        ("parse_float", Leaf(|cx, a| Ok(fixed(&a.this::<PyScanner>().parse_float).own(cx)))),
        ("parse_int", Leaf(|cx, a| Ok(fixed(&a.this::<PyScanner>().parse_int).own(cx)))),
        ("parse_constant", Leaf(|cx, a| Ok(fixed(&a.this::<PyScanner>().parse_constant).own(cx)))),
    ];
    for (name, get) in settings {
        b.getset(cx, name, get, Some(Full(readonly)));
    }
    b.class()
}
