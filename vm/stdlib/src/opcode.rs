//! `_opcode`: facts about CPython's instructions, which `opcode` and `dis` ask for when they are imported.
//!
//! The instructions of this VM are others (`ungil_bytecode`); the numbers here belong to the tables of the library's
//! `_opcode_metadata`.

use ungil_runtime::objects::code::PyCode;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// Ranges of instruction numbers, ends included.
type Ranges = &'static [(i64, i64)];

const VALID: Ranges = &[(0, 120), (128, 211), (234, 266)];
const WITH_ARG: Ranges = &[
    (44, 120),
    (128, 128),
    (143, 153),
    (155, 195),
    (197, 197),
    (200, 200),
    (209, 211),
    (237, 237),
    (239, 239),
    (241, 245),
    (247, 251),
    (253, 253),
    (255, 255),
    (257, 261),
    (263, 266),
];
const WITH_CONST: Ranges = &[(82, 82), (190, 191)];
const WITH_NAME: Ranges = &[
    (61, 61),
    (64, 65),
    (72, 73),
    (80, 80),
    (91, 93),
    (96, 96),
    (110, 110),
    (115, 116),
    (179, 179),
    (189, 189),
    (194, 195),
    (200, 200),
    (249, 249),
];
const WITH_JUMP: Ranges =
    &[(68, 68), (70, 70), (75, 77), (100, 103), (106, 106), (172, 176), (237, 237), (248, 248), (257, 260)];
const WITH_FREE: Ranges = &[(62, 62), (90, 90), (97, 97), (111, 111)];
const WITH_LOCAL: Ranges = &[(3, 3), (63, 63), (83, 89), (112, 114), (261, 261), (266, 266)];
const WITH_EXC: Ranges = &[(263, 265)];

const OPERATORS: &[(&str, &str)] = &[
    ("ADD", "+"),
    ("AND", "&"),
    ("FLOOR_DIVIDE", "//"),
    ("LSHIFT", "<<"),
    ("MATRIX_MULTIPLY", "@"),
    ("MULTIPLY", "*"),
    ("REMAINDER", "%"),
    ("OR", "|"),
    ("POWER", "**"),
    ("RSHIFT", ">>"),
    ("SUBTRACT", "-"),
    ("TRUE_DIVIDE", "/"),
    ("XOR", "^"),
];

const INTRINSICS_1: &[&str] = &[
    "INTRINSIC_1_INVALID",
    "INTRINSIC_PRINT",
    "INTRINSIC_IMPORT_STAR",
    "INTRINSIC_STOPITERATION_ERROR",
    "INTRINSIC_ASYNC_GEN_WRAP",
    "INTRINSIC_UNARY_POSITIVE",
    "INTRINSIC_LIST_TO_TUPLE",
    "INTRINSIC_TYPEVAR",
    "INTRINSIC_PARAMSPEC",
    "INTRINSIC_TYPEVARTUPLE",
    "INTRINSIC_SUBSCRIPT_GENERIC",
    "INTRINSIC_TYPEALIAS",
];
const INTRINSICS_2: &[&str] = &[
    "INTRINSIC_2_INVALID",
    "INTRINSIC_PREP_RERAISE_STAR",
    "INTRINSIC_TYPEVAR_WITH_BOUND",
    "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
    "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
    "INTRINSIC_SET_TYPEPARAM_DEFAULT",
];

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("has_arg", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_ARG))),
    ("has_const", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_CONST))),
    ("has_exc", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_EXC))),
    ("has_free", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_FREE))),
    ("has_jump", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_JUMP))),
    ("has_local", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_LOCAL))),
    ("has_name", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, WITH_NAME))),
    ("is_valid", "($module, /, opcode)", Full(|cx, a| in_ranges(cx, a, VALID))),
    ("get_executor", "($module, /, code, offset)", Full(get_executor)),
    ("get_intrinsic1_descs", "($module, /)", Leaf(|cx, _| Ok(texts(cx, INTRINSICS_1)))),
    ("get_intrinsic2_descs", "($module, /)", Leaf(|cx, _| Ok(texts(cx, INTRINSICS_2)))),
    ("get_nb_ops", "($module, /)", Leaf(get_nb_ops)),
    (
        "get_special_method_names",
        "($module, /)",
        Leaf(|cx, _| Ok(texts(cx, &["__enter__", "__exit__", "__aenter__", "__aexit__"]))),
    ),
    ("get_specialization_stats", "($module, /)", Leaf(|cx, _| Ok(cx.none()))),
    ("stack_effect", "($module, opcode, oparg=None, /, *, jump=None)", Full(stack_effect)),
];

fn in_ranges(cx: &mut Cx, a: Args<'_>, ranges: Ranges) -> R {
    let opcode = cx.to_i64(a.get(0))?;
    Ok(cx.bool(ranges.iter().any(|&(from, to)| (from..=to).contains(&opcode))))
}

fn texts(cx: &Cx, list: &[&str]) -> Obj {
    cx.list(list.iter().map(|text| cx.str(text)).collect())
}

fn get_executor(cx: &mut Cx, a: Args<'_>) -> R {
    if a.get(0).downcast::<PyCode>(cx).is_none() {
        let got = cx.type_name(a.get(0));
        return Err(cx.type_error(format!("expected a code object, not '{got}'")));
    }
    Err(cx.value_error("no executor at given byte offset"))
}

fn get_nb_ops(cx: &Cx, _: Args<'_>) -> R {
    let pair = |name: String, symbol: String| cx.tuple(vec![cx.str(&name), cx.str(&symbol)]);
    let mut all: Vec<Obj> =
        OPERATORS.iter().map(|(name, symbol)| pair(format!("NB_{name}"), symbol.to_string())).collect();
    all.extend(
        OPERATORS.iter().map(|(name, symbol)| pair(format!("NB_INPLACE_{name}"), format!("{symbol}="))),
    );
    all.push(pair("NB_SUBSCR".into(), "[]".into()));
    Ok(cx.list(all))
}

/// The VM has registers where CPython has a stack: there are no effects to tell of.
fn stack_effect(cx: &mut Cx, a: Args<'_>) -> R {
    let opcode = cx.to_i64(a.get(0))?;
    if let Some(jump) = a.opt_not_none(2)
        && jump.value().as_bool().is_none()
    {
        return Err(cx.value_error("stack_effect: jump must be False, True or None"));
    }
    if !VALID.iter().any(|&(from, to)| (from..=to).contains(&opcode)) {
        return Err(cx.value_error("invalid opcode or oparg"));
    }
    Ok(cx.int(0))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for name in ["ENABLE_SPECIALIZATION", "ENABLE_SPECIALIZATION_FT"] {
        let one = cx.int(1);
        add(cx, module, name, one);
    }
    Ok(())
}
