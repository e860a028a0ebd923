//! `yield`, `yield from` and `await`.

use crate::compiler::Compiler;
use crate::errors::Res;
use crate::scope::Kind;
use crate::unit::{Reg, Val};
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprAwait, ExprDictComp, ExprListComp, ExprSetComp, ExprYield, ExprYieldFrom};
use ruff_text_size::Ranged;
use ungil_bytecode::{CONSUME_B, DELEGATES, Op};

impl<'a> Compiler<'a> {
    pub fn yield_expression(&mut self, node: &'a ExprYield, dst: Reg) -> Res {
        self.check_yield("yield", node)?;
        let value = match &node.value {
            Some(value) => self.val(value)?,
            None => {
                let none = self.u.push();
                self.u.emit(Op::LoadNone, none, 0, 0);
                Val::temp(none)
            }
        };
        self.at(node);
        self.emit_yield(dst, value);
        Ok(())
    }

    /// Gives a value out; `dst` is what is sent back.
    pub fn emit_yield(&mut self, dst: Reg, value: Val) {
        let scope = self.scope();
        if scope.is_generator && scope.is_coroutine {
            let wrapped = self.u.push();
            self.u.emit_b(Op::AsyncGenWrap, wrapped, value, 0);
            self.u.emit_suspension(0, dst, Val::temp(wrapped));
        } else {
            self.u.emit_suspension(0, dst, value);
        }
    }

    pub fn yield_from(&mut self, node: &'a ExprYieldFrom, dst: Reg) -> Res {
        self.check_yield("yield from", node)?;
        let scope = self.scope();
        if scope.is_coroutine {
            return self.error("'yield from' inside async function", node);
        }
        let result = self.u.push_many(2);
        let iterable = self.val(&node.value)?;
        self.at(node);
        self.u.emit_b(Op::GetYieldFromIter, result + 1, iterable, 0);
        // What was iterated over is gone: it need not be kept at each suspension.
        self.u.next_temp = result + 2;
        self.send_loop(result);
        self.u.move_to(dst, Val::temp(result));
        Ok(())
    }

    /// Complains about an `await` in an assertion that is left out.
    pub fn check_await(&self, node: &'a ruff_python_ast::StmtAssert) -> Res {
        struct Finder<'c, 'a> {
            compiler: &'c Compiler<'a>,
            result: Res,
        }
        impl<'a> Visitor<'a> for Finder<'_, '_> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                let checked = match expr {
                    Expr::Await(node) => self.compiler.check_await_place(node),
                    Expr::ListComp(ExprListComp { generators, range, .. })
                    | Expr::SetComp(ExprSetComp { generators, range, .. })
                    | Expr::DictComp(ExprDictComp { generators, range, .. })
                        if generators.iter().any(|generator| generator.is_async) =>
                    {
                        self.compiler.check_async("asynchronous comprehension", *range)
                    }
                    _ => Ok(()),
                };
                if self.result.is_ok() {
                    self.result = checked;
                }
                if !matches!(expr, Expr::Lambda(_) | Expr::Generator(_)) {
                    walk_expr(self, expr);
                }
            }
        }
        let mut finder = Finder { compiler: self, result: Ok(()) };
        finder.visit_expr(&node.test);
        if let Some(message) = &node.msg {
            finder.visit_expr(message);
        }
        finder.result
    }

    fn check_await_place(&self, node: &ExprAwait) -> Res {
        if self.top_level_await() {
            return Ok(());
        }
        if !matches!(self.scope().kind, Kind::Function | Kind::Lambda | Kind::Generator) {
            return self.error("'await' outside function", node);
        }
        match self.in_async() {
            true => Ok(()),
            false => self.error("'await' outside async function", node),
        }
    }

    fn check_yield(&self, word: &str, node: impl Ranged) -> Res {
        match self.scope().kind {
            Kind::Function | Kind::Lambda => Ok(()),
            _ => self.error(format!("'{word}' outside function"), node),
        }
    }

    pub fn await_expression(&mut self, node: &'a ExprAwait, dst: Reg) -> Res {
        self.check_await_place(node)?;
        let result = self.u.push_many(2);
        let awaited = self.val(&node.value)?;
        self.at(node);
        self.u.emit_b(Op::GetAwaitable, result + 1, awaited, 0);
        // What was iterated over is gone: it need not be kept at each suspension.
        self.u.next_temp = result + 2;
        self.send_loop(result);
        self.u.move_to(dst, Val::temp(result));
        Ok(())
    }

    /// Drives the iterator in `result + 1` to its end; its value arrives in `result`. The interpreter relies on this
    /// very sequence when an exception is thrown into the suspended generator: behind the `Yield` stands the jump back
    /// to the `Send`, whose own jump says where the value goes on.
    pub fn send_loop(&mut self, result: Reg) {
        self.u.emit(Op::LoadNone, result, 0, 0);
        let top = self.u.here();
        let done = self.u.label();
        self.u.emit_jump(Op::Send, CONSUME_B, result, result, done);
        self.u.emit_suspension(DELEGATES, result, Val::temp(result));
        self.u.jump(Op::JumpBack, top);
        self.u.place(done);
    }
}
