//! Definitions: functions, lambdas and classes, their defaults, closures and decorators.

use crate::compiler::Compiler;
use crate::constant::text;
use crate::errors::Res;
use crate::scope::{Place, Role};
use crate::unit::{Reg, Val};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Decorator, ExprLambda, Parameters, StmtClassDef, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange, TextSize};
use ungil_bytecode::{CodeUnit, Const, Op, WINDOW_HEADER, flags};

impl<'a> Compiler<'a> {
    /// Makes the function object. `slots` are four temporaries: defaults, keyword defaults and annotate function, filled or
    /// empty, and the closure, which is filled here.
    pub fn make_function(&mut self, code: Box<CodeUnit>, slots: Reg, dst: Reg) {
        let free = code.free_names.clone();
        let index = self.u.constant(Const::Code(code));
        self.make_function_of(index, &free, slots, dst);
    }

    /// As `make_function` for the code constant with this index, whose free variables are `free`.
    pub fn make_function_of(&mut self, index: u32, free: &[String], slots: Reg, dst: Reg) {
        if !free.is_empty() {
            let base = self.u.next_temp;
            for name in free {
                let cell = self.u.push();
                self.load_cell_of(&Name::from(name.as_str()), cell);
            }
            self.u.emit(Op::BuildTuple, slots + 3, base, free.len() as u16);
            self.u.next_temp = base;
        }
        self.u.emit_extra(Op::MakeFunction, dst, slots, 0, index);
    }

    /// The cell itself of a name that a function inside captures.
    fn load_cell_of(&mut self, name: &Name, dst: Reg) {
        for &comp in self.u.inlined.iter().rev() {
            if self.scopes.all[comp].place(name) == Some(Place::Cell) {
                let reg = self.u.inlined_registers[&comp][name];
                self.u.move_to(dst, Val::keep(reg));
                return;
            }
        }
        match self.u.registers.get(name).filter(|reg| self.u.cell_registers.contains(reg)) {
            Some(reg) => self.u.move_to(dst, Val::keep(*reg)),
            None => {
                let index = self.free(name).expect("a captured name is a cell or free");
                self.u.emit(Op::LoadFreeCell, dst, index, 0);
            }
        }
    }

    /// Evaluates decorators into the windows of their calls, the outermost first.
    fn open_decorators(&mut self, decorators: &'a [Decorator]) -> Res<Vec<Reg>> {
        decorators
            .iter()
            .map(|decorator| {
                let base = self.u.push_many(WINDOW_HEADER);
                // A unit with too many registers is refused when it is finished.
                self.expr_to(&decorator.expression, base.wrapping_add(2))?;
                Ok(base)
            })
            .collect()
    }

    /// Calls them, the innermost first, on what is in the first argument of its window.
    fn close_decorators(&mut self, decorators: &'a [Decorator], windows: &[Reg], dst: Reg) {
        for (at, decorator) in decorators.iter().enumerate().rev() {
            self.at(&decorator.expression);
            let result = if at == 0 { dst } else { windows[at - 1].wrapping_add(WINDOW_HEADER as Reg) };
            self.u.emit(Op::Call, result, windows[at], 1);
        }
    }

    /// Where `def`, `async def` or `class` stands: the parser counts decorators to the statement, tracebacks do not.
    fn keyword_range(&self, range: TextRange, decorators: &[Decorator]) -> TextRange {
        let Some(last) = decorators.last() else { return range };
        let text = &self.source.text;
        let mut at = last.range.end().to_usize();
        while let Some(rest) = text.get(at..range.end().to_usize()) {
            match rest.bytes().next() {
                Some(b'#') => at += rest.find('\n').unwrap_or(rest.len()),
                Some(b' ' | b'\t' | b'\n' | b'\x0c' | b'\\') => at += 1,
                _ => break,
            }
        }
        TextRange::new(TextSize::new(at as u32), range.end())
    }

    fn first_line(&self, range: TextRange, decorators: &[Decorator]) -> u32 {
        self.line(decorators.first().map_or(range.start(), |decorator| decorator.range.start()))
    }

    /// The register that a definition is computed into: the local itself, or a temporary.
    fn definition_register(&mut self, name: &Name, decorated: bool) -> Reg {
        match self.fast(name).filter(|_| !decorated) {
            Some(reg) => reg,
            None => self.u.push(),
        }
    }

    pub fn function_def(&mut self, node: &'a StmtFunctionDef) -> Res {
        let keyword = self.keyword_range(node.range, &node.decorator_list);
        self.check_target_name(&node.name.id, "assign to", keyword)?;
        let target = self.u.push();
        let windows = self.open_decorators(&node.decorator_list)?;
        let decorated = !windows.is_empty();
        let function = if decorated { self.u.push() } else { self.definition_register(&node.name.id, false) };
        self.at(keyword);
        match &node.type_params {
            None => {
                let slots = self.u.push_many(4);
                self.defaults(&node.parameters, slots)?;
                self.function_object(node, slots, function, keyword)?;
            }
            Some(params) => self.generic_function(node, params, function, keyword)?,
        }
        if decorated {
            self.close_decorators(&node.decorator_list, &windows, target);
            self.at(keyword);
            self.store_name(&node.name.id, Val::temp(target));
        } else if self.u.is_temp(function) {
            self.at(keyword);
            self.store_name(&node.name.id, Val::temp(function));
        }
        Ok(())
    }

    /// Positional defaults as a tuple in the first slot, those of keyword-only parameters as a dict in the second.
    fn defaults(&mut self, parameters: &'a Parameters, slots: Reg) -> Res {
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let defaults: Vec<_> = positional.filter_map(|param| param.default.as_deref()).collect();
        let mark = self.u.next_temp;
        if !defaults.is_empty() {
            match defaults.iter().map(|default| self.constant(default)).collect::<Option<Vec<_>>>() {
                Some(all) => self.load_const(slots, Const::Tuple(all)),
                None => {
                    let pos = self.u.pos;
                    for default in &defaults {
                        self.push(default)?;
                    }
                    self.u.pos = pos;
                    self.u.emit(Op::BuildTuple, slots, mark, defaults.len() as u16);
                    self.u.next_temp = mark;
                }
            }
        }
        let mut count = 0;
        let pos = self.u.pos;
        for param in &parameters.kwonlyargs {
            let Some(default) = &param.default else { continue };
            let key = self.u.push();
            let name = self.mangle(&param.parameter.name.id);
            self.load_const(key, text(&name));
            self.push(default)?;
            count += 1;
        }
        self.u.pos = pos;
        if count > 0 {
            self.u.emit(Op::BuildMap, slots + 1, mark, count);
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// The function object with its annotations; the slots hold the defaults.
    fn function_object(
        &mut self,
        node: &'a StmtFunctionDef,
        slots: Reg,
        dst: Reg,
        keyword: TextRange,
    ) -> Res {
        self.function_annotate(node, slots + 2)?;
        let code = self.function_code(node)?;
        self.at(keyword);
        self.make_function(code, slots, dst);
        Ok(())
    }

    fn function_code(&mut self, node: &'a StmtFunctionDef) -> Res<Box<CodeUnit>> {
        let scope = self.scopes.of(node, Role::Body);
        let first_line = self.first_line(node.range, &node.decorator_list);
        self.enter(scope, &node.name.id, first_line);
        self.parameter_counts(&node.parameters);
        self.check_parameters(&node.parameters)?;
        self.u.flags = self.scope_flags();
        self.u.is_async_def = node.is_async;
        if let Some(docstring) = self.docstring(&node.body)
            && self.options.optimize < 2
        {
            self.u.flags |= flags::HAS_DOCSTRING;
            self.u.constant(docstring);
        }
        self.at_nowhere();
        self.u.pos.line = first_line;
        self.u.pos.end_line = first_line;
        self.prologue();
        self.suite(&node.body)?;
        self.leave()
    }

    fn parameter_counts(&mut self, parameters: &Parameters) {
        self.u.positional_only_count = parameters.posonlyargs.len() as u32;
        self.u.arg_count = (parameters.posonlyargs.len() + parameters.args.len()) as u32;
        self.u.keyword_only_count = parameters.kwonlyargs.len() as u32;
    }

    fn check_parameters(&self, parameters: &Parameters) -> Res {
        parameters.iter().try_for_each(|param| {
            let range = TextRange::new(param.name().range.start(), param.range().end());
            self.check_target_name(param.name(), "assign to", range)
        })
    }

    pub fn lambda(&mut self, node: &'a ExprLambda, dst: Reg) -> Res {
        let slots = self.u.push_many(4);
        self.at(node);
        if let Some(parameters) = &node.parameters {
            self.defaults(parameters, slots)?;
        }
        let scope = self.scopes.of(node, Role::Body);
        self.enter(scope, "<lambda>", self.line(node.range.start()));
        if let Some(parameters) = &node.parameters {
            self.parameter_counts(parameters);
            self.check_parameters(parameters)?;
        }
        self.u.flags = self.scope_flags();
        self.at(node);
        self.prologue();
        let val = self.val(&node.body)?;
        self.at(&*node.body);
        self.u.emit_a(Op::Return, val, 0, 0);
        let code = self.leave()?;
        self.at(node);
        self.make_function(code, slots, dst);
        Ok(())
    }

    /// A function with type parameters: a function of its own makes these and then the function.
    fn generic_function(
        &mut self,
        node: &'a StmtFunctionDef,
        params: &'a ruff_python_ast::TypeParams,
        dst: Reg,
        keyword: TextRange,
    ) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        let slots = self.u.push_many(4);
        self.defaults(&node.parameters, slots)?;
        let positional = node.parameters.posonlyargs.iter().chain(&node.parameters.args);
        let has_defaults = positional.into_iter().any(|param| param.default.is_some());
        let has_kwdefaults = node.parameters.kwonlyargs.iter().any(|param| param.default.is_some());
        let scope = self.scopes.of(node, Role::TypeParams);
        let name = format!("<generic parameters of {}>", node.name.id);
        self.enter(scope, &name, self.first_line(node.range, &node.decorator_list));
        self.u.arg_count = u32::from(has_defaults) + u32::from(has_kwdefaults);
        self.u.flags = self.scope_flags();
        self.at(keyword);
        self.prologue();
        let tuple = self.type_params(params)?;
        let inner = self.u.push_many(4);
        if has_defaults {
            self.u.move_to(inner, Val::keep(0));
        }
        if has_kwdefaults {
            self.u.move_to(inner + 1, Val::keep(u16::from(has_defaults)));
        }
        let function = self.u.push();
        self.function_object(node, inner, function, keyword)?;
        self.u.emit_ab(Op::SetTypeParams, Val::keep(function), Val::temp(tuple), 0);
        self.u.emit_a(Op::Return, Val::temp(function), 0, 0);
        let code = self.leave()?;
        self.at(keyword);
        // The defaults are arguments here; the slots of this function itself stay empty.
        let own = self.u.push_many(4);
        self.make_function(code, own, base + 2);
        self.u.next_temp = own;
        let count = u16::from(has_defaults) + u16::from(has_kwdefaults);
        if !has_defaults && has_kwdefaults {
            self.u.move_to(slots, Val::temp(slots + 1));
        }
        self.u.emit(Op::Call, dst, base, count);
        Ok(())
    }

    pub fn class_def(&mut self, node: &'a StmtClassDef) -> Res {
        let keyword = self.keyword_range(node.range, &node.decorator_list);
        self.check_target_name(&node.name.id, "assign to", keyword)?;
        if let Some(arguments) = &node.arguments {
            self.check_keywords(&arguments.keywords)?;
        }
        let target = self.u.push();
        let windows = self.open_decorators(&node.decorator_list)?;
        let class = if windows.is_empty() { target } else { self.u.push() };
        self.at(keyword);
        match &node.type_params {
            None => self.class_object(node, None, class, keyword)?,
            Some(params) => self.generic_class(node, params, class, keyword)?,
        }
        self.close_decorators(&node.decorator_list, &windows, target);
        self.at(keyword);
        self.store_name(&node.name.id, Val::temp(target));
        Ok(())
    }

    /// `dst = __build_class__(body, name, *bases, **keywords)`; `generic` is one more base.
    fn class_object(
        &mut self,
        node: &'a StmtClassDef,
        generic: Option<&Name>,
        dst: Reg,
        keyword: TextRange,
    ) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        self.at(keyword);
        self.u.emit(Op::LoadBuildClass, base + 2, 0, 0);
        let code = self.class_code(node)?;
        self.at(keyword);
        let body = self.u.push();
        let slots = self.u.push_many(4);
        self.make_function(code, slots, body);
        self.u.next_temp = slots;
        let name = self.u.push();
        self.load_const(name, text(&node.name.id));
        let (args, keywords) = match &node.arguments {
            Some(arguments) => (&arguments.args[..], &arguments.keywords[..]),
            None => Default::default(),
        };
        let Some(generic) = generic else {
            return self.call_window(dst, base, 2, args, keywords, keyword);
        };
        let plain = !args.iter().any(ruff_python_ast::Expr::is_starred_expr) && keywords.is_empty();
        if plain {
            args.iter().try_for_each(|arg| self.push(arg).map(|_| ()))?;
            self.at(keyword);
            let last = self.u.push();
            self.load_name(generic, last);
            self.u.emit(Op::Call, dst, base, args.len() as u16 + 3);
            return Ok(());
        }
        let last = self.u.push();
        self.load_name(generic, last);
        self.call_ex(dst, base, 2, args, keywords, Some(last), keyword)
    }

    fn generic_class(
        &mut self,
        node: &'a StmtClassDef,
        params: &'a ruff_python_ast::TypeParams,
        dst: Reg,
        keyword: TextRange,
    ) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        let scope = self.scopes.of(node, Role::TypeParams);
        let name = format!("<generic parameters of {}>", node.name.id);
        self.enter(scope, &name, self.first_line(node.range, &node.decorator_list));
        self.u.flags = self.scope_flags();
        self.at(keyword);
        self.prologue();
        let (tuple_name, base_name) = (Name::new_static(".type_params"), Name::new_static(".generic_base"));
        let tuple = self.type_params(params)?;
        self.store_name(&tuple_name, Val::keep(tuple));
        let generic = self.u.push();
        self.u.emit_b(Op::SubscriptGeneric, generic, Val::temp(tuple), 0);
        self.store_name(&base_name, Val::temp(generic));
        let class = self.u.push();
        self.class_object(node, Some(&base_name), class, keyword)?;
        self.u.emit_a(Op::Return, Val::temp(class), 0, 0);
        let code = self.leave()?;
        self.at(keyword);
        let slots = self.u.push_many(4);
        self.make_function(code, slots, base + 2);
        self.u.emit(Op::Call, dst, base, 0);
        Ok(())
    }

    fn class_code(&mut self, node: &'a StmtClassDef) -> Res<Box<CodeUnit>> {
        let scope_id = self.scopes.of(node, Role::Body);
        let first_line = self.first_line(node.range, &node.decorator_list);
        self.enter(scope_id, &node.name.id, first_line);
        self.u.flags = self.scope_flags();
        self.at_nowhere();
        self.u.pos.line = first_line;
        self.u.pos.end_line = first_line;
        let scope = self.scope();
        let cells = self.u.cell_registers.clone();
        cells.iter().for_each(|reg| self.u.emit(Op::MakeCell, *reg, 0, 0));
        let value = self.u.push();
        self.load_name(&Name::new_static("__name__"), value);
        self.store_name(&Name::new_static("__module__"), Val::temp(value));
        let qualname = self.u.qualname.clone();
        self.store_constant("__qualname__", text(&qualname));
        self.store_constant("__firstlineno__", Const::Int(i64::from(first_line)));
        if node.type_params.is_some() {
            self.load_name(&Name::new_static(".type_params"), value);
            self.store_name(&Name::new_static("__type_params__"), Val::temp(value));
        }
        if scope.needs_class_dict {
            self.u.emit(Op::LoadLocals, value, 0, 0);
            let cell = self.u.registers["__classdict__"];
            self.u.emit_ab(Op::StoreCell, Val::keep(cell), Val::temp(value), 0);
        }
        if self.future_annotations && has_annotations(&node.body) {
            self.u.emit(Op::SetupAnnotations, 0, 0, 0);
        }
        if scope.needs_conditional_cell {
            self.u.emit(Op::BuildSet, value, self.u.next_temp, 0);
            let cell = self.u.registers["__conditional_annotations__"];
            self.u.emit_ab(Op::StoreCell, Val::keep(cell), Val::temp(value), 0);
        }
        if let Some(docstring) = self.docstring(&node.body)
            && self.options.optimize < 2
        {
            self.at(&node.body[0]);
            self.store_constant("__doc__", docstring);
        }
        self.u.next_temp = value;
        self.suite(&node.body)?;
        self.class_epilogue(first_line)?;
        self.leave()
    }

    fn class_epilogue(&mut self, first_line: u32) -> Res {
        self.at_nowhere();
        self.u.pos.line = first_line;
        self.u.pos.end_line = first_line;
        let scope = self.scope();
        if let Some(annotate) = scope.annotation_scope {
            let function = self.u.push();
            self.body_annotate(annotate, function, first_line)?;
            self.store_name(&Name::new_static("__annotate_func__"), Val::temp(function));
            self.u.next_temp = function;
        }
        let attributes = std::mem::take(&mut self.u.static_attributes);
        let attributes = attributes.iter().map(|name| text(name)).collect();
        self.store_constant("__static_attributes__", Const::Tuple(attributes));
        let value = self.u.push();
        if scope.needs_class_dict {
            let cell = self.u.registers["__classdict__"];
            self.u.move_to(value, Val::keep(cell));
            self.store_name(&Name::new_static("__classdictcell__"), Val::temp(value));
        }
        if scope.needs_class_cell {
            let cell = self.u.registers["__class__"];
            self.u.move_to(value, Val::keep(cell));
            self.store_name(&Name::new_static("__classcell__"), Val::keep(value));
            self.u.emit_a(Op::Return, Val::temp(value), 0, 0);
        }
        self.u.next_temp = value;
        Ok(())
    }

    /// `name = constant`, by way of a temporary.
    pub fn store_constant(&mut self, name: &'static str, constant: Const) {
        let reg = self.u.push();
        self.load_const(reg, constant);
        self.store_name(&Name::new_static(name), Val::temp(reg));
        self.u.next_temp = reg;
    }
}

/// Whether a body has annotated names, blocks inside included.
pub(crate) fn has_annotations(body: &[ruff_python_ast::Stmt]) -> bool {
    use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
    struct Finder(bool);
    impl<'a> StatementVisitor<'a> for Finder {
        fn visit_stmt(&mut self, stmt: &'a ruff_python_ast::Stmt) {
            match stmt {
                ruff_python_ast::Stmt::AnnAssign(_) => self.0 = true,
                ruff_python_ast::Stmt::FunctionDef(_) | ruff_python_ast::Stmt::ClassDef(_) => {}
                _ => walk_stmt(self, stmt),
            }
        }
    }
    let mut finder = Finder(false);
    body.iter().for_each(|stmt| finder.visit_stmt(stmt));
    finder.0
}
