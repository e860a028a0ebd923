//! What to underline in a source line of a traceback: `~` for the operands, `^` for the operator, the subscript or the
//! call that failed (`_extract_caret_anchors_from_line_segment` of CPython's `Lib/traceback.py`).

use ungil_compiler::anchors::expression_anchors;

/// Anchors within the marked segment, in characters: from where to where `^` is drawn; `~` elsewhere.
pub fn anchors(segment: &str) -> Option<(usize, usize)> {
    let n = segment.chars().count();
    expression_anchors(segment).map(|(start, end)| (start.min(n), end.min(n)))
}
