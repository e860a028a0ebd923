//! `try`, `except*` and `with`: handlers, their clean-up, and `finally` on every way out.
//!
//! Normal execution pays nothing: instructions know their handler, and the assembler makes the exception table of that.
//! A handler's register is the temporary on top of those that are live at the `try`.

use crate::compiler::Compiler;
use crate::control::{Block, BlockKind};
use crate::errors::Res;
use crate::unit::{HandlerId, Label, Reg, Val};
use ruff_python_ast::{ExceptHandler, ExceptHandlerExceptHandler, Stmt, StmtTry, StmtWith, WithItem};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::Op;

impl<'a> Compiler<'a> {
    pub fn try_statement(&mut self, node: &'a StmtTry) -> Res {
        self.check_nesting(node)?;
        if node.finalbody.is_empty() {
            return self.try_handlers(node);
        }
        self.warn_finally(&node.finalbody);
        let depth = self.u.next_temp;
        let (handler, target) = self.u.new_handler(depth);
        let end = self.u.label();
        self.open(BlockKind::Finally { body: &node.finalbody });
        self.u.handler = Some(handler);
        if node.handlers.is_empty() {
            self.suite(&node.body)?;
        } else {
            self.try_handlers(node)?;
        }
        self.close();
        self.suite(&node.finalbody)?;
        self.at_nowhere();
        self.u.jump(Op::Jump, end);
        self.u.place(target);
        let outside = self.u.handler;
        self.in_handler(depth, |this, exception, previous| {
            this.u.blocks.push(Block { kind: BlockKind::FinallyEnd { exception, previous }, outside });
            this.suite(&node.finalbody)?;
            this.close();
            this.at_nowhere();
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            // The frame is left where the clause ends.
            if let Some(last) = node.finalbody.last() {
                this.at(last);
            }
            this.u.emit_a(Op::Reraise, Val::temp(exception), 0, 0);
            Ok(())
        })?;
        self.u.place(end);
        self.u.next_temp = depth;
        Ok(())
    }

    /// Code of a handler: the exception in register `depth` becomes the one being handled. An exception raised in there
    /// restores what was being handled before and goes on outwards.
    fn in_handler(&mut self, depth: Reg, body: impl FnOnce(&mut Self, Reg, Reg) -> Res) -> Res {
        let outside = self.u.handler;
        self.at_nowhere();
        self.u.next_temp = depth;
        let exception = self.u.push();
        let previous = self.u.push();
        self.u.emit(Op::PushExcInfo, previous, exception, 0);
        let (cleanup, target) = self.u.new_handler(previous + 1);
        self.u.handler = Some(cleanup);
        body(self, exception, previous)?;
        self.u.handler = outside;
        self.at_nowhere();
        self.u.place(target);
        self.u.next_temp = previous + 1;
        let raised = self.u.push();
        self.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
        self.u.emit_a(Op::Reraise, Val::temp(raised), 0, 0);
        self.u.next_temp = depth;
        Ok(())
    }

    fn try_handlers(&mut self, node: &'a StmtTry) -> Res {
        if node.is_star {
            return self.try_star(node);
        }
        let depth = self.u.next_temp;
        let (handler, target) = self.u.new_handler(depth);
        let end = self.u.label();
        self.open(BlockKind::Try);
        self.u.handler = Some(handler);
        self.suite(&node.body)?;
        self.close();
        self.suite(&node.orelse)?;
        self.at_nowhere();
        self.u.jump(Op::Jump, end);
        self.u.place(target);
        let outside = self.u.handler;
        self.in_handler(depth, |this, exception, previous| {
            let count = node.handlers.len();
            for (at, ExceptHandler::ExceptHandler(clause)) in node.handlers.iter().enumerate() {
                if clause.type_.is_none() && at + 1 < count {
                    return this.error("default 'except:' must be last", clause.range);
                }
                this.except_clause(clause, exception, previous, outside, end)?;
            }
            this.at_nowhere();
            this.u.handler = outside;
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            // The frame is left where the last clause was found not to match.
            if let Some(ExceptHandler::ExceptHandler(clause)) = node.handlers.last() {
                this.at_type(clause);
            }
            this.u.emit_a(Op::Reraise, Val::temp(exception), 0, 0);
            Ok(())
        })?;
        self.u.place(end);
        self.u.next_temp = depth;
        Ok(())
    }

    fn except_clause(
        &mut self,
        clause: &'a ExceptHandlerExceptHandler,
        exception: Reg,
        previous: Reg,
        outside: Option<HandlerId>,
        end: Label,
    ) -> Res {
        self.check_nesting_of(2, clause.range)?;
        let next = self.u.label();
        let mark = self.u.next_temp;
        let cleanup = self.u.handler;
        if let Some(types) = &clause.type_ {
            let matched = self.u.push();
            let types = self.val(types)?;
            self.at_type(clause);
            self.u.emit_bc(Op::MatchExc, matched, Val::keep(exception), types);
            self.u.jump_a(Op::JumpIfFalse, Val::temp(matched), next);
            self.u.next_temp = mark;
        }
        let name = clause.name.as_ref().map(|name| &name.id);
        self.u.blocks.push(Block { kind: BlockKind::Handler { exception, previous, name }, outside });
        if let Some(identifier) = &clause.name {
            self.check_target_name(&identifier.id, "assign to", clause.range)?;
            self.at_type(clause);
            self.store_name(&identifier.id, Val::keep(exception));
            self.named_handler_body(&clause.body, &identifier.id, previous)?;
        } else {
            self.suite(&clause.body)?;
        }
        self.u.blocks.pop();
        self.at_nowhere();
        self.u.handler = outside;
        self.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
        if let Some(name) = name {
            self.forget_exception(name);
        }
        self.u.drop_reg(exception);
        self.u.jump(Op::Jump, end);
        self.u.handler = cleanup;
        self.u.place(next);
        Ok(())
    }

    fn at_type(&mut self, clause: &ExceptHandlerExceptHandler) {
        match &clause.type_ {
            Some(types) => self.at(&**types),
            None => self.at(clause.range),
        }
    }

    /// The body of `except E as name`: the name is gone after it, however it ends.
    fn named_handler_body(
        &mut self,
        body: &'a [Stmt],
        name: &'a ruff_python_ast::name::Name,
        previous: Reg,
    ) -> Res {
        let cleanup = self.u.handler;
        let (handler, target) = self.u.new_handler(previous + 1);
        let done = self.u.label();
        self.u.handler = Some(handler);
        self.suite(body)?;
        self.u.handler = cleanup;
        self.at_nowhere();
        self.u.jump(Op::Jump, done);
        self.u.place(target);
        let raised = self.u.push();
        self.forget_exception(name);
        self.u.emit_a(Op::Reraise, Val::temp(raised), 0, 0);
        self.u.next_temp = raised;
        self.u.place(done);
        Ok(())
    }

    /// `try: ... except* E: ...`: registers hold the exception, what is still to be handled, and a list of what was
    /// raised or not handled.
    fn try_star(&mut self, node: &'a StmtTry) -> Res {
        let depth = self.u.next_temp;
        let (handler, target) = self.u.new_handler(depth);
        let end = self.u.label();
        self.open(BlockKind::Try);
        self.u.handler = Some(handler);
        self.suite(&node.body)?;
        self.close();
        self.suite(&node.orelse)?;
        self.at_nowhere();
        self.u.jump(Op::Jump, end);
        self.u.place(target);
        let outside = self.u.handler;
        self.in_handler(depth, |this, exception, previous| {
            let rest = this.u.push();
            let list = this.u.push();
            this.u.emit_b(Op::Move, rest, Val::keep(exception), 0);
            this.u.emit(Op::BuildList, list, this.u.next_temp, 0);
            for ExceptHandler::ExceptHandler(clause) in &node.handlers {
                this.star_clause(clause, rest, list)?;
            }
            this.at_nowhere();
            this.u.emit_ab(Op::ListAppend, Val::keep(list), Val::temp(rest), 0);
            let result = this.u.push();
            this.u.emit_bc(Op::PrepReraiseStar, result, Val::keep(exception), Val::temp(list));
            let reraise = this.u.label();
            this.u.jump_a(Op::JumpIfNotNone, Val::keep(result), reraise);
            this.u.handler = outside;
            this.u.drop_reg(result);
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            this.u.drop_reg(exception);
            this.u.jump(Op::Jump, end);
            this.u.place(reraise);
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            this.u.emit_a(Op::Reraise, Val::temp(result), 0, 0);
            Ok(())
        })?;
        self.u.place(end);
        self.u.next_temp = depth;
        Ok(())
    }

    fn star_clause(&mut self, clause: &'a ExceptHandlerExceptHandler, rest: Reg, list: Reg) -> Res {
        let mark = self.u.next_temp;
        let Some(types) = &clause.type_ else {
            return self.error("expected one or more exception types", clause.range);
        };
        let no_match = self.u.label();
        let next = self.u.label();
        let matched = self.u.push_many(2);
        let types = self.val(types)?;
        self.at_type(clause);
        self.u.emit_bc(Op::MatchExcStar, matched, Val::keep(rest), types);
        self.u.next_temp = matched + 2;
        self.u.drop_reg(rest);
        self.u.move_to(rest, Val::temp(matched + 1));
        self.u.jump_a(Op::JumpIfNone, Val::keep(matched), no_match);
        // While the clause runs, its part of the group is the exception being handled.
        let before = self.u.push();
        self.u.emit(Op::PushExcInfo, before, matched, 0);
        let cleanup = self.u.handler;
        let (handler, target) = self.u.new_handler(before + 1);
        self.u.handler = Some(handler);
        if let Some(identifier) = &clause.name {
            self.check_target_name(&identifier.id, "assign to", clause.range)?;
            self.store_name(&identifier.id, Val::keep(matched));
        }
        self.open(BlockKind::StarHandler);
        self.suite(&clause.body)?;
        self.close();
        self.u.handler = cleanup;
        self.at_nowhere();
        self.u.emit_a(Op::PopExcInfo, Val::temp(before), 0, 0);
        self.forget_named(clause);
        self.u.jump(Op::Jump, no_match);
        self.u.place(target);
        let raised = self.u.push();
        self.u.emit_a(Op::PopExcInfo, Val::temp(before), 0, 0);
        self.forget_named(clause);
        self.u.emit_ab(Op::ListAppend, Val::keep(list), Val::temp(raised), 0);
        self.u.place(no_match);
        self.u.drop_reg(matched);
        self.u.place(next);
        self.u.next_temp = mark;
        Ok(())
    }

    fn forget_named(&mut self, clause: &'a ExceptHandlerExceptHandler) {
        if let Some(name) = &clause.name {
            self.forget_exception(&name.id);
        }
    }

    pub fn with_statement(&mut self, node: &'a StmtWith, items: &'a [WithItem]) -> Res {
        let Some((item, rest)) = items.split_first() else { return self.suite(&node.body) };
        if node.is_async {
            self.check_async("async with", node.range)?;
        }
        self.check_nesting(&item.context_expr)?;
        let mark = self.u.next_temp;
        let exit = self.u.push_many(2);
        let context = self.val(&item.context_expr)?;
        self.at(&item.context_expr);
        let with = self.u.pos;
        if node.is_async {
            self.u.emit_b(Op::AsyncWithEnter, exit, context, 0);
            let value = self.u.push_many(2);
            self.u.emit_b(Op::GetAwaitable, value + 1, Val::temp(exit + 1), 1);
            self.send_loop(value);
            self.u.move_to(exit + 1, Val::temp(value));
        } else {
            self.u.emit_b(Op::WithEnter, exit, context, 0);
        }
        let depth = exit + 1;
        let (handler, target) = self.u.new_handler(depth);
        let end = self.u.label();
        self.open(BlockKind::With { exit, is_async: node.is_async, pos: with });
        self.u.handler = Some(handler);
        self.u.next_temp = exit + 2;
        match &item.optional_vars {
            Some(target) => self.store(target, Val::temp(exit + 1))?,
            None => self.u.drop_reg(exit + 1),
        }
        self.u.next_temp = depth;
        stacker::maybe_grow(128 << 10, 1 << 20, || self.with_statement(node, rest))?;
        self.close();
        self.u.pos = with;
        self.with_exit(exit, node.is_async)?;
        self.u.jump(Op::Jump, end);
        self.u.place(target);
        self.with_handler(exit, node.is_async, with, end)?;
        self.u.place(end);
        self.u.next_temp = mark;
        Ok(())
    }

    /// The normal call of `__exit__`.
    pub fn with_exit(&mut self, exit: Reg, is_async: bool) -> Res {
        let mark = self.u.next_temp;
        let result = self.u.push();
        self.u.emit_b(Op::WithExit, result, Val::temp(exit), 0);
        if is_async {
            let value = self.u.push_many(2);
            self.u.emit_b(Op::GetAwaitable, value + 1, Val::temp(result), 2);
            self.send_loop(value);
            self.u.drop_reg(value);
        } else {
            self.u.drop_reg(result);
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// `__exit__` with an exception, which it may swallow.
    fn with_handler(&mut self, exit: Reg, is_async: bool, with: ungil_bytecode::Position, end: Label) -> Res {
        let outside = self.u.handler;
        self.in_handler(exit + 1, |this, exception, previous| {
            this.u.pos = with;
            let result = this.u.push();
            this.u.emit_bc(Op::WithExitExc, result, Val::temp(exit), Val::keep(exception));
            let mut answer = result;
            if is_async {
                answer = this.u.push_many(2);
                this.u.emit_b(Op::GetAwaitable, answer + 1, Val::temp(result), 2);
                this.send_loop(answer);
            }
            let swallowed = this.u.label();
            this.u.jump_a(Op::JumpIfTrue, Val::temp(answer), swallowed);
            this.u.handler = outside;
            this.at_nowhere();
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            this.u.emit_a(Op::Reraise, Val::temp(exception), 0, 0);
            this.u.place(swallowed);
            this.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
            this.u.drop_reg(exception);
            this.u.jump(Op::Jump, end);
            Ok(())
        })
    }

    /// `return`, `break` and `continue` in a `finally` swallow exceptions (PEP 765).
    fn warn_finally(&mut self, body: &'a [Stmt]) {
        let mut found: Vec<(&'static str, TextRange)> = Vec::new();
        collect_exits(body, false, &mut found);
        for (word, range) in found {
            self.warn(format!("'{word}' in a 'finally' block"), range);
        }
    }
}

fn collect_exits(body: &[Stmt], in_loop: bool, found: &mut Vec<(&'static str, TextRange)>) {
    for stmt in body {
        match stmt {
            Stmt::Return(node) => found.push(("return", node.range())),
            Stmt::Break(node) if !in_loop => found.push(("break", node.range())),
            Stmt::Continue(node) if !in_loop => found.push(("continue", node.range())),
            Stmt::For(node) => {
                collect_exits(&node.body, true, found);
                collect_exits(&node.orelse, in_loop, found);
            }
            Stmt::While(node) => {
                collect_exits(&node.body, true, found);
                collect_exits(&node.orelse, in_loop, found);
            }
            Stmt::If(node) => {
                collect_exits(&node.body, in_loop, found);
                node.elif_else_clauses.iter().for_each(|clause| collect_exits(&clause.body, in_loop, found));
            }
            Stmt::With(node) => collect_exits(&node.body, in_loop, found),
            Stmt::Match(node) => node.cases.iter().for_each(|case| collect_exits(&case.body, in_loop, found)),
            Stmt::Try(node) => {
                collect_exits(&node.body, in_loop, found);
                for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    collect_exits(&handler.body, in_loop, found);
                }
                collect_exits(&node.orelse, in_loop, found);
            }
            _ => {}
        }
    }
}
