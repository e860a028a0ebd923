//! Source bytes to text: byte order mark, coding line (PEP 263), UTF-8 and Latin-1.

use crate::errors::Fault;
use crate::{CompileError, Compiled, ErrorKind, Mode, Options};
use std::borrow::Cow;
use ungil_bytecode::CodeUnit;

/// Compiles a file's bytes.
///
/// # Errors
/// What CPython raises for such a file.
pub fn compile_bytes(
    source: &[u8],
    filename: &str,
    mode: Mode,
    options: &Options,
) -> Result<Box<CodeUnit>, CompileError> {
    compile_bytes_with_warnings(source, filename, mode, options).map(|compiled| compiled.code)
}

/// As [`compile_bytes`], with the warnings.
///
/// # Errors
/// As for [`compile_bytes`].
pub fn compile_bytes_with_warnings(
    source: &[u8],
    filename: &str,
    mode: Mode,
    options: &Options,
) -> Result<Compiled, CompileError> {
    let text = decode(source, filename, options.is_script)?;
    crate::compile_with_warnings(&text, filename, mode, options)
}

/// Decodes a file's bytes as the tokenizer does; `is_script` as in [`Options`].
///
/// # Errors
/// Null bytes, an unknown encoding, or bytes that it does not allow.
pub fn decode<'a>(source: &'a [u8], filename: &str, is_script: bool) -> Result<Cow<'a, str>, CompileError> {
    let (has_mark, source) = match source.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (true, rest),
        None => (false, source),
    };
    let coding = coding_line(source);
    match coding.as_deref() {
        None => utf8(source, filename, is_script),
        Some(name) => match normalize(name).as_str() {
            "utf-8" if !has_mark || name != "utf8" => utf8(source, filename, is_script),
            _ if has_mark => Err(coding_problem(source, filename, name)),
            "iso-8859-1" | "ascii" => {
                if normalize(name) == "ascii" && !source.is_ascii() {
                    let at = source.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
                    let what = format!(
                        "(unicode error) 'ascii' codec can't decode byte {:#04x} in position {at}: ordinal not in range(128)",
                        source[at]
                    );
                    return Err(plain(filename, what));
                }
                Ok(Cow::Owned(source.iter().map(|byte| char::from(*byte)).collect()))
            }
            _ => Err(plain(filename, format!("unknown encoding: {name}"))),
        },
    }
}

/// The encoding that a source declares, if it is another one than [`decode`] knows.
pub fn foreign_encoding(source: &[u8]) -> Option<String> {
    let name = coding_line(source)?;
    let is_known = matches!(normalize(&name).as_str(), "utf-8" | "iso-8859-1" | "ascii");
    (!is_known && !source.starts_with(b"\xef\xbb\xbf")).then_some(name)
}

/// A byte order mark, and an encoding that has none.
fn coding_problem(source: &[u8], filename: &str, name: &str) -> CompileError {
    let mut error = plain(filename, format!("encoding problem: {name} with BOM"));
    let mut lines = source.split(|byte| *byte == b'\n').enumerate();
    if let Some((at, line)) = lines.find(|(_, line)| coding_in(line).is_some()) {
        let text = String::from_utf8_lossy(line).into_owned();
        (error.line, error.end_line) = (at as u32 + 1, at as u32 + 1);
        error.end_offset = text.chars().count() as i32;
        error.text = Some(text);
    }
    error
}

fn plain(filename: &str, message: String) -> CompileError {
    Fault::nowhere(ErrorKind::SyntaxError, message).locate(&crate::source::Source::new(""), filename)
}

fn utf8<'a>(source: &'a [u8], filename: &str, is_script: bool) -> Result<Cow<'a, str>, CompileError> {
    if let Some(at) = source.iter().position(|byte| *byte == 0) {
        if !is_script {
            return Err(plain(filename, "source code string cannot contain null bytes".into()));
        }
        let mut error = plain(filename, "source code cannot contain null bytes".into());
        let (line, start) = line_of(source, at);
        error.line = line;
        error.text = Some(String::from_utf8_lossy(&source[start..at]).into_owned() + "\n");
        return Err(error);
    }
    match std::str::from_utf8(source) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => {
            let at = error.valid_up_to();
            let (line, start) = line_of(source, at);
            let file = if is_script { format!(" in file {filename}") } else { String::new() };
            let what = format!(
                "Non-UTF-8 code starting with '\\x{:02x}'{file} on line {line}, but no encoding declared; see \
                 https://peps.python.org/pep-0263/ for details",
                source[at]
            );
            let mut error = plain(filename, what);
            let end = source[at..].iter().position(|byte| *byte == b'\n').map_or(source.len(), |n| at + n);
            error.line = line;
            error.offset = String::from_utf8_lossy(&source[start..at]).chars().count() as i32 + 1;
            (error.end_line, error.end_offset) = (line, error.offset);
            error.text = Some(String::from_utf8_lossy(&source[start..end]).into_owned() + "\n");
            Err(error)
        }
    }
}

/// The number of the line with the byte, from 1, and where it starts.
fn line_of(source: &[u8], at: usize) -> (u32, usize) {
    let newlines = source[..at].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    newlines.fold((1, 0), |(line, _), (place, _)| (line + 1, place + 1))
}

/// The encoding that one of the first two lines names, if they are comments or the first is empty.
fn coding_line(source: &[u8]) -> Option<String> {
    for line in source.split(|byte| *byte == b'\n' || *byte == b'\r').take(2) {
        let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'));
        let Some(start) = start else { continue };
        if line[start] != b'#' {
            return None;
        }
        if let Some(name) = coding_in(&line[start..]) {
            return Some(name);
        }
    }
    None
}

fn coding_in(comment: &[u8]) -> Option<String> {
    let at = comment.windows(7).position(|part| part == b"coding:" || part == b"coding=")?;
    let rest = &comment[at + 7..];
    let rest = &rest[rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()..];
    let end = rest
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        .count();
    (end > 0).then(|| String::from_utf8_lossy(&rest[..end]).into_owned())
}

fn normalize(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace('_', "-");
    let is = |known: &str| name == known || name.starts_with(&format!("{known}-"));
    if is("utf-8") || name == "utf8" {
        "utf-8".into()
    } else if ["latin-1", "iso-8859-1", "iso-latin-1"].iter().any(|known| is(known)) || name == "latin1" {
        "iso-8859-1".into()
    } else if name == "us-ascii" {
        "ascii".into()
    } else {
        name
    }
}
