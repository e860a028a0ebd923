//! First pass over the syntax tree: which names every scope binds, uses and declares.
//!
//! Follows `symtable_visit_*` in CPython's Python/symtable.c, which fixes the order of names and the error messages.

use crate::errors::{ErrorKind, Fault, Res};
use crate::scope::{Kind, Place, Role, Scope, ScopeId, Scopes, Symbol, Tree, address, def};
use indexmap::IndexMap;
use ruff_python_ast::name::Name;
use ruff_python_ast::{
    Comprehension, Expr, ExprContext, Identifier, InterpolatedStringElement, Parameters, Pattern, Stmt,
    StmtAnnAssign, StmtClassDef, StmtFunctionDef, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange};
use std::collections::HashSet;

/// Fills the symbol tables; `scopes` is the result.
pub(crate) struct Builder {
    pub scopes: Scopes,
    current: ScopeId,
    private: Option<Name>,
    future_annotations: bool,
    /// Depth of blocks whose statements may not run (`if`, loops, `try`, ...) inside the current class or module.
    conditional: u32,
    /// How deep the expression being visited is, and how much of that its parser would have had to keep in mind.
    depth: u32,
    pending: u32,
}

/// Deeper trees are refused, as CPython's compiler does when its stack ends.
const MAX_DEPTH: u32 = 50_000;
/// About where CPython's parser gives up on operators that wait for their right operand.
const MAX_PENDING: u32 = 6_000;

impl Builder {
    pub fn new(future_annotations: bool) -> Self {
        Self {
            scopes: Scopes::default(),
            current: 0,
            private: None,
            future_annotations,
            conditional: 0,
            depth: 0,
            pending: 0,
        }
    }

    pub fn build(&mut self, tree: &Tree<'_>) -> Res {
        self.push_scope(Kind::Module, Name::new_static("<module>"));
        match tree {
            Tree::Suite(body) => self.suite(body),
            Tree::Expression(value) => self.expr(value),
        }
    }

    fn push_scope(&mut self, kind: Kind, name: Name) -> ScopeId {
        let id = self.scopes.all.len();
        let parent = (id != 0).then_some(self.current);
        let around = parent.map(|parent| &self.scopes.all[parent]);
        let nested = around.is_some_and(|scope| scope.nested || scope.kind.is_function_like());
        let in_class = around.is_some_and(|scope| {
            scope.kind == Kind::Class || (scope.sees_class && kind.is_annotation_like())
        });
        let is_method = matches!(kind, Kind::Function | Kind::Lambda | Kind::Generator)
            && around.is_some_and(|scope| scope.kind == Kind::Class);
        let in_iterable = around.is_some_and(|scope| scope.in_comp_iterable > 0);
        self.scopes.all.push(Scope {
            kind,
            name,
            parent,
            children: Vec::new(),
            symbols: IndexMap::new(),
            params: Vec::new(),
            is_generator: false,
            is_coroutine: false,
            has_varargs: false,
            has_varkeywords: false,
            nested,
            is_method,
            private: self.private.clone(),
            mangled_only: None,
            sees_class: in_class && kind.is_annotation_like(),
            needs_class_cell: false,
            needs_class_dict: false,
            conditional_annotations: false,
            needs_conditional_cell: false,
            annotation_scope: None,
            walrus: HashSet::new(),
            description: "",
            is_consumed: false,
            in_comp_target: false,
            in_comp_iterable: u32::from(in_iterable),
            in_unevaluated: false,
        });
        if let Some(parent) = parent {
            self.scopes.all[parent].children.push(id);
        }
        self.current = id;
        id
    }

    /// Visits the inside of a new scope.
    fn inside<N>(
        &mut self,
        kind: Kind,
        name: impl Into<Name>,
        node: &N,
        role: Role,
        visit: impl FnOnce(&mut Self) -> Res,
    ) -> Res<ScopeId> {
        let outer = self.current;
        let conditional = std::mem::take(&mut self.conditional);
        let id = self.push_scope(kind, name.into());
        self.scopes.by_node.insert((address(node), role), id);
        if self.scopes.all[id].sees_class {
            self.add(&Name::new_static("__classdict__"), def::USE, TextRange::default())?;
        }
        visit(self)?;
        self.current = outer;
        self.conditional = conditional;
        Ok(id)
    }

    fn here(&mut self) -> &mut Scope {
        &mut self.scopes.all[self.current]
    }

    fn add(&mut self, name: &Name, flag: u16, range: TextRange) -> Res {
        self.add_to(self.current, name, flag, range)
    }

    fn add_to(&mut self, id: ScopeId, name: &Name, flag: u16, range: TextRange) -> Res {
        let scope = &mut self.scopes.all[id];
        let name = scope.mangle(name);
        let in_target = scope.in_comp_target;
        let entry = scope.symbols.entry(name.clone());
        let symbol = entry.or_insert(Symbol { flags: 0, place: Place::Unresolved, range });
        if flag & def::PARAM != 0 && symbol.flags & def::PARAM != 0 {
            return Err(Fault::syntax(format!("duplicate argument '{name}' in function definition"), range));
        }
        if flag & def::TYPE_PARAM != 0 && symbol.flags & def::TYPE_PARAM != 0 {
            return Err(Fault::syntax(format!("duplicate type parameter '{name}'"), range));
        }
        symbol.flags |= flag;
        if in_target {
            if symbol.flags & (def::GLOBAL | def::NONLOCAL) != 0 {
                let what =
                    format!("comprehension inner loop cannot rebind assignment expression target '{name}'");
                return Err(Fault::syntax(what, range));
            }
            symbol.flags |= def::COMP_ITER;
        }
        if flag & def::PARAM != 0 {
            scope.params.push(name);
        }
        Ok(())
    }

    fn store(&mut self, id: &Identifier, flag: u16) -> Res {
        self.add(&id.id, flag, id.range)
    }

    fn suite(&mut self, body: &[Stmt]) -> Res {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn conditional_suite(&mut self, body: &[Stmt]) -> Res {
        self.conditional += 1;
        self.suite(body)?;
        self.conditional -= 1;
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt) -> Res {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.stmt_inner(stmt))
    }

    fn stmt_inner(&mut self, stmt: &Stmt) -> Res {
        match stmt {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::Return(node) => self.maybe(node.value.as_deref()),
            Stmt::Delete(node) => self.exprs(&node.targets),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => {
                self.exprs(&node.targets)?;
                self.expr(&node.value)
            }
            Stmt::AugAssign(node) => {
                self.expr(&node.target)?;
                self.expr(&node.value)
            }
            Stmt::AnnAssign(node) => self.ann_assign(node),
            Stmt::For(node) => {
                self.expr(&node.target)?;
                self.expr(&node.iter)?;
                if node.is_async {
                    self.here().is_coroutine = true;
                }
                self.conditional_suite(&node.body)?;
                self.conditional_suite(&node.orelse)
            }
            Stmt::While(node) => {
                self.expr(&node.test)?;
                self.conditional_suite(&node.body)?;
                self.conditional_suite(&node.orelse)
            }
            Stmt::If(node) => {
                self.expr(&node.test)?;
                self.conditional_suite(&node.body)?;
                node.elif_else_clauses.iter().try_for_each(|clause| {
                    self.maybe(clause.test.as_ref())?;
                    self.conditional_suite(&clause.body)
                })
            }
            Stmt::With(node) => {
                if node.is_async {
                    self.here().is_coroutine = true;
                }
                for item in &node.items {
                    self.expr(&item.context_expr)?;
                    self.maybe(item.optional_vars.as_deref())?;
                }
                self.conditional_suite(&node.body)
            }
            Stmt::Match(node) => {
                self.expr(&node.subject)?;
                node.cases.iter().try_for_each(|case| {
                    self.pattern(&case.pattern)?;
                    self.maybe(case.guard.as_deref())?;
                    self.conditional_suite(&case.body)
                })
            }
            Stmt::Raise(node) => {
                self.maybe(node.exc.as_deref())?;
                self.maybe(node.cause.as_deref())
            }
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => {
                self.expr(&node.test)?;
                self.maybe(node.msg.as_deref())
            }
            Stmt::Import(node) => node.names.iter().try_for_each(|alias| self.import_alias(alias)),
            Stmt::ImportFrom(node) => node.names.iter().try_for_each(|alias| {
                if alias.name.as_str() != "*" {
                    return self.import_alias(alias);
                }
                if self.here().kind != Kind::Module {
                    return Err(Fault::syntax("import * only allowed at module level", alias.range));
                }
                Ok(())
            }),
            Stmt::Global(node) => self.declare(&node.names, def::GLOBAL, node.range),
            Stmt::Nonlocal(node) => self.declare(&node.names, def::NONLOCAL, node.range),
            Stmt::Expr(node) => self.expr(&node.value),
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => Ok(()),
            Stmt::IpyEscapeCommand(node) => Err(Fault::syntax("invalid syntax", node.range)),
        }
    }

    fn try_statement(&mut self, node: &ruff_python_ast::StmtTry) -> Res {
        self.conditional_suite(&node.body)?;
        for handler in &node.handlers {
            let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
            self.maybe(handler.type_.as_deref())?;
            if let Some(name) = &handler.name {
                self.store(name, def::LOCAL)?;
            }
            self.conditional_suite(&handler.body)?;
        }
        self.conditional_suite(&node.orelse)?;
        self.conditional_suite(&node.finalbody)
    }

    fn import_alias(&mut self, alias: &ruff_python_ast::Alias) -> Res {
        let bound = alias.asname.as_ref().unwrap_or(&alias.name);
        let first = bound.id.split('.').next().unwrap_or_default();
        self.add(&Name::from(first), def::IMPORT, alias.range)
    }

    /// `global` and `nonlocal`.
    fn declare(&mut self, names: &[Identifier], flag: u16, range: TextRange) -> Res {
        let word = if flag == def::GLOBAL { "global" } else { "nonlocal" };
        for name in names {
            let mangled = self.here().mangle(&name.id);
            let flags = self.here().flags(&mangled);
            let what = if flags & def::PARAM != 0 {
                Some(format!("name '{mangled}' is parameter and {word}"))
            } else if flags & def::USE != 0 {
                Some(format!("name '{mangled}' is used prior to {word} declaration"))
            } else if flags & def::ANNOTATED != 0 {
                Some(format!("annotated name '{mangled}' can't be {word}"))
            } else if flags & def::BOUND != 0 {
                Some(format!("name '{mangled}' is assigned to before {word} declaration"))
            } else {
                None
            };
            if let Some(what) = what {
                return Err(Fault::syntax(what, range));
            }
            if flag == def::NONLOCAL && self.here().kind == Kind::Module {
                return Err(Fault::syntax("nonlocal declaration not allowed at module level", range));
            }
            self.add(&name.id, flag, range)?;
            if flags & (def::GLOBAL | def::NONLOCAL) == 0 {
                self.here().symbols[&mangled].range = range;
            }
        }
        Ok(())
    }

    fn function(&mut self, node: &StmtFunctionDef) -> Res {
        self.store(&node.name, def::LOCAL)?;
        node.decorator_list.iter().try_for_each(|decorator| self.expr(&decorator.expression))?;
        self.defaults(&node.parameters)?;
        let inner = |builder: &mut Self| {
            builder.function_annotations(node)?;
            builder.inside(Kind::Function, node.name.id.clone(), node, Role::Body, |builder| {
                builder.here().is_coroutine = node.is_async;
                builder.parameters(&node.parameters)?;
                builder.suite(&node.body)
            })?;
            Ok(())
        };
        match &node.type_params {
            None => inner(self),
            Some(params) => {
                let defaults =
                    node.parameters.iter_non_variadic_params().any(|param| param.default.is_some());
                self.inside(Kind::TypeParams, node.name.id.clone(), node, Role::TypeParams, |builder| {
                    if defaults {
                        builder.function_defaults(&node.parameters)?;
                    }
                    builder.type_params(params)?;
                    inner(builder)
                })?;
                Ok(())
            }
        }
    }

    /// Defaults are computed outside of the type parameters' scope and passed in.
    fn function_defaults(&mut self, parameters: &Parameters) -> Res {
        let range = parameters.range;
        if parameters.posonlyargs.iter().chain(&parameters.args).any(|param| param.default.is_some()) {
            self.add(&Name::new_static(".defaults"), def::PARAM, range)?;
        }
        if parameters.kwonlyargs.iter().any(|param| param.default.is_some()) {
            self.add(&Name::new_static(".kwdefaults"), def::PARAM, range)?;
        }
        Ok(())
    }

    fn defaults(&mut self, parameters: &Parameters) -> Res {
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        positional.chain(&parameters.kwonlyargs).try_for_each(|param| self.maybe(param.default.as_deref()))
    }

    fn parameters(&mut self, parameters: &Parameters) -> Res {
        let plain = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        for param in plain {
            self.store(&param.parameter.name, def::PARAM)?;
        }
        if let Some(vararg) = &parameters.vararg {
            self.store(&vararg.name, def::PARAM)?;
            self.here().has_varargs = true;
        }
        if let Some(kwarg) = &parameters.kwarg {
            self.store(&kwarg.name, def::PARAM)?;
            self.here().has_varkeywords = true;
        }
        Ok(())
    }

    fn function_annotations(&mut self, node: &StmtFunctionDef) -> Res {
        let all = annotations_of(&node.parameters).map(|(_, annotation)| annotation);
        let all: Vec<&Expr> = all.chain(node.returns.as_deref()).collect();
        if all.is_empty() {
            return Ok(());
        }
        let future = self.future_annotations;
        self.inside(Kind::Annotation, "__annotate__", node, Role::Annotations, |builder| {
            builder.here().in_unevaluated = future;
            builder.add(&Name::new_static("format"), def::PARAM, TextRange::default())?;
            all.into_iter().try_for_each(|annotation| builder.expr(annotation))
        })?;
        if future {
            self.forget_last_child();
        }
        Ok(())
    }

    /// Annotations that are kept as text only were visited for their errors; their names count for nothing.
    fn forget_last_child(&mut self) {
        let id = self.current;
        self.scopes.all[id].children.pop();
    }

    fn class(&mut self, node: &StmtClassDef) -> Res {
        self.store(&node.name, def::LOCAL)?;
        node.decorator_list.iter().try_for_each(|decorator| self.expr(&decorator.expression))?;
        let outer_private = self.private.clone();
        let body = |builder: &mut Self| {
            if let Some(arguments) = &node.arguments {
                builder.exprs(&arguments.args)?;
                arguments.keywords.iter().try_for_each(|keyword| builder.expr(&keyword.value))?;
            }
            let outer = builder.private.replace(node.name.id.clone());
            builder.inside(Kind::Class, node.name.id.clone(), node, Role::Body, |builder| {
                if node.type_params.is_some() {
                    builder.add(&Name::new_static("__type_params__"), def::LOCAL, node.range)?;
                    builder.add(&Name::new_static(".type_params"), def::USE, node.range)?;
                }
                builder.suite(&node.body)
            })?;
            builder.private = outer;
            Ok(())
        };
        match &node.type_params {
            None => body(self)?,
            Some(params) => {
                self.private = Some(node.name.id.clone());
                self.inside(Kind::TypeParams, node.name.id.clone(), node, Role::TypeParams, |builder| {
                    builder.here().mangled_only = Some(HashSet::new());
                    builder.add(&Name::new_static(".type_params"), def::LOCAL, node.range)?;
                    builder.add(&Name::new_static(".generic_base"), def::LOCAL, node.range)?;
                    builder.type_params(params)?;
                    body(builder)
                })?;
            }
        }
        self.private = outer_private;
        Ok(())
    }

    fn type_params(&mut self, params: &TypeParams) -> Res {
        for param in params.iter() {
            let name = param.name();
            if let Some(only) = &mut self.here().mangled_only {
                only.insert(name.id.clone());
            }
            if matches!(name.as_str(), "__classdict__" | "__conditional_annotations__") {
                let what = format!("reserved name '{name}' cannot be used for type parameter");
                return Err(Fault::syntax(what, param.range()));
            }
            self.add(&name.id, def::TYPE_PARAM | def::LOCAL, param.range())?;
            let (bound_text, default_text) = match param {
                TypeParam::TypeVar(node) => (
                    match node.bound.as_deref() {
                        Some(Expr::Tuple(_)) => "a TypeVar constraint",
                        _ => "a TypeVar bound",
                    },
                    "a TypeVar default",
                ),
                TypeParam::ParamSpec(_) => ("", "a ParamSpec default"),
                TypeParam::TypeVarTuple(_) => ("", "a TypeVarTuple default"),
            };
            if let TypeParam::TypeVar(node) = param
                && let Some(bound) = &node.bound
            {
                self.type_variable(name, param, Role::Bound, bound_text, bound)?;
            }
            if let Some(default) = param.default() {
                self.type_variable(name, param, Role::Default, default_text, default)?;
            }
        }
        Ok(())
    }

    fn type_variable(
        &mut self,
        name: &Identifier,
        param: &TypeParam,
        role: Role,
        what: &'static str,
        value: &Expr,
    ) -> Res {
        self.inside(Kind::TypeVariable, name.id.clone(), param, role, |builder| {
            builder.here().description = what;
            builder.add(&Name::new_static(".format"), def::PARAM, TextRange::default())?;
            builder.expr(value)
        })?;
        Ok(())
    }

    fn type_alias(&mut self, node: &ruff_python_ast::StmtTypeAlias) -> Res {
        self.expr(&node.name)?;
        let name = match &*node.name {
            Expr::Name(name) => name.id.clone(),
            _ => Name::new_static("type"),
        };
        let value = |builder: &mut Self| {
            builder.inside(Kind::TypeAlias, name.clone(), node, Role::Body, |builder| {
                builder.add(&Name::new_static(".format"), def::PARAM, TextRange::default())?;
                builder.expr(&node.value)
            })?;
            Ok(())
        };
        match &node.type_params {
            None => value(self),
            Some(params) => {
                self.inside(Kind::TypeParams, name.clone(), node, Role::TypeParams, |builder| {
                    builder.type_params(params)?;
                    value(builder)
                })?;
                Ok(())
            }
        }
    }

    fn ann_assign(&mut self, node: &StmtAnnAssign) -> Res {
        if let Expr::Name(name) = &*node.target {
            let mangled = self.here().mangle(&name.id);
            let flags = self.here().flags(&mangled);
            if flags & (def::GLOBAL | def::NONLOCAL) != 0 && node.simple {
                let word = if flags & def::GLOBAL != 0 { "global" } else { "nonlocal" };
                return Err(Fault::syntax(format!("annotated name '{mangled}' can't be {word}"), node.range));
            }
            if node.simple {
                self.add(&name.id, def::ANNOTATED | def::LOCAL, name.range)?;
            } else if node.value.is_some() {
                self.add(&name.id, def::LOCAL, name.range)?;
            }
        } else {
            self.expr(&node.target)?;
        }
        self.annotation(node)?;
        self.maybe(node.value.as_deref())
    }

    /// The annotation of a variable belongs to the annotate function of its class or module.
    fn annotation(&mut self, node: &StmtAnnAssign) -> Res {
        let future = self.future_annotations;
        let kind = self.here().kind;
        let conditional = self.conditional > 0 || kind == Kind::Module;
        let keeps = matches!(kind, Kind::Class | Kind::Module) && node.simple;
        if conditional {
            self.scopes.conditional.insert(address(node));
        }
        if keeps && conditional && !future && node.target.is_name_expr() {
            self.here().conditional_annotations = true;
            self.here().needs_conditional_cell = true;
            self.add(&Name::new_static("__conditional_annotations__"), def::USE, TextRange::default())?;
        }
        let outer = self.current;
        let saved_conditional = std::mem::take(&mut self.conditional);
        let reuse = if keeps { self.scopes.all[outer].annotation_scope } else { None };
        let id = match reuse {
            Some(id) => {
                self.current = id;
                id
            }
            None => {
                let id = self.push_scope(Kind::Annotation, Name::new_static("__annotate__"));
                if self.scopes.all[id].sees_class {
                    self.add(&Name::new_static("__classdict__"), def::USE, TextRange::default())?;
                }
                self.add(&Name::new_static("format"), def::PARAM, TextRange::default())?;
                if keeps && !future {
                    self.scopes.all[outer].annotation_scope = Some(id);
                }
                id
            }
        };
        if keeps && conditional && !future {
            self.add(&Name::new_static("__conditional_annotations__"), def::USE, TextRange::default())?;
        }
        self.scopes.all[id].in_unevaluated = future || !keeps;
        self.expr(&node.annotation)?;
        self.current = outer;
        self.conditional = saved_conditional;
        // Annotations of a function's locals are never evaluated, so what they mention is not captured.
        if future || !keeps {
            self.forget_last_child();
        }
        Ok(())
    }

    fn maybe(&mut self, expr: Option<&Expr>) -> Res {
        expr.map_or(Ok(()), |expr| self.expr(expr))
    }

    fn exprs(&mut self, exprs: &[Expr]) -> Res {
        exprs.iter().try_for_each(|expr| self.expr(expr))
    }

    fn expr(&mut self, expr: &Expr) -> Res {
        let pending = match expr {
            Expr::UnaryOp(_) | Expr::If(_) => 1,
            Expr::Lambda(_) => 2,
            Expr::BinOp(node) if node.op == ruff_python_ast::Operator::Pow => 2,
            _ => 0,
        };
        self.depth += 1;
        self.pending += pending;
        if self.depth > MAX_DEPTH {
            let what = "maximum recursion depth exceeded during compilation";
            return Err(Fault::nowhere(ErrorKind::RecursionError, what));
        }
        if self.pending > MAX_PENDING {
            let what = "Parser stack overflowed - Python source too complex to parse";
            return Err(Fault::nowhere(ErrorKind::MemoryError, what));
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || self.expr_inner(expr))?;
        self.depth -= 1;
        self.pending -= pending;
        Ok(())
    }

    fn expr_inner(&mut self, expr: &Expr) -> Res {
        match expr {
            Expr::BoolOp(node) => self.exprs(&node.values),
            Expr::Named(node) => self.walrus(node),
            Expr::BinOp(node) => {
                self.expr(&node.left)?;
                self.expr(&node.right)
            }
            Expr::UnaryOp(node) => self.expr(&node.operand),
            Expr::Lambda(node) => {
                if let Some(parameters) = &node.parameters {
                    self.defaults(parameters)?;
                }
                self.inside(Kind::Lambda, "<lambda>", node, Role::Body, |builder| {
                    if let Some(parameters) = &node.parameters {
                        builder.parameters(parameters)?;
                    }
                    builder.expr(&node.body)
                })?;
                Ok(())
            }
            Expr::If(node) => {
                self.expr(&node.test)?;
                self.expr(&node.body)?;
                self.expr(&node.orelse)
            }
            Expr::Dict(node) => node.items.iter().try_for_each(|item| {
                self.maybe(item.key.as_ref())?;
                self.expr(&item.value)
            }),
            Expr::Set(node) => self.exprs(&node.elts),
            Expr::ListComp(node) => self.comprehension(node, "<listcomp>", &node.generators, None, &node.elt),
            Expr::SetComp(node) => self.comprehension(node, "<setcomp>", &node.generators, None, &node.elt),
            Expr::DictComp(node) => {
                self.comprehension(node, "<dictcomp>", &node.generators, node.key.as_deref(), &node.value)
            }
            Expr::Generator(node) => self.comprehension(node, "<genexpr>", &node.generators, None, &node.elt),
            Expr::Await(node) => {
                self.refuse_in_annotation("await expression", expr)?;
                self.expr(&node.value)?;
                self.here().is_coroutine = true;
                Ok(())
            }
            Expr::Yield(node) => {
                self.refuse_in_annotation("yield expression", expr)?;
                self.maybe(node.value.as_deref())?;
                self.yields(expr)
            }
            Expr::YieldFrom(node) => {
                self.refuse_in_annotation("yield expression", expr)?;
                self.expr(&node.value)?;
                self.yields(expr)
            }
            Expr::Compare(node) => {
                self.expr(&node.left)?;
                self.exprs(&node.comparators)
            }
            Expr::Call(node) => {
                self.expr(&node.func)?;
                self.exprs(&node.arguments.args)?;
                node.arguments.keywords.iter().try_for_each(|keyword| self.expr(&keyword.value))?;
                if let (Expr::Name(name), [Expr::Generator(generator)], []) =
                    (&*node.func, &node.arguments.args[..], &node.arguments.keywords[..])
                {
                    let id = self.scopes.of(generator, Role::Body);
                    self.scopes.all[id].is_consumed = ungil_bytecode::CONSUMERS.contains(&&*name.id);
                }
                Ok(())
            }
            Expr::FString(node) => node.value.elements().try_for_each(|element| self.interpolated(element)),
            Expr::TString(node) => node.value.elements().try_for_each(|element| self.interpolated(element)),
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
            Expr::Attribute(node) => self.expr(&node.value),
            Expr::Subscript(node) => {
                self.expr(&node.value)?;
                self.expr(&node.slice)
            }
            Expr::Starred(node) => self.expr(&node.value),
            Expr::Name(node) => self.name(node),
            Expr::List(node) => self.exprs(&node.elts),
            Expr::Tuple(node) => self.exprs(&node.elts),
            Expr::Slice(node) => {
                self.maybe(node.lower.as_deref())?;
                self.maybe(node.upper.as_deref())?;
                self.maybe(node.step.as_deref())
            }
            Expr::IpyEscapeCommand(node) => Err(Fault::syntax("invalid syntax", node.range)),
        }
    }

    fn name(&mut self, node: &ruff_python_ast::ExprName) -> Res {
        let flag = if node.ctx == ExprContext::Load { def::USE } else { def::LOCAL };
        self.add(&node.id, flag, node.range)?;
        // `super()` finds its class through the cell `__class__`.
        if flag == def::USE && node.id.as_str() == "super" && self.in_function() {
            self.add(&Name::new_static("__class__"), def::USE, node.range)?;
        }
        Ok(())
    }

    fn in_function(&self) -> bool {
        self.scopes.all[self.current].kind.is_function_like()
    }

    fn interpolated(&mut self, element: &InterpolatedStringElement) -> Res {
        let InterpolatedStringElement::Interpolation(node) = element else { return Ok(()) };
        self.expr(&node.expression)?;
        match &node.format_spec {
            Some(spec) => spec.elements.iter().try_for_each(|element| self.interpolated(element)),
            None => Ok(()),
        }
    }

    fn refuse_in_annotation(&mut self, what: &str, expr: &Expr) -> Res {
        let scope = self.here();
        let place = match scope.kind {
            Kind::Annotation => "an annotation",
            Kind::TypeVariable => scope.description,
            Kind::TypeAlias => "a type alias",
            Kind::TypeParams => "the definition of a generic",
            _ => return Ok(()),
        };
        Err(Fault::syntax(format!("{what} cannot be used within {place}"), expr.range()))
    }

    fn yields(&mut self, expr: &Expr) -> Res {
        let scope = self.here();
        scope.is_generator = true;
        let what = match (scope.kind, scope.name.as_str()) {
            (Kind::Generator, _) => "generator expression",
            (Kind::Comprehension, "<listcomp>") => "list comprehension",
            (Kind::Comprehension, "<setcomp>") => "set comprehension",
            (Kind::Comprehension, _) => "dict comprehension",
            _ => return Ok(()),
        };
        Err(Fault::syntax(format!("'yield' inside {what}"), expr.range()))
    }

    fn comprehension<N: Ranged>(
        &mut self,
        node: &N,
        name: &'static str,
        generators: &[Comprehension],
        key: Option<&Expr>,
        value: &Expr,
    ) -> Res {
        let range = node.range();
        let (first, rest) = generators.split_first().expect("a comprehension has a `for`");
        self.here().in_comp_iterable += 1;
        self.expr(&first.iter)?;
        self.here().in_comp_iterable -= 1;
        let is_generator = name == "<genexpr>";
        let kind = if is_generator { Kind::Generator } else { Kind::Comprehension };
        let id = self.inside(kind, Name::new_static(name), node, Role::Body, |builder| {
            if generators.iter().any(|generator| generator.is_async) {
                builder.here().is_coroutine = true;
            }
            builder.add(&Name::new_static(".0"), def::PARAM, TextRange::default())?;
            builder.comp_target(&first.target)?;
            builder.exprs(&first.ifs)?;
            for generator in rest {
                builder.comp_target(&generator.target)?;
                builder.here().in_comp_iterable += 1;
                builder.expr(&generator.iter)?;
                builder.here().in_comp_iterable -= 1;
                builder.exprs(&generator.ifs)?;
            }
            builder.expr(value)?;
            builder.maybe(key)?;
            builder.here().is_generator |= is_generator;
            Ok(())
        })?;
        if self.scopes.all[id].is_coroutine && !is_generator {
            if self.here().kind.is_annotation_like() {
                let what = "asynchronous comprehension outside of an asynchronous function";
                return Err(Fault::syntax(what, range));
            }
            self.here().is_coroutine = true;
        }
        Ok(())
    }

    fn comp_target(&mut self, target: &Expr) -> Res {
        self.here().in_comp_target = true;
        self.expr(target)?;
        self.here().in_comp_target = false;
        Ok(())
    }

    fn walrus(&mut self, node: &ruff_python_ast::ExprNamed) -> Res {
        self.refuse_in_annotation_walrus(node)?;
        if self.here().in_comp_iterable > 0 {
            let what = "assignment expression cannot be used in a comprehension iterable expression";
            return Err(Fault::syntax(what, node.range));
        }
        if let Expr::Name(target) = &*node.target
            && matches!(self.here().kind, Kind::Comprehension | Kind::Generator)
        {
            self.extend_walrus_scope(target)?;
        }
        self.expr(&node.value)?;
        if let Expr::Name(target) = &*node.target {
            let name = self.here().mangle(&target.id);
            self.here().walrus.insert(name);
        }
        self.expr(&node.target)
    }

    fn refuse_in_annotation_walrus(&mut self, node: &ruff_python_ast::ExprNamed) -> Res {
        if self.here().kind.is_annotation_like() {
            let expr = Expr::Named(node.clone());
            return self.refuse_in_annotation("named expression", &expr);
        }
        Ok(())
    }

    /// `:=` in a comprehension binds in the function or module around all comprehensions.
    fn extend_walrus_scope(&mut self, target: &ruff_python_ast::ExprName) -> Res {
        let name = self.here().mangle(&target.id);
        let mut id = Some(self.current);
        while let Some(at) = id {
            match self.scopes.all[at].kind {
                Kind::Comprehension | Kind::Generator => {
                    if self.scopes.all[at].flags(&name) & def::COMP_ITER != 0 {
                        let what = format!(
                            "assignment expression cannot rebind comprehension iteration variable '{}'",
                            target.id
                        );
                        return Err(Fault::syntax(what, target.range));
                    }
                }
                Kind::Function | Kind::Lambda => {
                    let global = self.scopes.all[at].flags(&name) & def::GLOBAL != 0;
                    let flag = if global { def::GLOBAL } else { def::NONLOCAL };
                    self.add(&target.id, flag, target.range)?;
                    self.scopes.all[at].walrus.insert(name);
                    return self.add_to(at, &target.id, def::LOCAL, target.range);
                }
                Kind::Module => {
                    self.add(&target.id, def::GLOBAL, target.range)?;
                    return self.add_to(at, &target.id, def::GLOBAL, target.range);
                }
                Kind::Class => {
                    let what = "assignment expression within a comprehension cannot be used in a class body";
                    return Err(Fault::syntax(what, target.range));
                }
                kind => {
                    let place = match kind {
                        Kind::TypeParams => "within the definition of a generic",
                        Kind::TypeAlias => "in a type alias",
                        Kind::TypeVariable => "in a TypeVar bound",
                        _ => "in an annotation",
                    };
                    let what = format!("assignment expression within a comprehension cannot be used {place}");
                    return Err(Fault::syntax(what, target.range));
                }
            }
            id = self.scopes.all[at].parent;
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &Pattern) -> Res {
        stacker::maybe_grow(64 << 10, 1 << 20, || match pattern {
            Pattern::MatchValue(node) => self.expr(&node.value),
            Pattern::MatchSingleton(_) => Ok(()),
            Pattern::MatchSequence(node) => {
                node.patterns.iter().try_for_each(|pattern| self.pattern(pattern))
            }
            Pattern::MatchMapping(node) => {
                self.exprs(&node.keys)?;
                node.patterns.iter().try_for_each(|pattern| self.pattern(pattern))?;
                node.rest.as_ref().map_or(Ok(()), |name| self.store(name, def::LOCAL))
            }
            Pattern::MatchClass(node) => {
                self.expr(&node.cls)?;
                node.arguments.patterns.iter().try_for_each(|pattern| self.pattern(pattern))?;
                node.arguments.keywords.iter().try_for_each(|keyword| self.pattern(&keyword.pattern))
            }
            Pattern::MatchStar(node) => {
                node.name.as_ref().map_or(Ok(()), |name| self.store(name, def::LOCAL))
            }
            Pattern::MatchAs(node) => {
                if let Some(pattern) = &node.pattern {
                    self.pattern(pattern)?;
                }
                node.name.as_ref().map_or(Ok(()), |name| self.store(name, def::LOCAL))
            }
            Pattern::MatchOr(node) => node.patterns.iter().try_for_each(|pattern| self.pattern(pattern)),
        })
    }
}

/// Parameters that are annotated, in the order in which CPython evaluates their annotations.
pub(crate) fn annotations_of(parameters: &Parameters) -> impl Iterator<Item = (&Identifier, &Expr)> {
    let positional = parameters.posonlyargs.iter().chain(&parameters.args).map(|param| &param.parameter);
    let positional = positional.chain(parameters.vararg.as_deref());
    let rest = parameters.kwonlyargs.iter().map(|param| &param.parameter).chain(parameters.kwarg.as_deref());
    positional.chain(rest).filter_map(|param| Some((&param.name, param.annotation.as_deref()?)))
}
