//! Calls: windows of registers, keyword names, `*` and `**`, methods without bound-method objects, `super().name`.

use crate::compiler::{Access, Compiler};
use crate::constant::text;
use crate::errors::Res;
use crate::scope::{Kind, Place, Role};
use crate::unit::{Reg, Val};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, ExprAttribute, ExprCall, Keyword};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{CONSUMERS, Const, Op, Position, WINDOW_HEADER};

/// Calls with more arguments than this pass them as a tuple and a dict.
const MAX_ARGUMENTS: usize = 200;

/// Slot of the callable in a window.
const CALLABLE: Reg = 2;
/// Slot of the keyword names.
const EXTRA: Reg = 3;
const FIRST_ARGUMENT: Reg = WINDOW_HEADER as Reg;

impl<'a> Compiler<'a> {
    pub fn call(&mut self, node: &'a ExprCall, dst: Reg) -> Res {
        self.warn_callee(node);
        let (args, keywords) = (&node.arguments.args[..], &node.arguments.keywords[..]);
        self.check_keywords(keywords)?;
        let simple = is_simple(args, keywords);
        if simple && let Expr::Attribute(method) = &*node.func {
            match self.super_call(&method.value) {
                None => return self.call_method(node, method, dst),
                Some(call) if keywords.is_empty() => return self.call_super(node, method, call, dst),
                Some(_) => {}
            }
        }
        let base = self.u.push_many(WINDOW_HEADER);
        self.expr_to(&node.func, base + CALLABLE)?;
        if let ([Expr::Generator(_)], [], Some(number)) = (args, keywords, self.consumer(node)) {
            if let Expr::Generator(generator) = &args[0]
                && self.u.inlined_registers.contains_key(&self.scopes.of(generator, Role::Body))
            {
                return self.run_generator(generator, node, number, base, dst);
            }
            return self.call_consumer(dst, base, number, node);
        }
        self.call_window(dst, base, 0, args, keywords, node.range())
    }

    /// The number in [`CONSUMERS`] of the builtin that a call of a name with a generator expression seems to mean.
    fn consumer(&self, node: &'a ExprCall) -> Option<usize> {
        let (Expr::Name(name), [Expr::Generator(generator)]) = (&*node.func, &node.arguments.args[..]) else {
            return None;
        };
        let is_async = self.scopes.all[self.scopes.of(generator, Role::Body)].is_coroutine;
        let reached = matches!(self.access(&name.id), Access::Global | Access::Name);
        CONSUMERS.iter().position(|&known| reached && !is_async && name.id == known)
    }

    /// A call of what may be a builtin that consumes a generator expression: if it is, the generator is run here, without a
    /// native function between. The callable is in its slot. (CPython: `maybe_optimize_function_call` in `codegen.c`.)
    fn call_consumer(&mut self, dst: Reg, base: Reg, number: usize, node: &'a ExprCall) -> Res {
        let (plain, done, end) = (self.u.label(), self.u.label(), self.u.label());
        let iterator = self.push(&node.arguments.args[0])?;
        self.at(&*node.func);
        self.u.jump_imm(Op::JumpIsNotBuiltin, Val::keep(base + CALLABLE), number as i16, plain);
        let mark = self.u.next_temp;
        self.u.drop_reg(base + CALLABLE);
        let all = CONSUMERS[number] == "all";
        if all || CONSUMERS[number] == "any" {
            let item = self.u.push();
            let decided = self.u.label();
            let top = self.u.here();
            self.u.emit_jump(Op::ForIter, 0, item, iterator, end);
            self.u.jump_a(if all { Op::JumpIfFalse } else { Op::JumpIfTrue }, Val::temp(item), decided);
            self.u.jump(Op::JumpBack, top);
            self.u.place(decided);
            self.u.drop_reg(iterator);
            self.load_const(dst, if all { Const::False } else { Const::True });
            self.u.jump(Op::Jump, done);
            self.u.place(end);
            self.load_const(dst, if all { Const::True } else { Const::False });
        } else {
            let (made, item) = (self.u.push(), self.u.push());
            let is_set = CONSUMERS[number] == "set";
            self.u.emit(if is_set { Op::BuildSet } else { Op::BuildList }, made, item, 0);
            let top = self.u.here();
            self.u.emit_jump(Op::ForIter, 0, item, iterator, end);
            let add = if is_set { Op::SetAdd } else { Op::ListAppend };
            self.u.emit_ab(add, Val::keep(made), Val::temp(item), 0);
            self.u.jump(Op::JumpBack, top);
            self.u.place(end);
            match CONSUMERS[number] {
                "tuple" => self.u.emit_b(Op::ListToTuple, dst, Val::temp(made), 0),
                _ => self.u.move_to(dst, Val::temp(made)),
            }
        }
        self.u.next_temp = mark;
        self.u.jump(Op::Jump, done);
        self.u.place(plain);
        self.at(node.range());
        self.u.emit(Op::Call, dst, base, 1);
        self.u.place(done);
        Ok(())
    }

    /// The receiver goes into the window as the first argument; the method is looked up and called by one instruction.
    fn call_method(&mut self, node: &'a ExprCall, method: &'a ExprAttribute, dst: Reg) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        self.push(&method.value)?;
        let (args, keywords) = (&node.arguments.args, &node.arguments.keywords);
        args.iter().try_for_each(|arg| self.push(arg).map(|_| ()))?;
        keywords.iter().try_for_each(|keyword| self.push(&keyword.value).map(|_| ()))?;
        let name = self.attribute_name(method);
        self.u.pos = self.method_position(node.range(), method);
        let op = if keywords.is_empty() { Op::CallMethod } else { Op::CallMethodKw };
        if !keywords.is_empty() {
            self.keyword_names(base, keywords);
        }
        let count = args.len() + keywords.len();
        let attribute = self.method_position(method.range, method);
        self.u.emit_extra(op, dst, base, count as u16, u32::from(name)).extra_pos = Some(attribute);
        Ok(())
    }

    /// `super().name(args)`: the function and the object go into the window one by one.
    fn call_super(
        &mut self,
        node: &'a ExprCall,
        method: &'a ExprAttribute,
        call: &'a ExprCall,
        dst: Reg,
    ) -> Res {
        let base = self.u.push_many(WINDOW_HEADER);
        let object = self.super_arguments(call)?;
        let name = self.attribute_name(method);
        self.at(method);
        self.u.emit(Op::LoadSuperMethod, base + CALLABLE, object, name);
        self.u.next_temp = object + 1;
        let args = &node.arguments.args;
        args.iter().try_for_each(|arg| self.push(arg).map(|_| ()))?;
        self.at(node);
        self.u.emit(Op::CallSuper, dst, base, args.len() as u16);
        Ok(())
    }

    /// A method call that goes on behind a line break is shown from its method's name on.
    pub fn method_position(&self, range: TextRange, method: &ExprAttribute) -> Position {
        let mut position = self.source.position(range);
        let name = self.source.position(method.attr.range);
        if position.line != name.line {
            position.line = name.line;
            position.column = name.column;
        }
        position
    }

    fn keyword_names(&mut self, base: Reg, keywords: &[Keyword]) {
        let names = keywords.iter().filter_map(|keyword| keyword.arg.as_ref());
        let names = names.map(|name| text(&self.mangle(&name.id))).collect();
        self.load_const(base + EXTRA, Const::Tuple(names));
    }

    /// The call proper: the callable is in its slot, and `given` arguments are already behind it.
    pub fn call_window(
        &mut self,
        dst: Reg,
        base: Reg,
        given: usize,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        range: TextRange,
    ) -> Res {
        if !is_simple(args, keywords) {
            return self.call_ex(dst, base, given, args, keywords, None, range);
        }
        args.iter().try_for_each(|arg| self.push(arg).map(|_| ()))?;
        keywords.iter().try_for_each(|keyword| self.push(&keyword.value).map(|_| ()))?;
        self.at(range);
        let count = (given + args.len() + keywords.len()) as u16;
        if keywords.is_empty() {
            self.u.emit(Op::Call, dst, base, count);
        } else {
            self.keyword_names(base, keywords);
            self.u.emit(Op::CallKw, dst, base, count);
        }
        Ok(())
    }

    /// As `call_window` for `*args` and `**kwargs`; `last` is one more positional argument, in a temporary.
    #[allow(clippy::too_many_arguments)]
    pub fn call_ex(
        &mut self,
        dst: Reg,
        base: Reg,
        given: usize,
        args: &'a [Expr],
        keywords: &'a [Keyword],
        last: Option<Reg>,
        range: TextRange,
    ) -> Res {
        let (tuple, dict) = (base + FIRST_ARGUMENT, base + FIRST_ARGUMENT + 1);
        self.u.next_temp = self.u.next_temp.max(dict + 1);
        self.u.most_temps = self.u.most_temps.max(self.u.next_temp);
        let mark = self.u.next_temp;
        match args {
            [Expr::Starred(star)] if given == 0 && last.is_none() => {
                let iterable = self.val(&star.value)?;
                self.at(range);
                self.u.emit_bc(Op::StarArgs, tuple, iterable, Val::keep(base + CALLABLE));
            }
            [] if given == 0 && last.is_none() => {
                self.at(range);
                self.load_const(tuple, Const::Tuple(Vec::new()));
            }
            _ if given == 0 && last.is_none() && is_simple(args, &[]) => {
                let first = self.u.next_temp;
                for arg in args {
                    self.push(arg)?;
                }
                self.at(range);
                self.u.emit(Op::BuildTuple, tuple, first, args.len() as u16);
            }
            _ => self.positional_tuple(tuple, given, args, last, range)?,
        }
        self.u.next_temp = mark;
        match keywords {
            [] => {}
            [only] if only.arg.is_none() => {
                let mapping = self.val(&only.value)?;
                self.at(range);
                self.u.emit_bc(Op::StarKwargs, dict, mapping, Val::keep(base + CALLABLE));
                self.u.next_temp = mark;
            }
            _ => self.keyword_dict(dict, base + CALLABLE, keywords, range)?,
        }
        self.at(range);
        self.u.emit(Op::CallEx, dst, base, 0);
        Ok(())
    }

    fn positional_tuple(
        &mut self,
        tuple: Reg,
        given: usize,
        args: &'a [Expr],
        last: Option<Reg>,
        range: TextRange,
    ) -> Res {
        let list = self.u.push();
        self.at(range);
        self.u.emit(Op::BuildList, list, tuple, given as u16);
        for arg in args {
            let mark = self.u.next_temp;
            let (op, arg) = match arg {
                Expr::Starred(star) => (Op::ListExtend, &*star.value),
                _ => (Op::ListAppend, arg),
            };
            let arg = self.val(arg)?;
            self.at(range);
            self.u.emit_ab(op, Val::keep(list), arg, 0);
            self.u.next_temp = mark;
        }
        if let Some(last) = last {
            self.u.emit_ab(Op::ListAppend, Val::keep(list), Val::temp(last), 0);
        }
        self.u.emit_b(Op::ListToTuple, tuple, Val::temp(list), 0);
        Ok(())
    }

    fn keyword_dict(&mut self, dict: Reg, callable: Reg, keywords: &'a [Keyword], range: TextRange) -> Res {
        let mark = self.u.next_temp;
        let leading = keywords.iter().take(MAX_ARGUMENTS).take_while(|keyword| keyword.arg.is_some()).count();
        self.keyword_group(dict, &keywords[..leading], range)?;
        let mut rest = &keywords[leading..];
        while let Some(first) = rest.first() {
            let named = rest.iter().take(MAX_ARGUMENTS).take_while(|keyword| keyword.arg.is_some()).count();
            let mapping = if named == 0 {
                self.val(&first.value)?
            } else {
                let group = self.u.push();
                self.keyword_group(group, &rest[..named], range)?;
                Val::temp(group)
            };
            self.at(range);
            self.u.emit_ab(Op::DictMerge, Val::keep(dict), mapping, callable);
            self.u.next_temp = mark;
            rest = &rest[named.max(1)..];
        }
        Ok(())
    }

    fn keyword_group(&mut self, dst: Reg, keywords: &'a [Keyword], range: TextRange) -> Res {
        let base = self.u.next_temp;
        for keyword in keywords {
            let name = keyword.arg.as_ref().map(|name| self.mangle(&name.id)).unwrap_or_default();
            let key = self.u.push();
            self.at(keyword);
            self.load_const(key, text(&name));
            self.push(&keyword.value)?;
        }
        self.at(range);
        self.u.emit(Op::BuildMap, dst, base, keywords.len() as u16);
        self.u.next_temp = base;
        Ok(())
    }

    pub fn check_keywords(&self, keywords: &[Keyword]) -> Res {
        for (at, keyword) in keywords.iter().enumerate() {
            let Some(name) = &keyword.arg else { continue };
            self.check_target_name(&name.id, "assign to", keyword)?;
            let mut before = keywords[..at].iter().filter_map(|other| other.arg.as_ref());
            if before.any(|other| other.id == name.id) {
                return self.error(format!("keyword argument repeated: {}", name.id), keyword);
            }
        }
        Ok(())
    }

    /// `super()` or `super(a, b)` that surely means the builtin, in a place where its arguments are known.
    pub fn super_call(&self, expr: &'a Expr) -> Option<&'a ExprCall> {
        let Expr::Call(call) = expr else { return None };
        let Expr::Name(name) = &*call.func else { return None };
        if name.id != "super" || !call.arguments.keywords.is_empty() {
            return None;
        }
        let scope = self.scope();
        if !matches!(scope.kind, Kind::Function | Kind::Lambda)
            || scope.place("super") != Some(Place::GlobalImplicit)
        {
            return None;
        }
        match &call.arguments.args[..] {
            [] => {
                (self.u.arg_count > 0 && self.free(&Name::new_static("__class__")).is_some()).then_some(call)
            }
            [class, object] => (!class.is_starred_expr() && !object.is_starred_expr()).then_some(call),
            _ => None,
        }
    }

    /// `super`, the class and the object in three temporaries.
    pub fn super_arguments(&mut self, call: &'a ExprCall) -> Res<Reg> {
        let base = self.u.push();
        self.expr_to(&call.func, base)?;
        match &call.arguments.args[..] {
            [class, object] => {
                self.push(class)?;
                self.push(object)?;
            }
            _ => {
                let class = self.u.push();
                let object = self.u.push();
                self.at(call);
                self.load_name(&Name::new_static("__class__"), class);
                // The first argument, whatever its register holds: a cell if something inside captures it.
                if self.u.cell_registers.contains(&0) {
                    self.u.emit(Op::LoadCell, object, 0, 0);
                } else {
                    self.u.emit(Op::CheckBound, 0, 0, 0);
                    self.u.move_to(object, Val::keep(0));
                }
            }
        }
        Ok(base)
    }
}

fn is_simple(args: &[Expr], keywords: &[Keyword]) -> bool {
    !args.iter().any(Expr::is_starred_expr)
        && keywords.iter().all(|keyword| keyword.arg.is_some())
        && args.len() + keywords.len() <= MAX_ARGUMENTS
}
