//! Statements other than loops, `try`, `with`, definitions and `match`; and assignment to targets.

use crate::compiler::Compiler;
use crate::constant::{text, truth};
use crate::errors::{Fault, Res};
use crate::scope::Kind;
use crate::unit::{Annotated, Reg, Val};
use ruff_python_ast::{
    Expr, ExprContext, ExprSubscript, Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAugAssign, StmtIf,
    StmtImport, StmtImportFrom, StmtRaise,
};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{Const, Op};

impl<'a> Compiler<'a> {
    pub fn suite(&mut self, body: &'a [Stmt]) -> Res {
        body.iter().try_for_each(|stmt| self.stmt(stmt))
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> Res {
        let mark = self.u.next_temp;
        stacker::maybe_grow(128 << 10, 1 << 20, || self.stmt_inner(stmt))?;
        self.u.next_temp = mark;
        Ok(())
    }

    fn stmt_inner(&mut self, stmt: &'a Stmt) -> Res {
        self.at(stmt);
        match stmt {
            Stmt::FunctionDef(node) => self.function_def(node),
            Stmt::ClassDef(node) => self.class_def(node),
            Stmt::Return(node) => self.check_return(node),
            Stmt::Delete(node) => node.targets.iter().try_for_each(|target| self.delete(target)),
            Stmt::TypeAlias(node) => self.type_alias(node),
            Stmt::Assign(node) => self.assign(node),
            Stmt::AugAssign(node) => self.aug_assign(node),
            Stmt::AnnAssign(node) => self.ann_assign(node),
            Stmt::For(node) => self.for_statement(node),
            Stmt::While(node) => self.while_statement(node),
            Stmt::If(node) => self.if_statement(node),
            Stmt::With(node) => self.with_statement(node, &node.items),
            Stmt::Match(node) => self.match_statement(node),
            Stmt::Raise(node) => self.raise(node),
            Stmt::Try(node) => self.try_statement(node),
            Stmt::Assert(node) => self.assert(node),
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Global(_) | Stmt::Nonlocal(_) => Ok(()),
            Stmt::Expr(node) => self.expression_statement(&node.value, node.range),
            Stmt::Pass(_) => Ok(()),
            Stmt::Break(node) => self.break_statement(node.range),
            Stmt::Continue(node) => self.continue_statement(node.range),
            Stmt::IpyEscapeCommand(node) => self.error("invalid syntax", node.range),
        }
    }

    fn check_return(&mut self, node: &'a ruff_python_ast::StmtReturn) -> Res {
        let scope = self.scope();
        if !matches!(scope.kind, Kind::Function | Kind::Lambda) {
            return self.error("'return' outside function", node.range);
        }
        if node.value.is_some() && scope.is_generator && scope.is_coroutine {
            return self.error("'return' with value in async generator", node.range);
        }
        self.return_statement(node)
    }

    fn expression_statement(&mut self, value: &'a Expr, range: TextRange) -> Res {
        if self.interactive && self.outer.is_empty() {
            let val = self.val(value)?;
            self.at(range);
            self.u.emit_a(Op::PrintExpr, val, 0, 0);
            return Ok(());
        }
        if let Expr::NumberLiteral(node) = value {
            self.number(node)?;
        }
        if self.constant(value).is_some() {
            return Ok(());
        }
        let val = self.val(value)?;
        self.at(range);
        if val.temp {
            self.u.drop_reg(val.reg);
        }
        Ok(())
    }

    fn if_statement(&mut self, node: &'a StmtIf) -> Res {
        let end = self.u.label();
        let mut next = self.u.label();
        self.jump_if(&node.test, false, next)?;
        self.suite(&node.body)?;
        for clause in &node.elif_else_clauses {
            self.u.jump(Op::Jump, end);
            self.u.place(next);
            next = self.u.label();
            if let Some(test) = &clause.test {
                self.jump_if(test, false, next)?;
            }
            self.suite(&clause.body)?;
        }
        self.u.place(next);
        self.u.place(end);
        Ok(())
    }

    fn assign(&mut self, node: &'a StmtAssign) -> Res {
        if let [target] = &node.targets[..] {
            return self.assign_one(target, &node.value);
        }
        let (last, init) = node.targets.split_last().expect("a target");
        let val = self.val_before(&node.value, &[])?;
        let val = if val.temp { val } else { self.copy(val) };
        for target in init {
            self.store(target, Val::keep(val.reg))?;
        }
        self.store(last, val)
    }

    fn copy(&mut self, val: Val) -> Val {
        let reg = self.u.push();
        self.u.move_to(reg, val);
        Val::temp(reg)
    }

    fn assign_one(&mut self, target: &'a Expr, value: &'a Expr) -> Res {
        match target {
            Expr::Name(name) => {
                self.check_target_name(&name.id, "assign to", name)?;
                match self.fast(&name.id) {
                    Some(reg) => self.assign_fast(reg, value),
                    None => {
                        let val = self.val(value)?;
                        self.at(name);
                        self.store_name(&name.id, val);
                        Ok(())
                    }
                }
            }
            Expr::Tuple(_) | Expr::List(_) => self.assign_sequence(target, value),
            Expr::Subscript(node) if !node.slice.is_slice_expr() => match self.simple_constant(value) {
                Some(constant) => self.store_constant_item(node, constant),
                None => {
                    let val = self.val(value)?;
                    self.store_evaluated(target, val, Some(value))
                }
            },
            _ => {
                let val = self.val(value)?;
                self.store_evaluated(target, val, Some(value))
            }
        }
    }

    /// A constant that no object represents.
    fn simple_constant(&mut self, value: &Expr) -> Option<Const> {
        self.constant(value).filter(|constant| match constant {
            Const::None | Const::True | Const::False | Const::Float(_) => true,
            Const::Int(n) => i32::try_from(*n).is_ok(),
            _ => false,
        })
    }

    fn store_constant_item(&mut self, node: &'a ExprSubscript, constant: Const) -> Res {
        let mark = self.u.next_temp;
        let object = self.val_before(&node.value, &[&node.slice])?;
        let index = self.index(&node.slice)?;
        self.at(node);
        let constant = self.u.constant(constant);
        self.u.emit_abc(Op::SetItemConst, object, index, Val::keep(0)).extra = constant;
        self.u.next_temp = mark;
        Ok(())
    }

    /// `local = value`, straight into its register where nothing can tell the difference.
    fn assign_fast(&mut self, reg: Reg, value: &'a Expr) -> Res {
        if self.writes_last(value) {
            return self.expr_to(value, reg);
        }
        let val = self.val(value)?;
        self.u.move_to(reg, val);
        Ok(())
    }

    /// `a, b = x, y` needs no tuple.
    fn assign_sequence(&mut self, target: &'a Expr, value: &'a Expr) -> Res {
        let (Some(targets), Expr::Tuple(values)) = (sequence_items(target), value) else {
            let val = self.val(value)?;
            return self.store(target, val);
        };
        let starred = targets.iter().chain(&values.elts).any(Expr::is_starred_expr);
        if starred || targets.len() != values.elts.len() || targets.len() > 16 || targets.is_empty() {
            let val = self.val(value)?;
            return self.store(target, val);
        }
        let locals: Option<Vec<Reg>> = targets.iter().map(|target| self.plain_local(target)).collect();
        let distinct =
            locals.filter(|locals| locals.iter().enumerate().all(|(at, reg)| !locals[..at].contains(reg)));
        let (last, init) = values.elts.split_last().expect("not empty");
        let base = self.u.next_temp;
        for value in init {
            self.push(value)?;
        }
        match distinct {
            // Nobody sees in which order distinct locals are assigned.
            Some(locals) => {
                self.assign_fast(locals[init.len()], last)?;
                for (at, reg) in locals[..init.len()].iter().enumerate() {
                    self.u.move_to(*reg, Val::temp(base + at as u16));
                }
            }
            None => {
                self.push(last)?;
                for (at, target) in targets.iter().enumerate() {
                    self.store(target, Val::temp(base + at as u16))?;
                }
            }
        }
        Ok(())
    }

    fn plain_local(&self, target: &Expr) -> Option<Reg> {
        match target {
            Expr::Name(name) if name.id != "__debug__" => self.fast(&name.id),
            _ => None,
        }
    }

    /// Assigns a value to a target; a temporary is consumed.
    pub fn store(&mut self, target: &'a Expr, val: Val) -> Res {
        self.store_evaluated(target, val, None)
    }

    /// `value` is the expression behind `val` if that is a local read in place.
    fn store_evaluated(&mut self, target: &'a Expr, val: Val, value: Option<&'a Expr>) -> Res {
        let mark = self.u.next_temp;
        match target {
            Expr::Name(name) => {
                self.check_target_name(&name.id, "assign to", name)?;
                self.at(name);
                self.store_name(&name.id, val);
            }
            Expr::Attribute(node) => {
                self.check_target_name(&node.attr.id, "assign to", node)?;
                let val = self.steady(val, value, &[&node.value]);
                self.note_static_attribute(node);
                let object = self.val(&node.value)?;
                let name = self.attribute_name(node);
                self.at(node);
                self.u.emit_ab(Op::StoreAttr, object, val, name);
            }
            Expr::Subscript(node) => {
                let val = self.steady(val, value, &[&node.value, &node.slice]);
                self.store_item(node, val)?;
            }
            Expr::Tuple(_) | Expr::List(_) => {
                self.unpack(sequence_items(target).expect("a sequence"), val, target.range())?;
            }
            Expr::Starred(_) => {
                return self.error("starred assignment target must be in a list or tuple", target);
            }
            _ => return self.error("cannot assign to expression", target),
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// A copy of a local that the evaluation of a target could rebind.
    fn steady(&mut self, val: Val, value: Option<&'a Expr>, later: &[&'a Expr]) -> Val {
        let walrus = !self.scope().walrus.is_empty();
        let named = later
            .iter()
            .any(|expr| ruff_python_ast::helpers::any_over_expr(expr, |part| part.is_named_expr()));
        if !val.temp && value.is_some() && walrus && named { self.copy(val) } else { val }
    }

    fn store_item(&mut self, node: &'a ExprSubscript, val: Val) -> Res {
        if let Expr::Slice(slice) = &*node.slice
            && slice.step.is_none()
        {
            let base = self.push(&node.value)?;
            self.slice_bounds(slice)?;
            self.at(node);
            self.u.emit_b(Op::SetSlice, base, val, 0);
            return Ok(());
        }
        let object = self.val_before(&node.value, &[&node.slice])?;
        let index = self.index(&node.slice)?;
        self.at(node);
        self.u.emit_abc(Op::SetItem, object, index, val);
        Ok(())
    }

    fn unpack(&mut self, targets: &'a [Expr], val: Val, range: TextRange) -> Res {
        let star = targets.iter().position(Expr::is_starred_expr);
        if targets.iter().filter(|target| target.is_starred_expr()).count() > 1 {
            return self.error("multiple starred expressions in assignment", range);
        }
        let count = targets.len();
        if star.is_some_and(|star| star > 255 || count - star - 1 > 255) || count > 30_000 {
            return self.error("too many expressions in star-unpacking assignment", range);
        }
        if let Some(first) = self.consecutive_locals(targets) {
            self.at(range);
            self.u.emit_b(Op::UnpackSequence, first, val, count as u16);
            return Ok(());
        }
        let base = self.u.push_many(count.max(1));
        self.at(range);
        match star {
            None => self.u.emit_b(Op::UnpackSequence, base, val, count as u16),
            Some(star) => {
                let shape = star as u16 | ((count - star - 1) as u16) << 8;
                self.u.emit_b(Op::UnpackEx, base, val, shape);
            }
        }
        for (at, target) in targets.iter().enumerate() {
            let target = match target {
                Expr::Starred(star) => &*star.value,
                other => other,
            };
            self.store(target, Val::temp(base + at as u16))?;
        }
        Ok(())
    }

    /// Targets that are locals in consecutive registers are unpacked into directly.
    fn consecutive_locals(&self, targets: &[Expr]) -> Option<Reg> {
        let first = self.plain_local(targets.first()?)?;
        let in_order = |(at, target): (usize, &Expr)| self.plain_local(target) == Some(first + at as u16);
        targets.iter().enumerate().all(in_order).then_some(first)
    }

    /// Attributes that methods assign to `self` are listed in the class.
    fn note_static_attribute(&mut self, node: &ruff_python_ast::ExprAttribute) {
        if !matches!(&*node.value, Expr::Name(name) if name.id == "self") {
            return;
        }
        let scopes = self.scopes;
        if let Some(class) =
            self.outer.iter_mut().rev().find(|unit| scopes.all[unit.scope].kind == Kind::Class)
        {
            class.static_attributes.insert(node.attr.id.to_string());
        }
    }

    fn delete(&mut self, target: &'a Expr) -> Res {
        let mark = self.u.next_temp;
        match target {
            Expr::Name(name) => {
                self.check_target_name(&name.id, "delete", name)?;
                self.at(name);
                self.delete_name(&name.id);
            }
            Expr::Attribute(node) => {
                self.check_target_name(&node.attr.id, "delete", node)?;
                let object = self.val(&node.value)?;
                let name = self.attribute_name(node);
                self.at(node);
                self.u.emit_a(Op::DeleteAttr, object, name, 0);
            }
            Expr::Subscript(node) => {
                let object = self.val_before(&node.value, &[&node.slice])?;
                let index = self.index(&node.slice)?;
                self.at(node);
                self.u.emit_ab(Op::DelItem, object, index, 0);
            }
            Expr::Tuple(_) | Expr::List(_) => {
                sequence_items(target).expect("a sequence").iter().try_for_each(|item| self.delete(item))?;
            }
            _ => return self.error("cannot delete expression", target),
        }
        self.u.next_temp = mark;
        Ok(())
    }

    fn aug_assign(&mut self, node: &'a StmtAugAssign) -> Res {
        match &*node.target {
            Expr::Name(name) => {
                self.check_target_name(&name.id, "assign to", name)?;
                if let Some(reg) = self.fast(&name.id) {
                    self.at(name);
                    self.u.emit(Op::CheckBound, reg, 0, 0);
                    let mut left = Val::keep(reg);
                    if self.may_rebind_value(name, &node.value) {
                        left = self.copy(left);
                    }
                    return self.in_place(node.op, reg, left, &node.value, node.range);
                }
                let old = self.u.push();
                self.at(name);
                self.load_name(&name.id, old);
                let new = self.u.push();
                self.in_place(node.op, new, Val::temp(old), &node.value, node.range)?;
                self.at(name);
                self.store_name(&name.id, Val::temp(new));
            }
            Expr::Attribute(target) => {
                self.check_target_name(&target.attr.id, "assign to", target)?;
                let object = self.val_before(&target.value, &[&node.value])?;
                let name = self.attribute_name(target);
                let old = self.u.push();
                self.at(target);
                self.u.emit_b(Op::LoadAttr, old, Val::keep(object.reg), name);
                let new = self.u.push();
                self.in_place(node.op, new, Val::temp(old), &node.value, node.range)?;
                self.at(target);
                self.u.emit_ab(Op::StoreAttr, object, Val::temp(new), name);
            }
            Expr::Subscript(target) => {
                let object = self.val_before(&target.value, &[&target.slice, &node.value])?;
                let index = self.val_before(&target.slice, &[&node.value])?;
                let old = self.u.push();
                self.at(target);
                self.u.emit_bc(Op::GetItem, old, Val::keep(object.reg), Val::keep(index.reg));
                let new = self.u.push();
                self.in_place(node.op, new, Val::temp(old), &node.value, node.range)?;
                self.at(target);
                self.u.emit_abc(Op::SetItem, object, index, Val::temp(new));
            }
            other => return self.error("illegal expression for augmented assignment", other),
        }
        Ok(())
    }

    fn may_rebind_value(&self, name: &ruff_python_ast::ExprName, value: &'a Expr) -> bool {
        let mangled = self.mangle(&name.id);
        self.scope().walrus.contains(&mangled)
            && ruff_python_ast::helpers::any_over_expr(value, |part| part.is_named_expr())
    }

    fn ann_assign(&mut self, node: &'a StmtAnnAssign) -> Res {
        if let Some(value) = &node.value {
            self.assign_one(&node.target, value)?;
        }
        let mark = self.u.next_temp;
        match &*node.target {
            Expr::Name(name) => {
                self.check_target_name(&name.id, "assign to", name)?;
                let keeps = matches!(self.scope().kind, Kind::Module | Kind::Class);
                if node.simple && keeps {
                    self.note_annotation(node)?;
                }
            }
            Expr::Attribute(target) if node.value.is_none() => {
                self.check_target_name(&target.attr.id, "assign to", target)?;
                self.discard(&target.value)?;
            }
            Expr::Subscript(target) if node.value.is_none() => {
                self.discard(&target.value)?;
                self.u.next_temp = mark;
                self.discard(&target.slice)?;
            }
            _ => {}
        }
        self.u.next_temp = mark;
        Ok(())
    }

    fn discard(&mut self, expr: &'a Expr) -> Res {
        let val = self.val(expr)?;
        if val.temp {
            self.u.drop_reg(val.reg);
        }
        Ok(())
    }

    /// Remembers an annotation for the annotate function; conditional ones are noted when they are reached.
    fn note_annotation(&mut self, node: &'a StmtAnnAssign) -> Res {
        if self.future_annotations {
            return self.store_annotation_text(node);
        }
        let scope = self.scope();
        let conditional = if scope.kind == Kind::Module || self.in_conditional_block(node) {
            let number = self.u.conditional_count;
            self.u.conditional_count += 1;
            self.at(node);
            let set = self.u.push();
            match scope.kind {
                Kind::Class => {
                    let cell = self.u.registers["__conditional_annotations__"];
                    self.u.emit(Op::LoadCell, set, cell, 0);
                }
                _ => self
                    .load_name(&ruff_python_ast::name::Name::new_static("__conditional_annotations__"), set),
            }
            let index = self.u.push();
            self.load_const(index, Const::Int(i64::from(number)));
            self.u.emit_ab(Op::SetAdd, Val::keep(set), Val::temp(index), 0);
            self.u.drop_reg(set);
            Some(number)
        } else {
            None
        };
        self.u.annotations.push(Annotated { node, conditional });
        Ok(())
    }

    /// `__annotations__[name] = 'text'`, under `from __future__ import annotations`.
    fn store_annotation_text(&mut self, node: &'a StmtAnnAssign) -> Res {
        let Expr::Name(name) = &*node.target else { return Ok(()) };
        let name = self.mangle(&name.id);
        self.at(node);
        let dict = self.u.push();
        self.load_name(&ruff_python_ast::name::Name::new_static("__annotations__"), dict);
        let key = self.u.push();
        self.load_const(key, text(&name));
        let value = self.u.push();
        let shown = self.unparse(&node.annotation);
        self.load_const(value, text(&shown));
        self.u.emit_abc(Op::SetItem, Val::temp(dict), Val::temp(key), Val::temp(value));
        Ok(())
    }

    fn in_conditional_block(&self, node: &StmtAnnAssign) -> bool {
        self.scopes.conditional.contains(&crate::scope::address(node))
    }

    fn raise(&mut self, node: &'a StmtRaise) -> Res {
        let Some(exception) = &node.exc else {
            self.u.emit(Op::RaiseCurrent, 0, 0, 0);
            return Ok(());
        };
        let later: Vec<&Expr> = node.cause.as_deref().into_iter().collect();
        let exception = self.val_before(exception, &later)?;
        let cause = match &node.cause {
            Some(cause) => self.val(cause)?,
            None => self.empty_register(),
        };
        self.at(node);
        self.u.emit_ab(Op::Raise, exception, cause, 0);
        Ok(())
    }

    fn assert(&mut self, node: &'a StmtAssert) -> Res {
        if let Expr::Tuple(test) = &*node.test
            && !test.elts.is_empty()
        {
            self.warn("assertion is always true, perhaps remove parentheses?", node.range);
        }
        if self.options.optimize > 0 {
            // What may not stand here may not stand here either way.
            return self.check_await(node);
        }
        let passed = self.u.label();
        if self.constant(&node.test).is_some_and(|constant| truth(&constant)) {
            return Ok(());
        }
        self.jump_if(&node.test, true, passed)?;
        let message = match &node.msg {
            Some(message) => self.val(message)?,
            None => self.empty_register(),
        };
        self.at(&*node.test);
        self.u.emit_a(Op::AssertFail, message, 0, 0);
        self.u.place(passed);
        Ok(())
    }

    /// A register that says "not given". A consumed temporary may still hold a stale immediate, so it is emptied.
    pub fn empty_register(&mut self) -> Val {
        let reg = self.u.push();
        self.u.drop_reg(reg);
        Val::keep(reg)
    }

    fn import(&mut self, node: &'a StmtImport) -> Res {
        for alias in &node.names {
            let mark = self.u.next_temp;
            let module = self.import_name(&alias.name.id, 0, Const::None, node.range)?;
            match &alias.asname {
                None => {
                    let first = alias.name.id.split('.').next().unwrap_or_default();
                    self.check_target_name(first, "assign to", alias)?;
                    self.store_name(&first.into(), Val::temp(module));
                }
                Some(asname) => {
                    self.check_target_name(&asname.id, "assign to", alias)?;
                    self.import_submodule(&alias.name.id, module);
                    self.store_name(&asname.id, Val::temp(module));
                }
            }
            self.u.next_temp = mark;
        }
        Ok(())
    }

    /// `import a.b.c as d` binds the innermost module.
    fn import_submodule(&mut self, dotted: &str, module: Reg) {
        let inner = self.u.push();
        for part in dotted.split('.').skip(1) {
            let index = self.u.name_index(&part.into());
            self.u.emit(Op::ImportFrom, inner, module, index);
            self.u.drop_reg(module);
            self.u.move_to(module, Val::temp(inner));
        }
        self.u.next_temp = inner;
    }

    fn import_name(&mut self, name: &str, level: u32, from: Const, range: TextRange) -> Res<Reg> {
        self.at(range);
        let module = self.u.push();
        let base = self.u.push_many(2);
        self.load_const(base, Const::Int(i64::from(level)));
        self.load_const(base + 1, from);
        let index = self.u.name_index(&name.into());
        self.u.emit(Op::ImportName, module, base, index);
        self.u.next_temp = base;
        Ok(module)
    }

    fn import_from(&mut self, node: &'a StmtImportFrom) -> Res {
        let from = node.names.iter().map(|alias| text(&alias.name.id)).collect();
        let name = node.module.as_ref().map_or("", |module| module.as_str());
        if name == "__future__" && node.level == 0 {
            self.check_future(node)?;
        }
        let module = self.import_name(name, node.level, Const::Tuple(from), node.range)?;
        if node.names.len() == 1 && node.names[0].name.as_str() == "*" {
            self.u.emit_a(Op::ImportStar, Val::temp(module), 0, 0);
            return Ok(());
        }
        for alias in &node.names {
            let value = self.u.push();
            let index = self.u.name_index(&alias.name.id);
            self.at(node);
            self.u.emit(Op::ImportFrom, value, module, index);
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            self.check_target_name(&bound.id, "assign to", alias)?;
            self.store_name(&bound.id, Val::temp(value));
            self.u.next_temp = value;
        }
        self.u.drop_reg(module);
        Ok(())
    }

    fn check_future(&self, node: &StmtImportFrom) -> Res {
        crate::future::check_names(node)?;
        if self.early_future.contains(&crate::scope::address(node)) {
            return Ok(());
        }
        Err(Fault::syntax("from __future__ imports must occur at the beginning of the file", node.range))
    }
}

/// Items of a tuple or list that is a target.
pub(crate) fn sequence_items(target: &Expr) -> Option<&[Expr]> {
    match target {
        Expr::Tuple(node) if node.ctx != ExprContext::Load => Some(&node.elts),
        Expr::List(node) if node.ctx != ExprContext::Load => Some(&node.elts),
        _ => None,
    }
}
