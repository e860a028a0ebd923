//! Which part of an expression's text a traceback underlines with `^`: the operator, the subscript, or the call's
//! arguments (`_extract_caret_anchors_from_line_segment` of CPython's `Lib/traceback.py`).

use ruff_python_ast::{Expr, Mod, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse};
use ruff_text_size::Ranged;

/// From where to where, in characters of the segment; `None` if the whole of it is to be underlined alike.
pub fn expression_anchors(segment: &str) -> Option<(usize, usize)> {
    let wrapped = format!("(\n{segment}\n)");
    let parsed = parse(&wrapped, ParseOptions::from(Mode::Module)).ok()?;
    let Mod::Module(module) = parsed.into_syntax() else { return None };
    let [Stmt::Expr(statement)] = module.body.as_slice() else { return None };
    let (start, end) = anchors(&wrapped, &statement.value)?;
    // The first two bytes are the parenthesis and the line break in front of the segment.
    let chars = |byte: usize| segment.get(..byte.checked_sub(2)?).map(|s| s.chars().count());
    Some((chars(start)?, chars(end)?))
}

/// Whether the expression from byte `start` to `end` of a statement's text is a call that the statement does nothing but
/// return (of a plain name) or assign: then underlining it would say nothing (`_should_show_carets` of `traceback.py`).
pub fn is_all_of_statement(text: &str, start: usize, end: usize) -> bool {
    let Ok(parsed) = parse(text, ParseOptions::from(Mode::Module)) else { return false };
    let Mod::Module(module) = parsed.into_syntax() else { return false };
    let value = match module.body.first() {
        Some(Stmt::Return(statement)) => statement
            .value
            .as_deref()
            .filter(|value| matches!(value, Expr::Call(call) if matches!(*call.func, Expr::Name(_)))),
        Some(Stmt::Assign(statement)) => Some(&*statement.value).filter(|value| value.is_call_expr()),
        _ => None,
    };
    value.is_some_and(|value| value.start().to_usize() == start && value.end().to_usize() == end)
}

fn anchors(text: &str, expr: &Expr) -> Option<(usize, usize)> {
    match expr {
        Expr::BinOp(op) => {
            let between = op.left.end().to_usize()..op.right.start().to_usize();
            let skip =
                text.get(between.clone())?.find(|c: char| !c.is_whitespace() && c != ')' && c != '\\')?;
            let start = between.start + skip;
            let symbol = op.op.as_str().len();
            Some((start, start + symbol))
        }
        Expr::Subscript(subscript) => bracketed(text, subscript.value.end().to_usize(), '[', expr),
        Expr::Call(call) => bracketed(text, call.func.end().to_usize(), '(', expr),
        _ => None,
    }
}

fn bracketed(text: &str, from: usize, bracket: char, expr: &Expr) -> Option<(usize, usize)> {
    let end = expr.end().to_usize();
    let start = from + text.get(from..end)?.find(bracket)?;
    Some((start, end))
}
