//! Python 3.14 source to ungil bytecode.
//!
//! The stages: `source` (decoding, lines), the parser (`ruff_python_parser`), `scope*` (where each name lives), the code
//! generator (`compiler` and the modules named after what they compile), `flow` (clean-up) and `assemble` (words). The
//! contract with the interpreter is the opcode table of `ungil-bytecode`. Plain data in and out: no VM objects, no threads.

pub mod anchors;
mod annotations;
mod assemble;
mod calls;
#[cfg(debug_assertions)]
mod check;
mod compare;
mod compiler;
mod comprehension;
mod constant;
mod control;
mod decode;
mod diagnose;
mod errors;
mod escapes;
mod expr;
mod flow;
mod fold;
mod fstring;
mod function;
mod future;
mod generators;
mod literals;
mod module;
mod parse;
mod patterns;
mod protect;
mod scope;
mod scope_build;
mod scope_resolve;
mod source;
mod stmt;
mod tree;
mod unit;
mod unparse;
mod warn;
mod written;

pub use decode::{compile_bytes, compile_bytes_with_warnings, decode, foreign_encoding};
pub use errors::{CompileError, ErrorKind, Warning, WarningKind};
use source::Source;
pub use tree::{Field, Node, Parsed, check_ended, parse_tree};
use ungil_bytecode::CodeUnit;

/// A number that differs between versions of the compiler.
pub const ID: u64 = match u64::from_str_radix(env!("UNGIL_COMPILER_ID"), 10) {
    Ok(id) => id,
    Err(_) => panic!("the build script gives a number"),
};

/// What a source is: the `mode` argument of `compile()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Exec,
    Eval,
    /// One interactive statement, whose value is printed.
    Single,
}

/// Settings of a compilation.
#[derive(Clone, Debug)]
pub struct Options {
    /// 0 keeps assertions and docstrings, 1 drops assertions, 2 docstrings too; -1 is the interpreter's level, 0 here.
    pub optimize: i8,
    /// `from __future__ import annotations` is inherited from the code that compiles this.
    pub future_annotations: bool,
    /// `await` may stand outside of functions (`ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`).
    pub top_level_await: bool,
    /// The source is the program itself, which CPython reads line by line: errors in its encoding name the file.
    pub is_script: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { optimize: -1, future_annotations: false, top_level_await: false, is_script: false }
    }
}

/// A compiled source and what there was to warn about.
#[derive(Debug)]
pub struct Compiled {
    pub code: Box<CodeUnit>,
    pub warnings: Vec<Warning>,
}

/// Compiles a source.
///
/// # Errors
/// What CPython's `compile()` would raise.
pub fn compile(
    source: &str,
    filename: &str,
    mode: Mode,
    options: &Options,
) -> Result<Box<CodeUnit>, CompileError> {
    compile_with_warnings(source, filename, mode, options).map(|compiled| compiled.code)
}

/// As [`compile`], with the warnings.
///
/// # Errors
/// As for [`compile`].
pub fn compile_with_warnings(
    source: &str,
    filename: &str,
    mode: Mode,
    options: &Options,
) -> Result<Compiled, CompileError> {
    let source = Source::new(source);
    let result: errors::Res<_> = with_deep_stack(&source, || {
        let (tree, mut warnings) = parse::parse(&source, mode)?;
        let (code, more) = module::generate(&source, &tree, mode, options, filename)?;
        warnings.extend(more);
        Ok((code, warnings))
    });
    match result {
        Ok((code, warnings)) => Ok(Compiled { code, warnings }),
        Err(fault) => Err(fault.locate(&source, filename)),
    }
}

/// As [`compile_with_warnings`] of a tree: a `Module`, an `Expression` or an `Interactive`.
///
/// # Errors
/// As for [`compile`].
pub fn compile_tree(
    tree: &Node,
    filename: &str,
    mode: Mode,
    options: &Options,
) -> Result<Compiled, CompileError> {
    let written = stacker::maybe_grow(TREE_STACK, TREE_STACK, || written::write(tree));
    let source = Source::written(written.text, written.places);
    let result: errors::Res<_> = with_deep_stack(&source, || {
        let tree = parse::parse_written(&source, mode, &written.names)?;
        module::generate(&source, &tree, mode, options, filename)
    });
    match result {
        Ok((code, warnings)) => Ok(Compiled { code, warnings }),
        Err(fault) => Err(fault.locate(&source, filename)),
    }
}

/// Stack for writing a tree that is as deep as trees of objects can be.
const TREE_STACK: usize = 32 << 20;

/// Runs on a stack that is deep enough to let go of a tree as deep as the source is long.
fn with_deep_stack<T>(source: &Source, work: impl FnOnce() -> T) -> T {
    const SHORT: usize = 4_000;
    let length = source.text.len();
    if length < SHORT {
        return work();
    }
    let wanted = (32 << 20) + 512 * length;
    stacker::maybe_grow(wanted, wanted, work)
}
