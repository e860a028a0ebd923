//! What to underline in a source line of a traceback: `~` for the operands, `^` for the operator, the subscript or the
//! call that failed (`_extract_caret_anchors_from_line_segment` of CPython's `Lib/traceback.py`).

/// Anchors within the marked segment, in characters: from where to where `^` is drawn; `~` elsewhere.
pub fn anchors(segment: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = segment.chars().collect();
    ungil_compiler::expression_anchors(segment).map(|(start, end)| (start.min(chars.len()), end.min(chars.len())))
}
