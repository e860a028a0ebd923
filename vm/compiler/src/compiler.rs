//! The code generator's state: the unit being compiled, those around it, and how units begin and end.
//!
//! The other modules of the generator (`expr`, `stmt`, `calls`, ...) are `impl` blocks of [`Compiler`], one per theme.

use crate::Options;
use crate::errors::{ErrorKind, Fault, Res, Warning};
use crate::scope::{Kind, Place, ScopeId, Scopes, def};
use crate::source::Source;
use crate::unit::{Reg, Unit, Val};
use ruff_python_ast::name::Name;
use ruff_text_size::{Ranged, TextSize};
use std::collections::{HashMap, HashSet};
use ungil_bytecode::{CodeUnit, Const, Op, flags};

pub(crate) struct Compiler<'a> {
    pub source: &'a Source,
    pub scopes: &'a Scopes,
    pub options: &'a Options,
    pub filename: &'a str,
    pub future_annotations: bool,
    /// Expression statements print their value.
    pub interactive: bool,
    pub u: Unit<'a>,
    pub outer: Vec<Unit<'a>>,
    pub warnings: Vec<Warning>,
    /// What is compiled has been compiled before: its warnings are known.
    pub compiles_again: bool,
    /// `from __future__` imports that stand where they may.
    pub early_future: HashSet<usize>,
    /// Format specs around what is being compiled.
    pub spec_depth: usize,
    /// Addresses of expressions that turned out not to be constant, so that folding stays linear.
    pub not_constant: HashSet<usize>,
}

/// `co_flags` bit that code compiled under `from __future__ import annotations` passes on.
pub(crate) const FUTURE_ANNOTATIONS: u32 = 0x100_0000;

/// How a name is reached from the current unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Fast(Reg),
    Cell(Reg),
    Free(u16),
    /// In a class body: its namespace, then the free variable.
    ClassFree(u16),
    Global,
    /// The unit's namespace, then globals and builtins.
    Name,
    /// In an annotation scope of a class: the class namespace, then globals or the free variable.
    DictGlobal,
    DictFree(u16),
}

impl<'a> Compiler<'a> {
    pub fn at(&mut self, node: impl Ranged) {
        self.u.pos = self.source.position(node.range());
    }

    /// For code that stands for no source.
    pub fn at_nowhere(&mut self) {
        self.u.pos = Default::default();
    }

    pub fn line(&self, offset: TextSize) -> u32 {
        self.source.line(offset)
    }

    pub fn error<T>(&self, message: impl Into<String>, node: impl Ranged) -> Res<T> {
        Err(Fault::syntax(message, node.range()))
    }

    pub fn warn(&mut self, message: impl Into<String>, node: impl Ranged) {
        if !self.compiles_again {
            self.warnings.push(self.source.warning(message.into(), node.range()));
        }
    }

    pub fn scope(&self) -> &'a crate::scope::Scope {
        &self.scopes.all[self.u.scope]
    }

    /// Starts a unit for a scope; the current one waits.
    pub fn enter(&mut self, scope: ScopeId, name: &str, first_line: u32) {
        let qualname = self.qualname(name, self.scopes.all[scope].kind);
        let unit = Unit::new(scope, name.to_owned(), qualname, first_line);
        self.outer.push(std::mem::replace(&mut self.u, unit));
        self.lay_out_registers();
    }

    fn qualname(&self, name: &str, kind: Kind) -> String {
        let mut parent = &self.u;
        let mut around = self.outer.len();
        // Type parameter scopes do not show in qualified names.
        while self.scopes.all[parent.scope].kind == Kind::TypeParams && around > 0 {
            around -= 1;
            parent = &self.outer[around];
        }
        let scope = &self.scopes.all[parent.scope];
        if around == 0 && scope.kind == Kind::Module {
            return name.to_owned();
        }
        let defines = matches!(kind, Kind::Function | Kind::Class);
        if defines && scope.place(&scope.mangle(&Name::from(name))) == Some(Place::GlobalExplicit) {
            return name.to_owned();
        }
        match scope.kind {
            Kind::Module => name.to_owned(),
            Kind::Function | Kind::Lambda => format!("{}.<locals>.{name}", parent.qualname),
            _ => format!("{}.{name}", parent.qualname),
        }
    }

    /// Gives registers to the locals: parameters, other locals, cells, then comprehension variables.
    pub fn lay_out_registers(&mut self) {
        let scope = self.scope();
        let unit = &mut self.u;
        unit.has_namespace = !scope.kind.is_function_like();
        if unit.has_namespace {
            unit.new_local(&Name::new_static(".namespace"));
        }
        for name in &scope.params {
            let reg = unit.new_local(name);
            unit.registers.insert(name.clone(), reg);
        }
        if scope.kind.is_function_like() {
            for (name, symbol) in &scope.symbols {
                if symbol.flags & def::PARAM == 0 && symbol.place == Place::Local {
                    let reg = unit.new_local(name);
                    unit.registers.insert(name.clone(), reg);
                }
            }
        }
        let mut cells: Vec<Name> = Vec::new();
        match scope.kind {
            Kind::Class => {
                let wanted = [
                    (scope.needs_class_cell, "__class__"),
                    (scope.needs_class_dict, "__classdict__"),
                    (scope.needs_conditional_cell, "__conditional_annotations__"),
                ];
                cells.extend(
                    wanted.into_iter().filter(|(needed, _)| *needed).map(|(_, name)| Name::new_static(name)),
                );
            }
            Kind::Module => {}
            _ => {
                let all = scope.symbols.iter().filter(|(_, symbol)| symbol.place == Place::Cell);
                cells.extend(all.map(|(name, _)| name.clone()));
                cells.sort();
            }
        }
        for name in cells {
            let reg = match unit.registers.get(&name) {
                Some(reg) => *reg,
                None => unit.new_local(&name),
            };
            unit.registers.insert(name, reg);
            unit.cell_registers.push(reg);
        }
        let mut free: Vec<Name> = Vec::new();
        for (name, symbol) in &scope.symbols {
            if symbol.place == Place::Free || symbol.flags & def::FREE_CLASS != 0 {
                free.push(name.clone());
            }
        }
        free.sort();
        unit.free_names.extend(free);
        let scope_id = unit.scope;
        let mut in_use = Vec::new();
        self.lay_out_comprehensions(scope_id, false, &mut in_use, &mut HashMap::new());
        let locals = self.u.local_names.len();
        self.u.next_temp = locals.min(u16::MAX as usize - 1) as Reg;
        self.u.most_temps = self.u.next_temp;
    }

    /// Registers for the variables of inlined comprehensions; those that never run at the same time share them.
    fn lay_out_comprehensions(
        &mut self,
        scope: ScopeId,
        hidden: bool,
        in_use: &mut Vec<Reg>,
        shared: &mut HashMap<(Name, bool), Vec<Reg>>,
    ) {
        for &child in &self.scopes.all[scope].children {
            let comp = &self.scopes.all[child];
            if comp.kind != Kind::Comprehension && !self.runs_here(child) {
                continue;
            }
            // The variables of a generator expression are those of a function of its own.
            let hidden = hidden || comp.kind == Kind::Generator;
            let before = in_use.len();
            let mut registers = HashMap::new();
            for (name, symbol) in &comp.symbols {
                let is_cell = symbol.place == Place::Cell;
                if name == ".0" || !(is_cell || symbol.place == Place::Local) {
                    continue;
                }
                let shown = if hidden { Name::from(format!(".{name}")) } else { name.clone() };
                let known = shared.entry((shown.clone(), is_cell)).or_default();
                let reg = match known.iter().find(|reg| !in_use.contains(reg)) {
                    Some(reg) => *reg,
                    None => {
                        let reg = self.u.new_local(&shown);
                        known.push(reg);
                        if is_cell {
                            self.u.cell_registers.push(reg);
                        }
                        reg
                    }
                };
                in_use.push(reg);
                registers.insert(name.clone(), reg);
            }
            self.u.inlined_registers.insert(child, registers);
            self.lay_out_comprehensions(child, hidden, in_use, shared);
            in_use.truncate(before);
        }
    }

    /// Whether a scope is a generator expression whose loops may run in the function around it, if what it is given to turns
    /// out to be the builtin: nothing in there can tell the difference but by looking at frames.
    fn runs_here(&self, scope: ScopeId) -> bool {
        const TELLING: [&str; 7] = ["__class__", "dir", "eval", "exec", "locals", "super", "vars"];
        let generator = &self.scopes.all[scope];
        generator.is_consumed
            && !generator.is_coroutine
            && matches!(self.scope().kind, Kind::Function | Kind::Lambda)
            && self.only_comprehensions(scope)
            && !TELLING.iter().any(|&name| generator.symbols.contains_key(name))
    }

    /// Whether nothing but comprehensions is inside a scope.
    fn only_comprehensions(&self, scope: ScopeId) -> bool {
        self.scopes.all[scope].children.iter().all(|&child| {
            self.scopes.all[child].kind == Kind::Comprehension && self.only_comprehensions(child)
        })
    }

    /// Cells, then the start of a generator if it is one: what every function body begins with.
    pub fn prologue(&mut self) {
        let scope = self.scope();
        if scope.kind.is_function_like() {
            let mut cells: Vec<Reg> = Vec::new();
            for (name, symbol) in &scope.symbols {
                if symbol.place == Place::Cell {
                    cells.push(self.u.registers[name]);
                }
            }
            cells.sort_unstable();
            cells.into_iter().for_each(|reg| self.u.emit(Op::MakeCell, reg, 0, 0));
        }
        if self.is_resumable() {
            self.u.emit(Op::ReturnGenerator, 0, 0, 0);
            let register = self.u.next_temp;
            let (handler, _) = self.u.new_handler(register);
            self.u.handler = Some(handler);
        }
    }

    /// Whether the unit is a generator, coroutine or asynchronous generator.
    pub fn is_resumable(&self) -> bool {
        self.u.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0
    }

    /// Code flags that follow from the scope.
    pub fn scope_flags(&self) -> u32 {
        let scope = self.scope();
        let mut all = if self.future_annotations { FUTURE_ANNOTATIONS } else { 0 };
        if !scope.kind.is_function_like() {
            return all;
        }
        all |= flags::OPTIMIZED | flags::NEWLOCALS;
        if scope.nested {
            all |= flags::NESTED;
        }
        all |= match (scope.is_generator, scope.is_coroutine) {
            (true, true) => flags::ASYNC_GENERATOR,
            (true, false) => flags::GENERATOR,
            (false, true) => flags::COROUTINE,
            (false, false) => 0,
        };
        if scope.has_varargs {
            all |= flags::VARARGS;
        }
        if scope.has_varkeywords {
            all |= flags::VARKEYWORDS;
        }
        if scope.is_method {
            all |= flags::METHOD;
        }
        all
    }

    /// Ends the current unit and goes back to the one around it.
    ///
    /// # Errors
    /// A unit that does not fit the instruction format.
    pub fn leave(&mut self) -> Res<Box<CodeUnit>> {
        self.at_nowhere();
        self.u.emit(Op::ReturnNone, 0, 0, 0);
        if self.is_resumable() {
            let handler = self.u.handlers[0];
            let register = handler.register;
            self.u.next_temp = register;
            self.u.push();
            self.u.handler = None;
            self.u.place(handler.target);
            self.u.emit_a(Op::StopIterationError, Val::temp(register), 0, 0);
        }
        let outer = self.outer.pop().expect("the module's unit ends last");
        let unit = std::mem::replace(&mut self.u, outer);
        self.finish(unit)
    }

    pub fn finish(&self, mut unit: Unit<'a>) -> Res<Box<CodeUnit>> {
        if let Some(what) = unit.overflow {
            return Err(Fault::nowhere(ErrorKind::RecursionError, what));
        }
        let entry = if unit.has_namespace { 1 } else { self.scopes.all[unit.scope].params.len() };
        crate::flow::clean(&mut unit, entry);
        let code = crate::assemble::assemble(unit, self.filename);
        #[cfg(debug_assertions)]
        if let Err(error) = ungil_bytecode::verify(&code) {
            panic!("{error}\n{}", ungil_bytecode::disassemble(&code));
        }
        #[cfg(debug_assertions)]
        if let Err(error) = crate::check::check(&code) {
            panic!("{}: {error}\n{}", code.qualname, ungil_bytecode::disassemble(&code));
        }
        Ok(Box::new(code))
    }

    /// How a name (already mangled) is reached here.
    pub fn access(&self, name: &Name) -> Access {
        for &comp in self.u.inlined.iter().rev() {
            match self.scopes.all[comp].place(name) {
                Some(Place::Local) => return Access::Fast(self.u.inlined_registers[&comp][name]),
                Some(Place::Cell) => return Access::Cell(self.u.inlined_registers[&comp][name]),
                _ => {}
            }
        }
        let scope = self.scope();
        // Code inside a comprehension in a class body does not see the names of the class.
        if let Some(&comp) = self.u.inlined.last()
            && scope.kind == Kind::Class
        {
            return match self.scopes.all[comp].place(name) {
                Some(Place::Free) => self.free(name).map_or(Access::Global, Access::Free),
                _ => Access::Global,
            };
        }
        let function_like = scope.kind.is_function_like();
        match scope.place(name) {
            Some(Place::Local) if function_like => Access::Fast(self.u.registers[name]),
            Some(Place::Cell) => Access::Cell(self.u.registers[name]),
            Some(Place::Free) => {
                let index = self.free(name).unwrap_or_default();
                match (scope.kind, scope.sees_class) {
                    (Kind::Class, _) => Access::ClassFree(index),
                    (_, true) if name != "__classdict__" => Access::DictFree(index),
                    _ => Access::Free(index),
                }
            }
            Some(Place::GlobalExplicit) => Access::Global,
            _ if scope.sees_class => Access::DictGlobal,
            _ if function_like => Access::Global,
            _ => Access::Name,
        }
    }

    pub fn free(&self, name: &Name) -> Option<u16> {
        self.u.free_names.get_index_of(name).map(|index| index as u16)
    }

    pub fn mangle(&self, name: &Name) -> Name {
        self.scope().mangle(name)
    }

    /// `dst = name`; the name is not mangled yet.
    pub fn load_name(&mut self, name: &Name, dst: Reg) {
        let name = self.mangle(name);
        match self.access(&name) {
            Access::Fast(reg) => {
                self.u.emit(Op::CheckBound, reg, 0, 0);
                self.u.move_to(dst, Val::keep(reg));
            }
            Access::Cell(reg) => self.u.emit(Op::LoadCell, dst, reg, 0),
            Access::Free(index) => self.u.emit(Op::LoadFree, dst, index, 0),
            Access::ClassFree(index) => self.u.emit(Op::LoadFromDictOrFree, dst, index, 0),
            Access::Global => {
                let index = self.u.name_index(&name);
                self.u.emit(Op::LoadGlobal, dst, index, 0);
            }
            Access::Name => {
                let index = self.u.name_index(&name);
                self.u.emit(Op::LoadName, dst, index, 0);
            }
            Access::DictGlobal | Access::DictFree(_) => self.load_through_class(&name, dst),
        }
    }

    fn load_through_class(&mut self, name: &Name, dst: Reg) {
        let access = self.access(name);
        let dict = self.u.push();
        let index = self.free(&Name::new_static("__classdict__")).unwrap_or_default();
        self.u.emit(Op::LoadFree, dict, index, 0);
        match access {
            Access::DictFree(index) => {
                self.u.emit_bc(Op::LoadFromDictOrFree, dst, Val::keep(index), Val::temp(dict));
            }
            _ => {
                let index = self.u.name_index(name);
                self.u.emit_bc(Op::LoadFromDictOrGlobals, dst, Val::keep(index), Val::temp(dict));
            }
        }
        self.u.next_temp = dict;
    }

    /// `name = val`; the name is not mangled yet.
    pub fn store_name(&mut self, name: &Name, val: Val) {
        let name = self.mangle(name);
        match self.access(&name) {
            Access::Fast(reg) => self.u.move_to(reg, val),
            Access::Cell(reg) => self.u.emit_ab(Op::StoreCell, Val::keep(reg), val, 0),
            Access::Free(index) | Access::ClassFree(index) | Access::DictFree(index) => {
                self.u.emit_a(Op::StoreFree, val, index, 0);
            }
            Access::Global | Access::DictGlobal => {
                let index = self.u.name_index(&name);
                self.u.emit_a(Op::StoreGlobal, val, index, 0);
            }
            Access::Name => {
                let index = self.u.name_index(&name);
                self.u.emit_a(Op::StoreName, val, index, 0);
            }
        }
    }

    /// `del name`.
    pub fn delete_name(&mut self, name: &Name) {
        let name = self.mangle(name);
        match self.access(&name) {
            Access::Fast(reg) => self.u.emit(Op::DeleteLocal, reg, 0, 0),
            Access::Cell(reg) => self.u.emit(Op::DeleteCell, reg, 0, 0),
            Access::Free(index) | Access::ClassFree(index) | Access::DictFree(index) => {
                self.u.emit(Op::DeleteFree, 0, index, 0);
            }
            Access::Global | Access::DictGlobal => {
                let index = self.u.name_index(&name);
                self.u.emit(Op::DeleteGlobal, 0, index, 0);
            }
            Access::Name => {
                let index = self.u.name_index(&name);
                self.u.emit(Op::DeleteName, 0, index, 0);
            }
        }
    }

    /// The register of a plain local, if the name is one here.
    pub fn fast(&self, name: &Name) -> Option<Reg> {
        match self.access(&self.mangle(name)) {
            Access::Fast(reg) => Some(reg),
            _ => None,
        }
    }

    pub fn load_const(&mut self, dst: Reg, constant: Const) {
        self.u.load_const(dst, constant);
    }

    /// Refuses `__debug__` as a target.
    pub fn check_target_name(&self, name: &str, what: &str, node: impl Ranged) -> Res {
        if name == "__debug__" {
            return self.error(format!("cannot {what} __debug__"), node);
        }
        Ok(())
    }
}
