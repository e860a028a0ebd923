//! Lazy annotations (PEP 649), type parameters (PEP 695, 696) and type aliases: small functions that are called on demand.

use crate::compiler::Compiler;
use crate::constant::text;
use crate::errors::Res;
use crate::scope::{Role, ScopeId};
use crate::scope_build::annotations_of;
use crate::unit::{Reg, Val};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, StmtFunctionDef, StmtTypeAlias, TypeParam, TypeParams};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{Const, Op, WINDOW_HEADER};

/// The largest annotation format that compiled code knows: `VALUE_WITH_FAKE_GLOBALS`.
const LAST_FORMAT: i16 = 2;

impl<'a> Compiler<'a> {
    /// Begins a function that takes the annotation format as its only argument.
    fn enter_evaluator(&mut self, scope: ScopeId, name: &str, line: u32, range: TextRange) {
        self.enter(scope, name, line);
        self.u.arg_count = 1;
        self.u.positional_only_count = 1;
        self.u.flags = self.scope_flags();
        self.at(range);
        self.prologue();
        let known = self.u.label();
        let format = match self.u.cell_registers.contains(&0) {
            false => Val::keep(0),
            true => {
                let reg = self.u.push();
                self.u.emit(Op::LoadCell, reg, 0, 0);
                Val::temp(reg)
            }
        };
        self.u.jump_imm(Op::JumpNotGtImm, format, LAST_FORMAT, known);
        self.u.emit(Op::RaiseNotImplemented, 0, 0, 0);
        self.u.place(known);
        if format.temp {
            self.u.next_temp = format.reg;
        }
    }

    /// `dst` = the function's annotate function, if it has annotations; under `from __future__ import annotations` that
    /// gives texts.
    pub fn function_annotate(&mut self, node: &'a StmtFunctionDef, dst: Reg) -> Res {
        let mut all: Vec<(Name, &'a Expr)> = Vec::new();
        for (name, annotation) in annotations_of(&node.parameters) {
            all.push((self.mangle(&name.id), annotation));
        }
        all.extend(node.returns.as_deref().map(|returns| (Name::new_static("return"), returns)));
        if all.is_empty() {
            return Ok(());
        }
        let scope = self.scopes.of(node, Role::Annotations);
        let range = TextRange::empty(node.name.range.start());
        self.enter_evaluator(scope, "__annotate__", self.line(range.start()), range);
        let base = self.u.next_temp;
        let result = self.u.push();
        let pairs = self.u.next_temp;
        for (name, annotation) in &all {
            let key = self.u.push();
            self.at(*annotation);
            self.load_const(key, text(name));
            let value = self.u.push();
            if self.future_annotations {
                let shown = self.unparse(annotation);
                self.load_const(value, text(&shown));
            } else {
                self.annotation_value(annotation, value)?;
            }
        }
        self.at(range);
        self.u.emit(Op::BuildMap, result, pairs, all.len() as u16);
        self.u.emit_a(Op::Return, Val::temp(result), 0, 0);
        self.u.next_temp = base;
        let code = self.leave()?;
        let slots = self.u.push_many(4);
        self.make_function(code, slots, dst);
        self.u.next_temp = slots;
        Ok(())
    }

    /// `*args: *Ts` means the one item of `*Ts`.
    fn annotation_value(&mut self, annotation: &'a Expr, dst: Reg) -> Res {
        let Expr::Starred(star) = annotation else { return self.expr_to(annotation, dst) };
        let val = self.val(&star.value)?;
        self.at(annotation);
        self.u.emit_b(Op::UnpackSequence, dst, val, 1);
        self.u.next_temp = dst + 1;
        Ok(())
    }

    /// `dst` = annotate function of the current class or module, from the annotations met in its body.
    pub fn body_annotate(&mut self, scope: ScopeId, dst: Reg, line: u32) -> Res {
        let annotations = std::mem::take(&mut self.u.annotations);
        let pos = self.u.pos;
        let range = TextRange::empty(self.source.line_start(line).into());
        self.enter_evaluator(scope, "__annotate__", line, range);
        let dict = self.u.push();
        self.u.emit(Op::BuildMap, dict, self.u.next_temp, 0);
        for annotated in annotations {
            let Expr::Name(name) = &*annotated.node.target else { continue };
            let mark = self.u.next_temp;
            let skip = self.u.label();
            self.at(&*annotated.node.annotation);
            if let Some(number) = annotated.conditional {
                let index = self.u.push();
                self.load_const(index, Const::Int(i64::from(number)));
                let set = self.u.push();
                self.load_name(&Name::new_static("__conditional_annotations__"), set);
                let reached = self.u.push();
                self.u.emit_bc(Op::In, reached, Val::temp(index), Val::temp(set));
                self.u.jump_a(Op::JumpIfFalse, Val::temp(reached), skip);
                self.u.next_temp = mark;
            }
            let value = self.val(&annotated.node.annotation)?;
            let key = self.u.push();
            let name = self.mangle(&name.id);
            self.load_const(key, text(&name));
            self.u.emit_abc(Op::SetItem, Val::keep(dict), Val::temp(key), value);
            self.u.place(skip);
            self.u.next_temp = mark;
        }
        self.u.emit_a(Op::Return, Val::temp(dict), 0, 0);
        let code = self.leave()?;
        self.u.pos = pos;
        let slots = self.u.push_many(4);
        self.make_function(code, slots, dst);
        self.u.next_temp = slots;
        Ok(())
    }

    /// Makes and binds the type parameters; the tuple of them is in the register returned.
    pub fn type_params(&mut self, params: &'a TypeParams) -> Res<Reg> {
        let tuple = self.u.push();
        let base = self.u.next_temp;
        let mut had_default = false;
        for param in params.iter() {
            let made = self.u.push();
            self.type_param(param, made)?;
            match param.default() {
                Some(default) => {
                    had_default = true;
                    let evaluator = self.u.push();
                    self.evaluator(param, Role::Default, &param.name().id, default, evaluator)?;
                    self.at(param);
                    self.u.emit_ab(Op::TypeParamDefault, Val::keep(made), Val::temp(evaluator), 0);
                    self.u.next_temp = evaluator;
                }
                None if had_default => {
                    let what = format!(
                        "non-default type parameter '{}' follows default type parameter",
                        param.name().id
                    );
                    return self.error(what, param);
                }
                None => {}
            }
            self.check_target_name(&param.name().id, "assign to", param)?;
            self.at(param);
            self.store_name(&param.name().id, Val::keep(made));
        }
        self.at(params.range());
        self.u.emit(Op::BuildTuple, tuple, base, params.len() as u16);
        self.u.next_temp = base;
        Ok(tuple)
    }

    fn type_param(&mut self, param: &'a TypeParam, dst: Reg) -> Res {
        let name = param.name();
        let slot = self.u.push();
        self.at(param);
        self.load_const(slot, text(&name.id));
        match param {
            TypeParam::TypeVar(node) => match &node.bound {
                None => self.u.emit_b(Op::TypeVar, dst, Val::temp(slot), 0),
                Some(bound) => {
                    let evaluator = self.u.push();
                    self.evaluator(param, Role::Bound, &name.id, bound, evaluator)?;
                    let kind = if bound.is_tuple_expr() { 2 } else { 1 };
                    self.at(param);
                    self.u.emit(Op::TypeVarBound, dst, slot, kind);
                }
            },
            TypeParam::ParamSpec(_) => self.u.emit_b(Op::TypeVar, dst, Val::temp(slot), 1),
            TypeParam::TypeVarTuple(_) => self.u.emit_b(Op::TypeVar, dst, Val::temp(slot), 2),
        }
        self.u.next_temp = slot;
        Ok(())
    }

    /// A function that computes a bound, a default or an alias's value; called without argument it gives the value.
    fn evaluator<N>(&mut self, node: &N, role: Role, name: &Name, value: &'a Expr, dst: Reg) -> Res {
        let slots = self.u.push_many(4);
        self.load_const(slots, Const::Tuple(vec![Const::Int(1)]));
        let scope = self.scopes.of(node, role);
        self.enter_evaluator(scope, name, self.line(value.range().start()), value.range());
        let result = match value {
            Expr::Starred(star) => {
                // `*Ts = *tuple[int]`: the default is the one item that the star gives.
                let item = self.u.push();
                let items = self.val(&star.value)?;
                self.at(value);
                self.u.emit_b(Op::UnpackSequence, item, items, 1);
                Val::temp(item)
            }
            _ => self.val(value)?,
        };
        self.at(value);
        self.u.emit_a(Op::Return, result, 0, 0);
        let code = self.leave()?;
        self.make_function(code, slots, dst);
        self.u.next_temp = slots;
        Ok(())
    }

    pub fn type_alias(&mut self, node: &'a StmtTypeAlias) -> Res {
        let Expr::Name(name) = &*node.name else { return self.error("invalid syntax", node) };
        self.check_target_name(&name.id, "assign to", name)?;
        let alias = self.u.push();
        match &node.type_params {
            None => {
                let parts = self.u.push_many(3);
                self.load_const(parts, text(&name.id));
                self.load_const(parts + 1, Const::None);
                self.evaluator(node, Role::Body, &name.id, &node.value, parts + 2)?;
                self.at(node);
                self.u.emit(Op::TypeAlias, alias, parts, 0);
            }
            Some(params) => self.generic_alias(node, params, &name.id, alias)?,
        }
        self.at(node);
        self.store_name(&name.id, Val::temp(alias));
        Ok(())
    }

    fn generic_alias(
        &mut self,
        node: &'a StmtTypeAlias,
        params: &'a TypeParams,
        name: &Name,
        dst: Reg,
    ) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        let scope = self.scopes.of(node, Role::TypeParams);
        self.enter(scope, &format!("<generic parameters of {name}>"), self.line(node.range.start()));
        self.u.flags = self.scope_flags();
        self.at(node);
        self.prologue();
        let alias = self.u.push();
        let parts = self.u.push_many(3);
        let tuple = self.type_params(params)?;
        self.u.move_to(parts + 1, Val::temp(tuple));
        self.load_const(parts, text(name));
        self.evaluator(node, Role::Body, name, &node.value, parts + 2)?;
        self.at(node);
        self.u.emit(Op::TypeAlias, alias, parts, 0);
        self.u.emit_a(Op::Return, Val::temp(alias), 0, 0);
        let code = self.leave()?;
        self.at(node);
        let slots = self.u.push_many(4);
        self.make_function(code, slots, base + 2);
        self.u.emit(Op::Call, dst, base, 0);
        Ok(())
    }
}
