//! Symbol tables: what every scope of a module binds and uses, and where each name lives.
//!
//! `scope_build` fills them from the syntax tree, `scope_resolve` decides local, cell, free or global for each name (the
//! two passes of CPython's Python/symtable.c); the code generator reads them and changes nothing.

use crate::errors::Res;
use crate::scope_build::Builder;
use indexmap::IndexMap;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::TextRange;
use std::collections::{HashMap, HashSet};

pub(crate) type ScopeId = usize;

/// What kind of block a scope belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Module,
    Class,
    Function,
    Lambda,
    Generator,
    /// List, set or dict comprehension; compiled into the unit around it (PEP 709).
    Comprehension,
    /// Lazy annotations (PEP 649).
    Annotation,
    /// Type parameters of a class, function or alias (PEP 695).
    TypeParams,
    /// Value of a `type` statement.
    TypeAlias,
    /// Bound or default of a type parameter.
    TypeVariable,
}

impl Kind {
    /// Whether names bound here are visible in the functions inside.
    pub fn is_function_like(self) -> bool {
        !matches!(self, Kind::Module | Kind::Class)
    }

    /// Scopes that only exist for annotations and type parameters.
    pub fn is_annotation_like(self) -> bool {
        matches!(self, Kind::Annotation | Kind::TypeParams | Kind::TypeAlias | Kind::TypeVariable)
    }
}

/// Flags of a symbol: how its scope mentions it.
pub(crate) mod def {
    pub const GLOBAL: u16 = 1;
    pub const LOCAL: u16 = 1 << 1;
    pub const PARAM: u16 = 1 << 2;
    pub const NONLOCAL: u16 = 1 << 3;
    pub const USE: u16 = 1 << 4;
    pub const IMPORT: u16 = 1 << 5;
    pub const ANNOTATED: u16 = 1 << 6;
    pub const COMP_ITER: u16 = 1 << 7;
    pub const TYPE_PARAM: u16 = 1 << 8;
    /// Bound in a class body and also free in a function inside it.
    pub const FREE_CLASS: u16 = 1 << 9;
    /// Everything that binds.
    pub const BOUND: u16 = LOCAL | PARAM | IMPORT | TYPE_PARAM;
}

/// Where a name lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Unresolved,
    Local,
    Cell,
    Free,
    GlobalExplicit,
    GlobalImplicit,
}

#[derive(Clone, Debug)]
pub(crate) struct Symbol {
    pub flags: u16,
    pub place: Place,
    /// First mention that matters for errors (`global x`, `nonlocal x`).
    pub range: TextRange,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub kind: Kind,
    pub name: Name,
    pub parent: Option<ScopeId>,
    pub children: Vec<ScopeId>,
    pub symbols: IndexMap<Name, Symbol>,
    /// Parameters in the order of their registers.
    pub params: Vec<Name>,
    pub is_generator: bool,
    pub is_coroutine: bool,
    pub has_varargs: bool,
    pub has_varkeywords: bool,
    /// A function inside another function.
    pub nested: bool,
    /// A function directly in a class body.
    pub is_method: bool,
    /// Class whose private names (`__x`) are mangled here.
    pub private: Option<Name>,
    /// In the type parameter scope of a class only these are mangled.
    pub mangled_only: Option<HashSet<Name>>,
    /// An annotation scope directly in a class, whose names are looked up in the class first.
    pub sees_class: bool,
    pub needs_class_cell: bool,
    pub needs_class_dict: bool,
    /// Annotations under `if`, loops and the like, or any at module level: which were reached is noted at run time.
    pub conditional_annotations: bool,
    pub needs_conditional_cell: bool,
    pub annotation_scope: Option<ScopeId>,
    /// Names bound by `:=`: reading such a local in place while a later operand is evaluated is not always right.
    pub walrus: HashSet<Name>,
    /// What a type variable scope is, for error messages ("a TypeVar bound").
    pub description: &'static str,
    /// A generator expression that is the only argument of what may be a builtin of [`ungil_bytecode::CONSUMERS`].
    pub is_consumed: bool,
    /// Inside the target of a comprehension's `for`.
    pub in_comp_target: bool,
    /// How many comprehension iterables are being visited.
    pub in_comp_iterable: u32,
    pub in_unevaluated: bool,
}

impl Scope {
    pub fn place(&self, name: &str) -> Option<Place> {
        self.symbols.get(name).map(|symbol| symbol.place)
    }

    pub fn flags(&self, name: &str) -> u16 {
        self.symbols.get(name).map_or(0, |symbol| symbol.flags)
    }
}

/// Which scope of a node is meant: a function has up to three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    Body,
    TypeParams,
    Annotations,
    Bound,
    Default,
}

/// The scopes of a module.
#[derive(Default)]
pub(crate) struct Scopes {
    pub all: Vec<Scope>,
    /// By address of the syntax node, which stays put while it is compiled.
    pub by_node: HashMap<(usize, Role), ScopeId>,
    /// Annotated assignments in blocks that may not run.
    pub conditional: HashSet<usize>,
}

/// Key of a syntax node.
pub(crate) fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}

impl Scopes {
    /// The scope of a node that has one.
    pub fn of<T>(&self, node: &T, role: Role) -> ScopeId {
        self.by_node[&(address(node), role)]
    }
}

/// What the scopes are built from.
pub(crate) enum Tree<'a> {
    Suite(&'a [Stmt]),
    Expression(&'a Expr),
}

/// Builds and resolves the scopes of a whole source; the first is the module's.
///
/// # Errors
/// The scoping errors that CPython reports as `SyntaxError`.
pub(crate) fn analyze(tree: &Tree<'_>, future_annotations: bool) -> Res<Scopes> {
    let mut builder = Builder::new(future_annotations);
    builder.build(tree)?;
    let mut scopes = builder.scopes;
    crate::scope_resolve::resolve(&mut scopes)?;
    Ok(scopes)
}

/// `name` as it is known inside the class `private` (private names are mangled).
pub(crate) fn mangle(private: Option<&Name>, name: &Name) -> Name {
    let Some(class) = private else { return name.clone() };
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return name.clone();
    }
    let stripped = class.trim_start_matches('_');
    if stripped.is_empty() {
        return name.clone();
    }
    Name::from(format!("_{stripped}{name}"))
}

impl Scope {
    /// Mangles a name as this scope does.
    pub fn mangle(&self, name: &Name) -> Name {
        match &self.mangled_only {
            Some(only) if !only.contains(name) => name.clone(),
            _ => mangle(self.private.as_ref(), name),
        }
    }
}
