//! `string.templatelib.Template` and `Interpolation` (PEP 750), which `t"..."` literals make.
//!
//! Immutable once made, so reading takes no lock.

use crate::objects::construct::class_argument;
use crate::objects::generic_alias::class_getitem;
use crate::objects::iter::{self, NativeIter, fixed};
use crate::objects::str::{PyStr, args::expect_str, concat, empty_str};
use crate::objects::sync::{Field, slot_ops};
use crate::objects::tuple::PyTuple;
use crate::prelude::*;
use ungil_locks::primitive::AtomicUsize;

/// A replacement field of a template, evaluated.
#[repr(C)]
pub struct PyInterpolation {
    pub h: Header,
    value: Slot,
    expression: Slot,
    /// `'s'`, `'r'`, `'a'` or `None`.
    conversion: Slot,
    format_spec: Slot,
}

slot_ops!(INTERPOLATION_OPS, PyInterpolation, "Interpolation", value, expression, conversion, format_spec);

/// Strings and interpolations in turn, strings first and last.
#[repr(C)]
pub struct PyTemplate {
    pub h: Header,
    /// Tuple of strings, one more than interpolations.
    strings: Slot,
    /// Tuple of interpolations.
    interpolations: Slot,
}

slot_ops!(TEMPLATE_OPS, PyTemplate, "Template", strings, interpolations);

/// Iterates over what a template consists of, without empty strings.
#[repr(C)]
pub struct PyTemplateIter {
    pub h: Header,
    template: Slot,
    /// Twice the place, plus one for interpolations.
    index: Field<AtomicUsize>,
}

slot_ops!(TEMPLATE_ITER_OPS, PyTemplateIter, "TemplateIter", template);

/// An `Interpolation` as a literal makes it. `conversion` is 0 for none, else the number of one in `CONVERSIONS`.
///
/// # Errors
/// None now.
pub fn new_interpolation(cx: &mut Cx, value: Obj, text: Obj, conversion: usize, spec: Option<Obj>) -> R {
    let conversion = match CONVERSIONS.get(conversion) {
        Some(&name) if !name.is_empty() => cx.str(name),
        _ => cx.none(),
    };
    let spec = spec.unwrap_or_else(|| empty_str(cx));
    Ok(cx.alloc(Builtin::Interpolation, |h| PyInterpolation {
        h,
        value: Slot::new(value),
        expression: Slot::new(text),
        conversion: Slot::new(conversion),
        format_spec: Slot::new(spec),
    }))
}

/// The conversions by their number in bytecode.
const CONVERSIONS: [&str; 4] = ["", "s", "r", "a"];

/// A `Template` of a tuple of strings and a tuple of interpolations, one fewer.
///
/// # Errors
/// None now.
pub fn new_template(cx: &mut Cx, strings: Obj, parts: Obj) -> R {
    let (strings, interpolations) = (Slot::new(strings), Slot::new(parts));
    Ok(cx.alloc(Builtin::Template, |h| PyTemplate { h, strings, interpolations }))
}

impl PyTemplate {
    fn items<'a>(&'a self, cx: &Cx, slot: &'a Slot) -> &'a [Ref<'a>] {
        fixed(slot).downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
    }

    fn strings(&self, cx: &Cx) -> &[Ref<'_>] {
        self.items(cx, &self.strings)
    }

    fn interpolations(&self, cx: &Cx) -> &[Ref<'_>] {
        self.items(cx, &self.interpolations)
    }
}

fn construct_interpolation(cx: &mut Cx, a: Args<'_>) -> R {
    let text = |cx: &mut Cx, i: usize, name: &str| match a.opt(i) {
        None => Ok(empty_str(cx)),
        Some(v) => {
            expect_str(cx, v, &format!("Interpolation() argument '{name}'"))?;
            Ok(v.own(cx))
        }
    };
    let expression = text(cx, 2, "expression")?;
    let conversion = match a.opt_not_none(3) {
        None => 0,
        Some(v) => {
            let name = expect_str(cx, v, "Interpolation() argument 'conversion'")?.to_string_lossy();
            match CONVERSIONS.iter().position(|c| *c == name).filter(|&i| i > 0) {
                Some(i) => i,
                None => {
                    let message = "Interpolation() argument 'conversion' must be one of 's', 'a' or 'r'";
                    return Err(cx.value_error(message));
                }
            }
        }
    };
    let spec = text(cx, 4, "format_spec")?;
    new_interpolation(cx, a.get(1).own(cx), expression, conversion, Some(spec))
}

fn construct_template(cx: &mut Cx, a: Args<'_>) -> R {
    debug_assert!(class_argument(cx, a).has_layout::<PyTemplate>());
    if a.varkw(cx, 2).is_some_and(|kw| !kw.is_empty()) {
        return Err(cx.type_error("Template.__new__ only accepts *args arguments"));
    }
    let (mut strings, mut interpolations) = (Vec::new(), Vec::new());
    let mut last: Option<Obj> = None;
    for &v in a.varargs(cx, 1) {
        if v.downcast::<PyStr>(cx).is_some() {
            last = Some(match last {
                None => v.own(cx),
                Some(before) => concat_strings(cx, before.r(), v)?,
            });
        } else if v.downcast::<PyInterpolation>(cx).is_some() {
            strings.push(last.take().unwrap_or_else(|| empty_str(cx)));
            interpolations.push(v.own(cx));
        } else {
            let name = cx.type_name(v);
            let message =
                format!("Template.__new__ *args need to be of type 'str' or 'Interpolation', got {name}");
            return Err(cx.type_error(message));
        }
    }
    strings.push(last.unwrap_or_else(|| empty_str(cx)));
    let (strings, interpolations) = (cx.tuple(strings), cx.tuple(interpolations));
    new_template(cx, strings, interpolations)
}

fn concat_strings(cx: &mut Cx, a: Ref<'_>, b: Ref<'_>) -> R {
    match (a.downcast::<PyStr>(cx), b.downcast::<PyStr>(cx)) {
        (Some(x), Some(y)) => concat(cx, x, y),
        _ => Ok(a.own(cx)),
    }
}

fn add(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyTemplate>();
    let Some(other) = a.get(1).downcast::<PyTemplate>(cx) else {
        let (name, found) = (cx.type_name(a.get(0)), cx.type_name(a.get(1)));
        return Err(cx.type_error(format!("can only concatenate {name} (not \"{found}\") to {name}")));
    };
    let (left, right) = (this.strings(cx), other.strings(cx));
    let (Some((last, before)), Some((first, after))) = (left.split_last(), right.split_first()) else {
        return Ok(a.get(0).own(cx));
    };
    let middle = concat_strings(cx, *last, *first)?;
    let mut strings: Vec<Obj> = before.iter().map(|s| s.own(cx)).collect();
    strings.push(middle);
    strings.extend(after.iter().map(|s| s.own(cx)));
    let both = this.interpolations(cx).iter().chain(other.interpolations(cx));
    let interpolations = both.map(|v| v.own(cx)).collect();
    let (strings, interpolations) = (cx.tuple(strings), cx.tuple(interpolations));
    new_template(cx, strings, interpolations)
}

fn values(cx: &mut Cx, a: Args<'_>) -> R {
    let interpolations = a.this::<PyTemplate>().interpolations(cx);
    let values = interpolations.iter().filter_map(|v| v.downcast::<PyInterpolation>(cx));
    Ok(cx.tuple(values.map(|i| fixed(&i.value).own(cx)).collect()))
}

fn template_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyTemplate>();
    let strings = cx.repr_string(fixed(&this.strings))?;
    let interpolations = cx.repr_string(fixed(&this.interpolations))?;
    Ok(cx.str(&format!("Template(strings={strings}, interpolations={interpolations})")))
}

fn template_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let this = a.this::<PyTemplate>();
    let library = crate::import::import_module(cx, "string.templatelib")?;
    let function = cx.get_attr_str(library.r(), "_template_unpickle")?;
    let parts = cx.tuple(vec![fixed(&this.strings).own(cx), fixed(&this.interpolations).own(cx)]);
    Ok(cx.tuple(vec![function, parts]))
}

impl PyInterpolation {
    fn parts(&self) -> [Ref<'_>; 4] {
        [&self.value, &self.expression, &self.conversion, &self.format_spec].map(|slot| fixed(slot))
    }
}

fn interpolation_repr(cx: &mut Cx, a: Args<'_>) -> R {
    let mut parts = Vec::new();
    for part in a.this::<PyInterpolation>().parts() {
        parts.push(cx.repr_string(part)?);
    }
    Ok(cx.str(&format!("Interpolation({})", parts.join(", "))))
}

fn interpolation_reduce(cx: &mut Cx, a: Args<'_>) -> R {
    let parts = a.this::<PyInterpolation>().parts().iter().map(|v| v.own(cx)).collect();
    let (class, parts) = (cx.class_of(a.get(0)).as_ref().own(cx), cx.tuple(parts));
    Ok(cx.tuple(vec![class, parts]))
}

impl NativeIter for PyTemplateIter {
    fn step(&self, cx: &mut Cx) -> R<Option<Obj>> {
        let Some(template) = fixed(&self.template).downcast::<PyTemplate>(cx) else { return Ok(None) };
        loop {
            let i = self.index.add(1);
            let items = if i.is_multiple_of(2) { template.strings(cx) } else { template.interpolations(cx) };
            let Some(item) = items.get(i / 2) else {
                self.index.set(i);
                return Ok(None);
            };
            if item.downcast::<PyStr>(cx).is_none_or(|s| !s.is_empty()) {
                return Ok(Some(item.own(cx)));
            }
        }
    }
}

fn iterate(cx: &Cx, a: Args<'_>) -> R {
    let template = Slot::new(a.get(0).own(cx));
    Ok(cx.alloc(Builtin::TemplateIter, |h| PyTemplateIter {
        h,
        template,
        index: Field::<AtomicUsize>::new(0),
    }))
}

fn read_only(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.error(Builtin::AttributeError, "readonly attribute"))
}

/// Declares the types.
pub fn declare(cx: &Cx) {
    let size = size_of::<PyInterpolation>();
    let name = "string.templatelib.Interpolation";
    TypeBuilder::declare(cx, Builtin::Interpolation, name, &INTERPOLATION_OPS, size, true);
    let size = size_of::<PyTemplate>();
    TypeBuilder::declare(cx, Builtin::Template, "string.templatelib.Template", &TEMPLATE_OPS, size, true);
    let (size, name) = (size_of::<PyTemplateIter>(), "string.templatelib.TemplateIter");
    TypeBuilder::declare(cx, Builtin::TemplateIter, name, &TEMPLATE_ITER_OPS, size, true);
}

/// Fills the types.
pub fn init(cx: &mut Cx) {
    init_interpolation(cx);
    let mut b = TypeBuilder::new(cx, Builtin::Template, Some(Builtin::Object), 0);
    b.doc(cx, "What a template string evaluates to: its strings and interpolations.");
    b.constructor(cx, "($type, *args, **kwargs)", Full(construct_template));
    b.specials(
        cx,
        &[
            (Special::Add, Full(add)),
            (Special::Iter, Leaf(iterate)),
            (Special::Repr, Full(template_repr)),
            (Special::Reduce, Full(template_reduce)),
        ],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let part: [(&str, NativeFn); 2] = [
        ("strings", Leaf(|cx, a| Ok(fixed(&a.this::<PyTemplate>().strings).own(cx)))),
        ("interpolations", Leaf(|cx, a| Ok(fixed(&a.this::<PyTemplate>().interpolations).own(cx)))),
    ];
    for (name, get) in part {
        b.getset(cx, name, get, Some(Full(read_only)));
    }
    b.getset(cx, "values", Full(values), None);
    iter::fill::<PyTemplateIter>(cx, Builtin::TemplateIter, None, None, None);
}

fn init_interpolation(cx: &mut Cx) {
    let mut b = TypeBuilder::new(cx, Builtin::Interpolation, Some(Builtin::Object), 0);
    b.doc(cx, "A replacement field of a template string, evaluated.");
    let signature = "($type, /, value, expression='', conversion=None, format_spec='')";
    b.constructor(cx, signature, Full(construct_interpolation));
    b.specials(
        cx,
        &[(Special::Repr, Full(interpolation_repr)), (Special::Reduce, Full(interpolation_reduce))],
    );
    b.class_method(cx, "__class_getitem__", "($type, object, /)", Full(class_getitem));
    let fields: [(&str, NativeFn); 4] = [
        ("value", Leaf(|cx, a| Ok(a.this::<PyInterpolation>().parts()[0].own(cx)))),
        ("expression", Leaf(|cx, a| Ok(a.this::<PyInterpolation>().parts()[1].own(cx)))),
        ("conversion", Leaf(|cx, a| Ok(a.this::<PyInterpolation>().parts()[2].own(cx)))),
        ("format_spec", Leaf(|cx, a| Ok(a.this::<PyInterpolation>().parts()[3].own(cx)))),
    ];
    for (name, get) in fields {
        b.getset(cx, name, get, Some(Full(read_only)));
    }
    let names = fields.map(|(name, _)| cx.str(name)).into_iter().collect();
    let names = cx.tuple(names);
    b.attr(cx, "__match_args__", names);
}
