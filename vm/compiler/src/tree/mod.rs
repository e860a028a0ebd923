//! Syntax trees as `ast` shows them: plain data with CPython's class and field names.
//!
//! `compile(..., ast.PyCF_ONLY_AST)` gets a [`Node`] from here and makes Python objects of it. Where the parser's tree is
//! of another form than CPython's (elif clauses, parts of strings, places of decorated definitions), it is brought into
//! that form.
//!
//! - `statements.rs`, `expressions.rs`, `strings.rs`: nodes of the parser to nodes of `ast`

mod expressions;
mod statements;
mod strings;

use crate::errors::{Res, Warning};
use crate::source::Source;
use crate::{CompileError, Mode};
use ruff_python_ast::{Identifier, Mod};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{Const, Position};

/// A node: its class, its fields in order, and its place if nodes of the class have one.
#[derive(Clone, Debug)]
pub struct Node {
    pub class: &'static str,
    pub place: Option<Position>,
    pub fields: Vec<(&'static str, Field)>,
}

/// What a field of a node holds.
#[derive(Clone, Debug)]
pub enum Field {
    Nothing,
    Node(Box<Node>),
    List(Vec<Field>),
    Name(String),
    Int(i64),
    Constant(Const),
}

/// Frees what is below by a list of what is left: a tree may be deeper than the stack of the thread that lets go of it.
impl Drop for Node {
    fn drop(&mut self) {
        let mut left = Vec::new();
        let mut fields = std::mem::take(&mut self.fields);
        loop {
            let inner = fields.into_iter().map(|(_, field)| field);
            left.extend(inner.filter(|field| matches!(field, Field::Node(_) | Field::List(_))));
            fields = loop {
                match left.pop() {
                    Some(Field::Node(mut node)) => break std::mem::take(&mut node.fields),
                    Some(Field::List(items)) => left.extend(items),
                    Some(_) => {}
                    None => return,
                }
            };
        }
    }
}

impl Node {
    /// The field of a name; nothing if there is none.
    pub fn field(&self, name: &str) -> &Field {
        self.fields.iter().find(|(known, _)| *known == name).map_or(&Field::Nothing, |(_, field)| field)
    }
}

impl Field {
    /// The node that it holds, if it holds one.
    pub fn node(&self) -> Option<&Node> {
        match self {
            Field::Node(node) => Some(node),
            _ => None,
        }
    }

    /// The class of the node that it holds; empty if it holds none.
    pub fn class(&self) -> &'static str {
        self.node().map_or("", |node| node.class)
    }

    /// What is in it if it is a list.
    pub fn items(&self) -> &[Field] {
        match self {
            Field::List(items) => items,
            _ => &[],
        }
    }

    /// The name that it holds, if it holds one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Field::Name(name) => Some(name),
            _ => None,
        }
    }

    /// The number that it holds, or zero.
    pub fn int(&self) -> i64 {
        match self {
            Field::Int(n) => *n,
            _ => 0,
        }
    }

    /// Whether it holds nothing.
    pub fn is_nothing(&self) -> bool {
        matches!(self, Field::Nothing)
    }
}

/// A parsed source and what its tokens gave reason to warn about.
#[derive(Debug)]
pub struct Parsed {
    pub tree: Node,
    pub warnings: Vec<Warning>,
}

/// Parses a source into a tree.
///
/// # Errors
/// What CPython's parser would raise.
pub fn parse_tree(source: &str, filename: &str, mode: Mode) -> Result<Parsed, CompileError> {
    let source = Source::new(source);
    let result: Res<_> = crate::with_deep_stack(&source, || {
        let (tree, warnings) = crate::parse::parse(&source, mode)?;
        let tree = Maker { source: &source }.module(&tree, mode)?;
        Ok(Parsed { tree, warnings })
    });
    result.map_err(|fault| fault.locate(&source, filename))
}

/// What a right interactive source lacks for want of a newline at its end, unless that `implies_dedent`.
///
/// # Errors
/// `SyntaxError`: with more input it is right.
pub fn check_ended(source: &str, filename: &str, implies_dedent: bool) -> Result<(), CompileError> {
    match crate::diagnose::check_ended(source, implies_dedent) {
        Some(fault) => Err(fault.locate(&Source::new(source), filename)),
        None => Ok(()),
    }
}

/// Makes nodes of one source.
struct Maker<'a> {
    source: &'a Source,
}

impl Node {
    /// Puts in what is known without running the tree: the value of `__debug__`.
    pub fn optimize(&mut self, level: i8) {
        // Not by recursion: the tree may be deeper than the stack.
        let mut left = vec![self];
        while let Some(node) = left.pop() {
            node.optimize_itself(level);
            node.fields.iter_mut().for_each(|(_, field)| field.push_nodes(&mut left));
        }
    }

    fn optimize_itself(&mut self, level: i8) {
        let is_debug = self.class == "Name"
            && self.field("id").text() == Some("__debug__")
            && self.field("ctx").class() == "Load";
        if is_debug {
            let value = if level > 0 { Const::False } else { Const::True };
            self.class = "Constant";
            self.fields = vec![("value", Field::Constant(value)), ("kind", Field::Nothing)];
        }
    }
}

impl Field {
    fn push_nodes<'a>(&'a mut self, nodes: &mut Vec<&'a mut Node>) {
        match self {
            Field::Node(node) => nodes.push(node),
            Field::List(items) => items.iter_mut().for_each(|item| item.push_nodes(nodes)),
            _ => {}
        }
    }
}

impl Maker<'_> {
    fn module(&self, tree: &Mod, mode: Mode) -> Res<Node> {
        Ok(match (tree, mode) {
            (Mod::Expression(module), _) => plain("Expression", vec![("body", self.expr(&module.body)?)]),
            (Mod::Module(module), Mode::Single) => {
                plain("Interactive", vec![("body", self.suite(&module.body)?)])
            }
            (Mod::Module(module), _) => plain(
                "Module",
                vec![("body", self.suite(&module.body)?), ("type_ignores", Field::List(Vec::new()))],
            ),
        })
    }

    /// A node that stands where a part of the source does.
    fn node(&self, class: &'static str, range: impl Ranged, fields: Vec<(&'static str, Field)>) -> Field {
        let place = Some(self.source.position(range.range()));
        Field::Node(Box::new(Node { class, place, fields }))
    }

    /// The first place behind `from` that is neither blank nor in a comment.
    fn next_token(&self, from: usize) -> usize {
        let bytes = self.source.text.as_bytes();
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'#' => at += bytes[at..].iter().take_while(|b| **b != b'\n').count(),
                b' ' | b'\t' | b'\n' | b'\x0c' | b'\\' => at += 1,
                _ => break,
            }
        }
        at
    }
}

/// A node without a place.
fn plain(class: &'static str, fields: Vec<(&'static str, Field)>) -> Node {
    Node { class, place: None, fields }
}

/// A node without a place or fields: an operator or a context.
fn mark(class: &'static str) -> Field {
    Field::Node(Box::new(plain(class, Vec::new())))
}

fn name(identifier: &Identifier) -> Field {
    Field::Name(identifier.id.to_string())
}

fn optional_name(identifier: Option<&Identifier>) -> Field {
    identifier.map_or(Field::Nothing, name)
}

fn list<T>(items: impl IntoIterator<Item = T>, each: impl FnMut(T) -> Res<Field>) -> Res<Field> {
    Ok(Field::List(items.into_iter().map(each).collect::<Res<_>>()?))
}

fn between(start: usize, end: usize) -> TextRange {
    TextRange::new((start as u32).into(), (end as u32).into())
}
