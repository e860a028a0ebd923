//! Comprehensions, compiled into the unit around them (PEP 709), and generator expressions, which are functions.

use crate::compiler::Compiler;
use crate::errors::Res;
use crate::scope::{Place, Role, ScopeId};
use crate::unit::{Label, Reg, Val};
use ruff_python_ast::{Comprehension, Expr, ExprCall, ExprGenerator};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{CONSUMERS, CodeUnit, Const, Op};

/// What is done with each element.
#[derive(Clone, Copy)]
enum Element<'a> {
    Append(Reg, &'a Expr),
    AddToSet(Reg, &'a Expr),
    AddToMap(Reg, &'a Expr, &'a Expr),
    Yield(&'a Expr),
    /// Ends the loops at the first element whose truth is this: their iterators, from this register on, are dropped.
    Find(bool, Reg, Label, &'a Expr),
}

impl<'a> Compiler<'a> {
    /// `dst = [...]`, `{...}` or `{k: v ...}`.
    pub fn comprehension(&mut self, expr: &'a Expr, dst: Reg) -> Res {
        self.check_nesting(expr)?;
        let result = if self.u.is_temp(dst) { dst } else { self.u.push() };
        let (op, element, generators, scope) = match expr {
            Expr::ListComp(node) => {
                let scope = self.scopes.of(node, Role::Body);
                (Op::BuildList, Element::Append(result, &node.elt), &node.generators, scope)
            }
            Expr::SetComp(node) => {
                let scope = self.scopes.of(node, Role::Body);
                (Op::BuildSet, Element::AddToSet(result, &node.elt), &node.generators, scope)
            }
            Expr::DictComp(node) => {
                let scope = self.scopes.of(node, Role::Body);
                let Some(key) = &node.key else {
                    return self.error("dict unpacking cannot be used in dict comprehension", &*node.value);
                };
                (Op::BuildMap, Element::AddToMap(result, key, &node.value), &node.generators, scope)
            }
            _ => return self.error("not a comprehension", expr),
        };
        if let Element::Append(_, Expr::Starred(star)) | Element::AddToSet(_, Expr::Starred(star)) = element {
            return self.error("iterable unpacking cannot be used in comprehension", star);
        }
        let coroutine = self.scopes.all[scope].is_coroutine;
        if coroutine && !self.in_async() && !self.top_level_await() {
            return self.error("asynchronous comprehension outside of an asynchronous function", expr);
        }
        let iterator = self.u.push();
        self.outermost_iterator(&generators[0], iterator)?;
        let outside = self.u.handler;
        let (handler, cleanup) = self.u.new_handler(iterator + 1);
        self.u.handler = Some(handler);
        self.u.inlined.push(scope);
        self.make_cells(scope);
        self.at(expr);
        self.u.emit(op, result, self.u.next_temp, 0);
        self.generators(generators, 0, iterator, element, expr.range())?;
        self.u.inlined.pop();
        self.u.handler = outside;
        self.leave_comprehension(scope, cleanup, iterator);
        self.u.move_to(dst, Val::temp(result));
        Ok(())
    }

    /// The first iterable is evaluated outside of the comprehension's scope.
    fn outermost_iterator(&mut self, first: &'a Comprehension, iterator: Reg) -> Res {
        if first.is_async {
            let iterable = self.val(&first.iter)?;
            self.at(&first.iter);
            self.u.emit_b(Op::GetAiter, iterator, iterable, 0);
            self.u.next_temp = iterator + 1;
            return Ok(());
        }
        self.iterator_to(&first.iter, iterator)
    }

    fn make_cells(&mut self, scope: ScopeId) {
        for reg in self.inlined_registers(scope, true) {
            self.u.emit(Op::MakeCell, reg, 0, 0);
        }
    }

    fn inlined_registers(&self, scope: ScopeId, only_cells: bool) -> Vec<Reg> {
        let registers = &self.u.inlined_registers[&scope];
        let mut all: Vec<Reg> = registers
            .iter()
            .filter(|(name, _)| !only_cells || self.scopes.all[scope].place(name) == Some(Place::Cell))
            .map(|(_, reg)| *reg)
            .collect();
        all.sort_unstable();
        all
    }

    /// The comprehension's variables are gone after it, also when an exception ends it.
    fn leave_comprehension(&mut self, scope: ScopeId, cleanup: Label, iterator: Reg) {
        let variables = self.inlined_registers(scope, false);
        variables.iter().for_each(|reg| self.u.drop_reg(*reg));
        let end = self.u.label();
        self.u.jump(Op::Jump, end);
        self.u.place(cleanup);
        let pos = self.u.pos;
        self.at_nowhere();
        variables.iter().for_each(|reg| self.u.drop_reg(*reg));
        self.u.next_temp = iterator + 1;
        let exception = self.u.push();
        self.u.emit_a(Op::Reraise, Val::temp(exception), 0, 0);
        self.u.next_temp = iterator;
        self.u.pos = pos;
        self.u.place(end);
    }

    /// The loops from the one at `depth` inwards; the first one's iterator is ready.
    fn generators(
        &mut self,
        all: &'a [Comprehension],
        depth: usize,
        iterator: Reg,
        element: Element<'a>,
        range: TextRange,
    ) -> Res {
        let generator = &all[depth];
        if depth > 0 {
            self.outermost_iterator(generator, iterator)?;
        }
        let mark = self.u.next_temp;
        let end = self.u.label();
        let next = self.u.label();
        let top = self.u.here();
        if generator.is_async {
            self.async_next(iterator, &generator.target, &generator.iter, end)?;
        } else {
            self.for_iter(iterator, &generator.target, &generator.iter, end)?;
        }
        for condition in &generator.ifs {
            self.jump_if(condition, false, next)?;
        }
        if depth + 1 < all.len() {
            self.inner_generator(all, depth + 1, element, range)?;
        } else {
            self.element(element, range)?;
        }
        self.u.place(next);
        self.at(range);
        self.u.jump(Op::JumpBack, top);
        if generator.is_async {
            self.place_async_end(iterator, end);
        } else {
            self.u.place(end);
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// `for x in [value]` is an assignment; every other inner loop gets an iterator of its own.
    fn inner_generator(
        &mut self,
        all: &'a [Comprehension],
        depth: usize,
        element: Element<'a>,
        range: TextRange,
    ) -> Res {
        let single = match &all[depth].iter {
            Expr::List(list) if list.elts.len() == 1 => list.elts.first(),
            Expr::Tuple(tuple) if tuple.elts.len() == 1 => tuple.elts.first(),
            _ => None,
        };
        let Some(value) = single.filter(|value| !value.is_starred_expr() && !all[depth].is_async) else {
            let iterator = self.u.push();
            self.generators(all, depth, iterator, element, range)?;
            self.u.next_temp = iterator;
            return Ok(());
        };
        let mark = self.u.next_temp;
        let next = self.u.label();
        let val = self.val(value)?;
        self.store(&all[depth].target, val)?;
        self.u.next_temp = mark;
        for condition in &all[depth].ifs {
            self.jump_if(condition, false, next)?;
        }
        if depth + 1 < all.len() {
            self.inner_generator(all, depth + 1, element, range)?;
        } else {
            self.element(element, range)?;
        }
        self.u.place(next);
        Ok(())
    }

    fn element(&mut self, element: Element<'a>, range: TextRange) -> Res {
        let mark = self.u.next_temp;
        match element {
            Element::Append(list, value) => {
                let value = self.val(value)?;
                self.at(range);
                self.u.emit_ab(Op::ListAppend, Val::keep(list), value, 0);
            }
            Element::AddToSet(set, value) => {
                let value = self.val(value)?;
                self.at(range);
                self.u.emit_ab(Op::SetAdd, Val::keep(set), value, 0);
            }
            Element::AddToMap(map, key, value) => {
                let key = self.val_before(key, &[value])?;
                let value = self.val(value)?;
                self.at(range);
                self.u.emit_abc(Op::MapAdd, Val::keep(map), key, value);
            }
            Element::Yield(value) => {
                let sent = self.u.push();
                let value = self.val(value)?;
                self.at(range);
                self.emit_yield(sent, value);
                self.u.drop_reg(sent);
            }
            Element::Find(when, first, found, value) => {
                let next = self.u.label();
                self.jump_if(value, !when, next)?;
                (first..mark).rev().for_each(|iterator| self.u.drop_reg(iterator));
                self.u.jump(Op::Jump, found);
                self.u.place(next);
            }
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// `dst = (... for ...)`: a call of a generator function with the first iterator.
    pub fn generator_expression(&mut self, node: &'a ExprGenerator, dst: Reg) -> Res {
        let code = self.generator_code(node)?;
        let free = code.free_names.clone();
        let code = self.u.constant(Const::Code(code));
        self.call_generator(node, code, &free, dst)
    }

    /// The code of the function that a generator expression is.
    fn generator_code(&mut self, node: &'a ExprGenerator) -> Res<Box<CodeUnit>> {
        let scope = self.scopes.of(node, Role::Body);
        if let Expr::Starred(star) = &*node.elt {
            return self.error("iterable unpacking cannot be used in comprehension", star);
        }
        let whole = self.with_parentheses(node);
        self.enter(scope, "<genexpr>", self.line(whole.start()));
        self.u.arg_count = 1;
        self.u.flags = self.scope_flags();
        self.at(whole);
        self.prologue();
        let mut iterator = 0;
        if node.generators[0].is_async {
            // The handler of the end of the iteration wants its iterator among the temporaries.
            iterator = self.u.push();
            self.u.move_to(iterator, Val::keep(0));
            self.u.drop_reg(0);
        }
        self.generators(&node.generators, 0, iterator, Element::Yield(&node.elt), whole)?;
        self.leave()
    }

    /// `dst` = what the generator function gives for the first iterator.
    fn call_generator(&mut self, node: &'a ExprGenerator, code: u32, free: &[String], dst: Reg) -> Res {
        let whole = self.with_parentheses(node);
        let base = self.u.push_many(ungil_bytecode::WINDOW_HEADER);
        self.at(whole);
        let slots = self.u.push_many(4);
        self.make_function_of(code, free, slots, base + 2);
        self.u.next_temp = slots;
        let argument = self.u.push();
        self.outermost_iterator(&node.generators[0], argument)?;
        self.at(whole);
        self.u.emit(Op::Call, dst, base, 1);
        Ok(())
    }

    /// A call of what may be the builtin with this number in [`CONSUMERS`], whose only argument is the generator expression:
    /// if it is, the loops run here, without a generator. The callable is in its slot.
    pub fn run_generator(
        &mut self,
        node: &'a ExprGenerator,
        call: &'a ExprCall,
        number: usize,
        base: Reg,
        dst: Reg,
    ) -> Res {
        let scope = self.scopes.of(node, Role::Body);
        let code = self.generator_code(node)?;
        let free = code.free_names.clone();
        let code = self.u.constant(Const::Code(code));
        let (plain, done) = (self.u.label(), self.u.label());
        let callable = base + 2;
        self.at(&*call.func);
        self.u.jump_imm(Op::JumpIsNotBuiltin, Val::keep(callable), number as i16, plain);
        let mark = self.u.next_temp;
        self.u.drop_reg(callable);
        let known = std::mem::replace(&mut self.compiles_again, true);
        let result = self.loops_of_generator(node, call, scope, CONSUMERS[number], code)?;
        self.compiles_again = known;
        match CONSUMERS[number] {
            "tuple" => self.u.emit_b(Op::ListToTuple, dst, Val::temp(result), 0),
            _ => self.u.move_to(dst, Val::temp(result)),
        }
        self.u.next_temp = mark;
        self.u.jump(Op::Jump, done);
        self.u.place(plain);
        let argument = self.u.push();
        self.call_generator(node, code, &free, argument)?;
        self.u.next_temp = argument + 1;
        self.at(call);
        self.u.emit(Op::Call, dst, base, 1);
        self.u.place(done);
        Ok(())
    }

    /// The loops of a generator expression that the named builtin consumes; the register of the result.
    fn loops_of_generator(
        &mut self,
        node: &'a ExprGenerator,
        call: &'a ExprCall,
        scope: ScopeId,
        builtin: &str,
        code: u32,
    ) -> Res<Reg> {
        let whole = self.with_parentheses(node);
        let result = self.u.push();
        let iterator = self.u.push();
        self.outermost_iterator(&node.generators[0], iterator)?;
        let outside = self.u.handler;
        let (handler, cleanup) = self.u.new_handler(iterator + 1);
        let found = self.u.label();
        self.u.handler = Some(handler);
        self.u.inlined.push(scope);
        self.at(whole);
        let element = match builtin {
            "all" => Element::Find(false, iterator, found, &node.elt),
            "any" => Element::Find(true, iterator, found, &node.elt),
            "set" => Element::AddToSet(result, &node.elt),
            _ => Element::Append(result, &node.elt),
        };
        match element {
            Element::AddToSet(..) => self.u.emit(Op::BuildSet, result, self.u.next_temp, 0),
            Element::Append(..) => self.u.emit(Op::BuildList, result, self.u.next_temp, 0),
            _ => {}
        }
        self.generators(&node.generators, 0, iterator, element, whole)?;
        self.u.inlined.pop();
        self.u.handler = outside;
        if let Element::Find(when, ..) = element {
            let ended = self.u.label();
            let truth = |b| if b { Const::True } else { Const::False };
            self.u.load_const(result, truth(!when));
            self.u.jump(Op::Jump, ended);
            self.u.place(found);
            self.u.load_const(result, truth(when));
            self.u.place(ended);
        }
        let variables = self.inlined_registers(scope, false);
        variables.iter().for_each(|reg| self.u.drop_reg(*reg));
        let end = self.u.label();
        self.u.jump(Op::Jump, end);
        self.u.place(cleanup);
        self.at_nowhere();
        variables.iter().for_each(|reg| self.u.drop_reg(*reg));
        self.u.next_temp = iterator + 1;
        let exception = self.u.push();
        // As CPython 3.14 shows it, which calls `list` and `set`.
        match builtin {
            "list" | "set" => self.at(call),
            _ => self.at(&*call.func),
        }
        self.u.emit_a_wide(Op::GeneratorError, Val::temp(exception), code as i32);
        self.u.next_temp = iterator;
        self.u.place(end);
        Ok(result)
    }

    /// A generator expression that is a call's only argument counts the call's parentheses as its own.
    fn with_parentheses(&self, node: &ExprGenerator) -> TextRange {
        if node.parenthesized {
            return node.range;
        }
        let text = &self.source.text;
        let before = text[..node.range.start().to_usize()].trim_end();
        let after = &text[node.range.end().to_usize()..];
        let closing = after.len() - after.trim_start().len();
        if !before.ends_with('(') || !after[closing..].starts_with(')') {
            return node.range;
        }
        let end = node.range.end().to_usize() + closing + 1;
        TextRange::new((before.len() as u32 - 1).into(), (end as u32).into())
    }
}
