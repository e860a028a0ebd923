//! What to underline in a source line of a traceback: `~` for the operands, `^` for the operator, the subscript or the
//! call that failed (`_extract_caret_anchors_from_line_segment` of CPython's `Lib/traceback.py`).

use ungil_compiler::anchors::{expression_anchors, is_all_of_statement};

/// Anchors within the marked segment, in characters: from where to where `^` is drawn; `~` elsewhere.
pub fn anchors(segment: &str) -> Option<(usize, usize)> {
    let n = segment.chars().count();
    expression_anchors(segment).map(|(start, end)| (start.min(n), end.min(n)))
}

/// Whether nothing is underlined, because the marked bytes are all that the statement in these lines does.
pub fn are_hidden(lines: &[String], dedent: usize, column: u32, end_column: u32) -> bool {
    let cut = |line: &String| line.get(dedent..).unwrap_or_default().to_string();
    let lines: Vec<String> = lines.iter().map(cut).collect();
    let text = lines.join("\n");
    let before: usize = lines[..lines.len().max(1) - 1].iter().map(|l| l.len() + 1).sum();
    let start = (column as usize).saturating_sub(dedent);
    let end = before + (end_column as usize).saturating_sub(dedent);
    is_all_of_statement(&text, start, end)
}
