//! Leaving blocks early: `return`, `break` and `continue` through loops, `with` and `try`.
//!
//! A stack of open blocks mirrors the nesting of statements; leaving one emits what its normal end would have done,
//! under the handler that is in force outside of it (CPython's frame blocks).

use crate::compiler::Compiler;
use crate::constant::truth;
use crate::errors::Res;
use crate::unit::{HandlerId, Label, Reg, Val};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt, StmtFor, StmtReturn, StmtWhile};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{Const, Op, Position};

/// A statement that is being compiled and wants something done when it is left.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    pub kind: BlockKind<'a>,
    /// The handler outside of it.
    pub outside: Option<HandlerId>,
}

#[derive(Clone, Copy)]
pub(crate) enum BlockKind<'a> {
    /// A loop; `iterator` is dropped when it is left.
    Loop { exit: Label, next: Label, iterator: Option<Reg> },
    /// The body of a `try` that has handlers.
    Try,
    /// The body of a `try` whose `finally` is to run.
    Finally { body: &'a [Stmt] },
    /// A `finally` that runs because of an exception.
    FinallyEnd { exception: Reg, previous: Reg },
    /// An `except` clause.
    Handler { exception: Reg, previous: Reg, name: Option<&'a Name> },
    /// An `except*` clause, which must not be left early.
    StarHandler,
    /// The body of a `with`.
    With { exit: Reg, is_async: bool, pos: Position },
}

impl<'a> Compiler<'a> {
    pub fn open(&mut self, kind: BlockKind<'a>) {
        let outside = self.u.handler;
        self.u.blocks.push(Block { kind, outside });
    }

    /// CPython's limit on nested blocks, as it counts them: a generator is one, an `except` clause is two.
    pub fn check_nesting(&self, node: impl Ranged) -> Res {
        self.check_nesting_of(1, node)
    }

    /// As `check_nesting` for what counts as several blocks.
    pub fn check_nesting_of(&self, more: usize, node: impl Ranged) -> Res {
        const MAX_BLOCKS: usize = 21;
        let weight = |block: &Block<'_>| match block.kind {
            BlockKind::Handler { .. } | BlockKind::StarHandler => 2,
            _ => 1,
        };
        let blocks: usize = self.u.blocks.iter().map(weight).sum();
        if blocks + self.u.inlined.len() + usize::from(self.is_resumable()) + more > MAX_BLOCKS {
            return self.error("too many statically nested blocks", node);
        }
        Ok(())
    }

    /// Closes the innermost block; its handler is no longer in force.
    pub fn close(&mut self) {
        let block = self.u.blocks.pop().expect("blocks are closed in the order of their opening");
        self.u.handler = block.outside;
    }

    /// Emits what leaving the blocks from the innermost down to `depth` takes, then `then` under the handler out there.
    fn unwind(&mut self, depth: usize, then: impl FnOnce(&mut Self) -> Res) -> Res {
        let blocks: Vec<Block<'a>> = self.u.blocks[depth..].to_vec();
        let handler = self.u.handler;
        while self.u.blocks.len() > depth {
            let block = self.u.blocks.pop().expect("counted");
            self.leave_block(block)?;
        }
        then(self)?;
        self.u.blocks.extend(blocks);
        self.u.handler = handler;
        Ok(())
    }

    fn leave_block(&mut self, block: Block<'a>) -> Res {
        let pos = self.u.pos;
        match block.kind {
            BlockKind::Loop { iterator, .. } => {
                self.u.handler = block.outside;
                if let Some(iterator) = iterator {
                    self.u.drop_reg(iterator);
                }
            }
            BlockKind::Try | BlockKind::StarHandler => self.u.handler = block.outside,
            BlockKind::Finally { body } => {
                self.u.handler = block.outside;
                self.suite(body)?;
            }
            BlockKind::FinallyEnd { exception, previous } => {
                self.u.handler = block.outside;
                self.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
                self.u.drop_reg(exception);
            }
            BlockKind::Handler { exception, previous, name } => {
                self.u.handler = block.outside;
                self.u.emit_a(Op::PopExcInfo, Val::temp(previous), 0, 0);
                if let Some(name) = name {
                    self.forget_exception(name);
                }
                self.u.drop_reg(exception);
            }
            BlockKind::With { exit, is_async, pos: with } => {
                self.u.handler = block.outside;
                self.u.pos = with;
                self.with_exit(exit, is_async)?;
            }
        }
        self.u.pos = pos;
        Ok(())
    }

    /// `name = None; del name` at the end of `except ... as name`.
    pub fn forget_exception(&mut self, name: &Name) {
        let none = self.u.push();
        self.u.emit(Op::LoadNone, none, 0, 0);
        self.store_name(name, Val::temp(none));
        self.delete_name(name);
        self.u.next_temp = none;
    }

    /// Whether leaving the open blocks runs code that could see or change locals.
    fn unwinding_runs_code(&self) -> bool {
        self.u.blocks.iter().any(|block| match block.kind {
            BlockKind::Finally { .. } | BlockKind::With { .. } => true,
            BlockKind::Handler { name, .. } => name.is_some(),
            _ => false,
        })
    }

    pub fn return_statement(&mut self, node: &'a StmtReturn) -> Res {
        let place = node.value.as_ref().map_or(node.range, |value| value.range());
        self.check_star_handler("return", place)?;
        let mark = self.u.next_temp;
        let constant = match &node.value {
            None => Some(Const::None),
            Some(value) => self.constant(value),
        };
        let val = match (&node.value, constant) {
            (Some(value), None) => {
                let val = self.val(value)?;
                if !val.temp && self.unwinding_runs_code() {
                    let copy = self.u.push();
                    self.u.move_to(copy, val);
                    Ok(Val::temp(copy))
                } else {
                    Ok(val)
                }
            }
            (_, constant) => Err(constant.unwrap_or(Const::None)),
        };
        self.at(node);
        self.unwind(0, |this| {
            match val {
                Ok(val) => this.u.emit_a(Op::Return, val, 0, 0),
                Err(Const::None) => this.u.emit(Op::ReturnNone, 0, 0, 0),
                Err(constant) => {
                    let reg = this.u.push();
                    this.load_const(reg, constant);
                    this.u.emit_a(Op::Return, Val::temp(reg), 0, 0);
                }
            }
            Ok(())
        })?;
        self.u.next_temp = mark;
        Ok(())
    }

    fn check_star_handler(&self, word: &str, range: TextRange) -> Res {
        for block in self.u.blocks.iter().rev() {
            match block.kind {
                BlockKind::StarHandler => {
                    return self
                        .error("'break', 'continue' and 'return' cannot appear in an except* block", range);
                }
                BlockKind::Loop { .. } if word != "return" => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    fn innermost_loop(&self) -> Option<(usize, Label, Label)> {
        self.u.blocks.iter().enumerate().rev().find_map(|(at, block)| match block.kind {
            BlockKind::Loop { exit, next, .. } => Some((at, exit, next)),
            _ => None,
        })
    }

    pub fn break_statement(&mut self, range: TextRange) -> Res {
        self.at(range);
        self.check_star_handler("break", range)?;
        let Some((depth, exit, _)) = self.innermost_loop() else {
            return self.error("'break' outside loop", range);
        };
        self.unwind(depth, |this| {
            this.u.jump(Op::Jump, exit);
            Ok(())
        })
    }

    pub fn continue_statement(&mut self, range: TextRange) -> Res {
        self.at(range);
        self.check_star_handler("continue", range)?;
        let Some((depth, _, next)) = self.innermost_loop() else {
            return self.error("'continue' not properly in loop", range);
        };
        self.unwind(depth + 1, |this| {
            this.u.jump(Op::Jump, next);
            Ok(())
        })
    }

    /// The test stands once in front of the loop and once at its end, where it jumps back.
    pub fn while_statement(&mut self, node: &'a StmtWhile) -> Res {
        self.check_nesting(node)?;
        let (orelse, exit, next) = (self.u.label(), self.u.label(), self.u.label());
        let constant = self.constant(&node.test).map(|constant| truth(&constant));
        if constant == Some(false) {
            // The body is compiled for its errors and then found unreachable.
            self.u.jump(Op::Jump, orelse);
        } else if constant.is_none() {
            self.jump_if(&node.test, false, orelse)?;
        }
        let top = self.u.here();
        self.open(BlockKind::Loop { exit, next, iterator: None });
        self.suite(&node.body)?;
        self.close();
        self.u.place(next);
        match constant {
            Some(true) => {
                self.at(node);
                self.at_start(node.range);
                self.u.jump(Op::JumpBack, top);
            }
            Some(false) => {}
            None => self.jump_if(&node.test, true, top)?,
        }
        self.u.place(orelse);
        self.suite(&node.orelse)?;
        self.u.place(exit);
        Ok(())
    }

    /// Only the first position of a range: for jumps that belong to a whole statement.
    pub fn at_start(&mut self, range: TextRange) {
        self.at(TextRange::empty(range.start()));
    }

    pub fn for_statement(&mut self, node: &'a StmtFor) -> Res {
        self.check_nesting(node)?;
        if node.is_async {
            return self.async_for(node);
        }
        let mark = self.u.next_temp;
        let (exit, next) = (self.u.label(), self.u.label());
        let iterator = self.u.push();
        self.iterator_to(&node.iter, iterator)?;
        let top = self.u.here();
        self.open(BlockKind::Loop { exit, next, iterator: Some(iterator) });
        let orelse = self.u.label();
        self.for_iter(iterator, &node.target, &node.iter, orelse)?;
        self.suite(&node.body)?;
        self.close();
        self.u.place(next);
        self.at(&*node.iter);
        self.u.jump(Op::JumpBack, top);
        self.u.place(orelse);
        self.u.next_temp = mark;
        self.suite(&node.orelse)?;
        self.u.place(exit);
        Ok(())
    }

    /// `dst = iter(expr)`; a display of constants is a constant tuple here.
    pub fn iterator_to(&mut self, expr: &'a Expr, dst: Reg) -> Res {
        let mark = self.u.next_temp;
        let constant =
            if expr.is_list_expr() || expr.is_set_expr() { self.constant_container(expr) } else { None };
        let iterable = match constant {
            Some(constant @ Const::Tuple(_)) => {
                let reg = self.u.push();
                self.at(expr);
                self.load_const(reg, constant);
                Val::temp(reg)
            }
            _ => self.val(expr)?,
        };
        self.at(expr);
        self.u.emit_b(Op::GetIter, dst, iterable, 0);
        self.u.next_temp = mark;
        Ok(())
    }

    /// Takes the next item into the target, or jumps at the end.
    pub fn for_iter(&mut self, iterator: Reg, target: &'a Expr, iter: &'a Expr, end: Label) -> Res {
        if let Expr::Name(name) = target
            && let Some(reg) = self.fast(&name.id)
        {
            self.check_target_name(&name.id, "assign to", name)?;
            self.at(iter);
            self.u.emit_jump(Op::ForIter, 0, reg, iterator, end);
            return Ok(());
        }
        let item = self.u.push();
        self.at(iter);
        self.u.emit_jump(Op::ForIter, 0, item, iterator, end);
        self.store(target, Val::temp(item))?;
        self.u.next_temp = item;
        Ok(())
    }

    fn async_for(&mut self, node: &'a StmtFor) -> Res {
        self.check_async("async for", node.range)?;
        let mark = self.u.next_temp;
        let (exit, next, orelse) = (self.u.label(), self.u.label(), self.u.label());
        let iterator = self.u.push();
        let iterable = self.val(&node.iter)?;
        self.at(&*node.iter);
        self.u.emit_b(Op::GetAiter, iterator, iterable, 0);
        self.u.next_temp = iterator + 1;
        self.u.place(next);
        self.open(BlockKind::Loop { exit, next, iterator: Some(iterator) });
        self.async_next(iterator, &node.target, &node.iter, orelse)?;
        self.suite(&node.body)?;
        self.at(&*node.iter);
        self.u.jump(Op::JumpBack, next);
        self.close();
        self.place_async_end(iterator, orelse);
        self.u.next_temp = mark;
        self.suite(&node.orelse)?;
        self.u.place(exit);
        Ok(())
    }

    /// Awaits the next item into the target. `end` is where the loop goes on when the iterator is exhausted;
    /// [`Self::place_async_end`] must follow.
    pub fn async_next(&mut self, iterator: Reg, target: &'a Expr, iter: &'a Expr, end: Label) -> Res {
        let outside = self.u.handler;
        let (handler, handler_label) = self.u.new_handler(iterator + 1);
        self.u.handler = Some(handler);
        let value = self.u.push_many(2);
        self.at(iter);
        self.u.emit(Op::GetAnext, value + 1, iterator, 0);
        self.send_loop(value);
        self.u.handler = outside;
        self.u.next_temp = value + 1;
        self.store(target, Val::temp(value))?;
        self.u.next_temp = value;
        self.u.async_ends.push((handler_label, end, self.u.pos));
        Ok(())
    }

    /// The handler of the innermost `async for` that has none yet: the end of the iteration arrives as an exception.
    pub fn place_async_end(&mut self, iterator: Reg, end: Label) {
        let (handler, _, pos) = self.u.async_ends.pop().expect("one for each async_next");
        self.u.place(handler);
        self.u.pos = pos;
        let flags = ungil_bytecode::CONSUME_A | ungil_bytecode::CONSUME_B;
        self.u.emit_jump(Op::EndAsyncFor, flags, iterator + 1, iterator, end);
        self.u.place(end);
    }

    /// Whether `async for`, `async with` and the like are allowed here.
    pub fn check_async(&self, what: &str, node: impl Ranged) -> Res {
        if self.in_async() || self.top_level_await() {
            return Ok(());
        }
        self.error(format!("'{what}' outside async function"), node)
    }

    pub fn in_async(&self) -> bool {
        use ungil_bytecode::flags::{ASYNC_GENERATOR, COROUTINE};
        self.u.is_async_def
            || (self.scope().kind == crate::scope::Kind::Generator
                && self.u.flags & (COROUTINE | ASYNC_GENERATOR) != 0)
    }

    /// `ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`: module code may be a coroutine.
    pub fn top_level_await(&self) -> bool {
        self.options.top_level_await && self.outer.is_empty()
    }
}
