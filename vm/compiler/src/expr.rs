//! Expressions: values into registers.
//!
//! `val` gives a value wherever it already is (a local is read in place) or in a fresh temporary; `expr_to` computes into
//! a given register, which is an empty temporary or, if [`Compiler::writes_last`] allows it, a local.

use crate::compiler::Compiler;
use crate::constant::truth;
use crate::errors::Res;
use crate::unit::{Reg, Val};
use ruff_python_ast::{
    BoolOp, Expr, ExprAttribute, ExprBinOp, ExprBoolOp, ExprDict, ExprIf, ExprName, ExprNamed, ExprSlice,
    ExprSubscript, ExprUnaryOp, Operator, UnaryOp,
};
use ruff_text_size::{Ranged, TextRange};
use ungil_bytecode::{Const, Op};

/// Displays with more items are built piece by piece, so that they need few registers.
const MAX_DISPLAY: usize = 30;

impl<'a> Compiler<'a> {
    /// The value, in place if it is a local, else in the next temporary.
    pub fn val(&mut self, expr: &'a Expr) -> Res<Val> {
        if let Expr::Name(node) = expr
            && let Some(reg) = self.fast(&node.id)
        {
            self.at(node);
            self.u.emit(Op::CheckBound, reg, 0, 0);
            return Ok(Val::keep(reg));
        }
        Ok(Val::temp(self.push(expr)?))
    }

    /// As `val`, safe against `later` rebinding the local.
    pub fn val_before(&mut self, expr: &'a Expr, later: &[&'a Expr]) -> Res<Val> {
        let val = self.val(expr)?;
        if !val.temp
            && let Expr::Name(node) = expr
            && self.may_rebind(node, later)
        {
            let copy = self.u.push();
            self.u.move_to(copy, val);
            return Ok(Val::temp(copy));
        }
        Ok(val)
    }

    /// Whether evaluating `later` could assign to the local: only `:=` does.
    fn may_rebind(&self, node: &ExprName, later: &[&'a Expr]) -> bool {
        let name = self.mangle(&node.id);
        if !self.scope().walrus.contains(&name) {
            return false;
        }
        later.iter().any(|expr| ruff_python_ast::helpers::any_over_expr(expr, |part| {
            matches!(part, Expr::Named(named) if matches!(&*named.target, Expr::Name(target) if target.id == node.id))
        }))
    }

    /// The value in a fresh temporary.
    pub fn push(&mut self, expr: &'a Expr) -> Res<Reg> {
        let reg = self.u.push();
        self.expr_to(expr, reg)?;
        Ok(reg)
    }

    /// Whether `expr_to` writes its destination only as its very last step, so that it may be a local.
    pub fn writes_last(&mut self, expr: &Expr) -> bool {
        match expr {
            Expr::BoolOp(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => false,
            Expr::Compare(node) => node.ops.len() == 1,
            Expr::List(node) => node.elts.len() <= MAX_DISPLAY && self.list_is_plain(&node.elts),
            Expr::Set(node) => node.elts.len() <= MAX_DISPLAY && self.list_is_plain(&node.elts),
            Expr::Tuple(node) => {
                node.elts.len() <= MAX_DISPLAY && !node.elts.iter().any(Expr::is_starred_expr)
            }
            Expr::Dict(node) => {
                node.items.len() <= MAX_DISPLAY && node.items.iter().all(|item| item.key.is_some())
            }
            Expr::If(node) => self.writes_last(&node.body) && self.writes_last(&node.orelse),
            Expr::Named(node) => self.writes_last(&node.value),
            _ => true,
        }
    }

    /// Neither stars nor the form that extends by a constant tuple.
    fn list_is_plain(&mut self, items: &[Expr]) -> bool {
        let starred = items.iter().any(Expr::is_starred_expr);
        let constant = items.len() >= 3 && items.iter().all(|item| self.constant(item).is_some());
        !starred && !constant
    }

    /// `dst = expr`.
    pub fn expr_to(&mut self, expr: &'a Expr, dst: Reg) -> Res {
        stacker::maybe_grow(96 << 10, 1 << 20, || self.expr_to_inner(expr, dst))
    }

    fn expr_to_inner(&mut self, expr: &'a Expr, dst: Reg) -> Res {
        if let Expr::NumberLiteral(node) = expr {
            self.number(node)?;
        }
        if let Some(constant) = self.constant(expr) {
            self.at(expr);
            self.load_const(dst, constant);
            return Ok(());
        }
        let mark = self.u.next_temp;
        match expr {
            Expr::BoolOp(node) => self.bool_op(node, dst)?,
            Expr::Named(node) => self.named(node, dst)?,
            Expr::BinOp(node) => self.bin_op(node, dst)?,
            Expr::UnaryOp(node) => self.unary_op(node, dst)?,
            Expr::Lambda(node) => self.lambda(node, dst)?,
            Expr::If(node) => self.conditional(node, dst)?,
            Expr::Dict(node) => self.dict(node, dst)?,
            Expr::Set(node) => self.set(&node.elts, expr.range(), dst)?,
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => self.comprehension(expr, dst)?,
            Expr::Generator(node) => self.generator_expression(node, dst)?,
            Expr::Await(node) => self.await_expression(node, dst)?,
            Expr::Yield(node) => self.yield_expression(node, dst)?,
            Expr::YieldFrom(node) => self.yield_from(node, dst)?,
            Expr::Compare(node) => self.compare(node, dst)?,
            Expr::Call(node) => self.call(node, dst)?,
            Expr::FString(node) => self.fstring(node, dst)?,
            Expr::TString(node) => self.tstring(node, dst)?,
            Expr::Attribute(node) => self.attribute(node, dst)?,
            Expr::Subscript(node) => self.subscript(node, dst)?,
            Expr::Starred(_) => return self.error("can't use starred expression here", expr),
            Expr::Name(node) => {
                self.at(node);
                self.load_name(&node.id, dst);
            }
            Expr::List(node) => self.list(&node.elts, expr.range(), dst)?,
            Expr::Tuple(node) => self.tuple(&node.elts, expr.range(), dst)?,
            Expr::Slice(node) => self.slice(node, dst)?,
            Expr::IpyEscapeCommand(_) => return self.error("invalid syntax", expr),
            // Literals were constants.
            _ => {}
        }
        self.u.next_temp = mark;
        Ok(())
    }

    /// `a or b`, `a and b`: the destination holds each operand in turn.
    fn bool_op(&mut self, node: &'a ExprBoolOp, dst: Reg) -> Res {
        let end = self.u.label();
        let jump = match node.op {
            BoolOp::And => Op::JumpIfFalse,
            BoolOp::Or => Op::JumpIfTrue,
        };
        let work = if self.u.is_temp(dst) { dst } else { self.u.push() };
        let (last, init) = node.values.split_last().expect("operands");
        for value in init {
            if let Some(constant) = self.constant(value) {
                // A constant either decides here or does not matter.
                if truth(&constant) == (node.op == BoolOp::Or) {
                    self.at(value);
                    self.load_const(work, constant);
                    self.u.place(end);
                    self.u.move_to(dst, Val::temp(work));
                    return Ok(());
                }
                continue;
            }
            self.expr_to(value, work)?;
            self.at(value);
            self.u.jump_a(jump, Val::keep(work), end);
            self.u.drop_reg(work);
        }
        self.expr_to(last, work)?;
        self.u.place(end);
        self.u.move_to(dst, Val::temp(work));
        Ok(())
    }

    fn named(&mut self, node: &'a ExprNamed, dst: Reg) -> Res {
        let Expr::Name(target) = &*node.target else {
            return self.error("cannot use assignment expressions with expression", node);
        };
        self.check_target_name(&target.id, "assign to", target)?;
        if let Some(reg) = self.fast(&target.id) {
            if self.writes_last(&node.value) {
                self.expr_to(&node.value, reg)?;
            } else {
                let value = self.push(&node.value)?;
                self.at(target);
                self.u.move_to(reg, Val::temp(value));
            }
            self.at(node);
            self.u.move_to(dst, Val::keep(reg));
            return Ok(());
        }
        let work = if self.u.is_temp(dst) { dst } else { self.u.push() };
        self.expr_to(&node.value, work)?;
        self.at(target);
        self.store_name(&target.id, Val::keep(work));
        self.u.move_to(dst, Val::temp(work));
        Ok(())
    }

    /// Goes down the left spine in a loop, so that long sums need two registers and no recursion.
    fn bin_op(&mut self, node: &'a ExprBinOp, dst: Reg) -> Res {
        let mut spine = vec![node];
        while let Expr::BinOp(inner) = &*spine[spine.len() - 1].left {
            if self.constant(&spine[spine.len() - 1].left).is_some() {
                break;
            }
            spine.push(inner);
        }
        let base = if spine.len() > 1 { self.u.push_many(2) } else { dst };
        let innermost = spine[spine.len() - 1];
        let mut acc = self.val_before(&innermost.left, &[&innermost.right])?;
        let above = self.u.next_temp;
        while let Some(node) = spine.pop() {
            let result = match (spine.is_empty(), acc.reg == base) {
                (true, _) => dst,
                (false, true) => base + 1,
                (false, false) => base,
            };
            self.binary(node.op, result, acc, &node.right, node.range)?;
            self.u.next_temp = above;
            acc = Val::temp(result);
        }
        Ok(())
    }

    /// `dst = left op right`.
    fn binary(&mut self, op: Operator, dst: Reg, left: Val, right: &'a Expr, range: TextRange) -> Res {
        if let Some(immediate) = self.immediate(right)
            && let Some(short) = immediate_form(op)
        {
            self.at(range);
            self.u.emit_b(short, dst, left, immediate as u16);
            return Ok(());
        }
        let right = self.val(right)?;
        self.at(range);
        self.u.emit_bc(binary_op(op), dst, left, right);
        Ok(())
    }

    /// `dst = left op= right`, for augmented assignments.
    pub fn in_place(&mut self, op: Operator, dst: Reg, left: Val, right: &'a Expr, range: TextRange) -> Res {
        if let Some(immediate) = self.immediate(right) {
            let short = match op {
                Operator::Add => Some(Op::IAddImm),
                Operator::Sub => Some(Op::ISubImm),
                _ => None,
            };
            if let Some(short) = short {
                self.at(range);
                self.u.emit_b(short, dst, left, immediate as u16);
                return Ok(());
            }
        }
        let right = self.val(right)?;
        self.at(range);
        self.u.emit_bc(in_place_op(op), dst, left, right);
        Ok(())
    }

    /// An int constant that fits a 16-bit field.
    pub fn immediate(&mut self, expr: &Expr) -> Option<i16> {
        match self.constant(expr)? {
            Const::Int(n) => i16::try_from(n).ok(),
            _ => None,
        }
    }

    fn unary_op(&mut self, node: &'a ExprUnaryOp, dst: Reg) -> Res {
        let operand = self.val(&node.operand)?;
        self.at(node);
        let op = match node.op {
            UnaryOp::Not => Op::Not,
            UnaryOp::USub => Op::Neg,
            UnaryOp::UAdd => Op::Pos,
            UnaryOp::Invert => Op::Invert,
        };
        self.u.emit_b(op, dst, operand, 0);
        Ok(())
    }

    fn conditional(&mut self, node: &'a ExprIf, dst: Reg) -> Res {
        let orelse = self.u.label();
        let end = self.u.label();
        self.jump_if(&node.test, false, orelse)?;
        self.expr_to(&node.body, dst)?;
        self.u.jump(Op::Jump, end);
        self.u.place(orelse);
        self.expr_to(&node.orelse, dst)?;
        self.u.place(end);
        Ok(())
    }

    pub fn tuple(&mut self, items: &'a [Expr], range: TextRange, dst: Reg) -> Res {
        if items.len() <= MAX_DISPLAY && !items.iter().any(Expr::is_starred_expr) {
            return self.build(Op::BuildTuple, items, range, dst);
        }
        let list = self.u.push();
        self.list(items, range, list)?;
        self.at(range);
        self.u.emit_b(Op::ListToTuple, dst, Val::temp(list), 0);
        Ok(())
    }

    fn build(&mut self, op: Op, items: &'a [Expr], range: TextRange, dst: Reg) -> Res {
        let base = self.u.next_temp;
        items.iter().try_for_each(|item| self.push(item).map(|_| ()))?;
        self.at(range);
        self.u.emit(op, dst, base, items.len() as u16);
        Ok(())
    }

    pub fn list(&mut self, items: &'a [Expr], range: TextRange, dst: Reg) -> Res {
        if items.len() <= MAX_DISPLAY && self.list_is_plain(items) {
            return self.build(Op::BuildList, items, range, dst);
        }
        self.at(range);
        self.u.emit(Op::BuildList, dst, self.u.next_temp, 0);
        if let Some(all) = items.iter().map(|item| self.constant(item)).collect::<Option<Vec<_>>>() {
            let tuple = self.u.push();
            self.load_const(tuple, Const::Tuple(all));
            self.u.emit_ab(Op::ListExtend, Val::keep(dst), Val::temp(tuple), 0);
            return Ok(());
        }
        for item in items {
            let mark = self.u.next_temp;
            let (op, item) = match item {
                Expr::Starred(star) => (Op::ListExtend, &*star.value),
                _ => (Op::ListAppend, item),
            };
            let item = self.val(item)?;
            self.at(range);
            self.u.emit_ab(op, Val::keep(dst), item, 0);
            self.u.next_temp = mark;
        }
        Ok(())
    }

    fn set(&mut self, items: &'a [Expr], range: TextRange, dst: Reg) -> Res {
        // Constants go into a frozen set first, as in CPython: that decides the order in which small ints are walked.
        if items.len() > 2
            && let Some(all) = items.iter().map(|item| self.constant(item)).collect::<Option<Vec<_>>>()
        {
            self.at(range);
            self.u.emit(Op::BuildSet, dst, self.u.next_temp, 0);
            let constant = self.u.push();
            self.load_const(constant, frozen(all));
            self.u.emit_ab(Op::SetUpdate, Val::keep(dst), Val::temp(constant), 0);
            return Ok(());
        }
        if items.len() <= MAX_DISPLAY && self.list_is_plain(items) {
            return self.build(Op::BuildSet, items, range, dst);
        }
        self.at(range);
        self.u.emit(Op::BuildSet, dst, self.u.next_temp, 0);
        for item in items {
            let mark = self.u.next_temp;
            let (op, item) = match item {
                Expr::Starred(star) => (Op::SetUpdate, &*star.value),
                _ => (Op::SetAdd, item),
            };
            let item = self.val(item)?;
            self.at(range);
            self.u.emit_ab(op, Val::keep(dst), item, 0);
            self.u.next_temp = mark;
        }
        Ok(())
    }

    fn dict(&mut self, node: &'a ExprDict, dst: Reg) -> Res {
        let base = self.u.next_temp;
        if node.items.len() <= MAX_DISPLAY && node.items.iter().all(|item| item.key.is_some()) {
            for item in &node.items {
                self.push(item.key.as_ref().expect("checked"))?;
                self.push(&item.value)?;
            }
            self.at(node);
            self.u.emit(Op::BuildMap, dst, base, node.items.len() as u16);
            return Ok(());
        }
        self.at(node);
        self.u.emit(Op::BuildMap, dst, base, 0);
        for item in &node.items {
            match &item.key {
                Some(key) => {
                    let key = self.val_before(key, &[&item.value])?;
                    let value = self.val(&item.value)?;
                    self.at(node);
                    self.u.emit_abc(Op::MapAdd, Val::keep(dst), key, value);
                }
                None => {
                    let mapping = self.val(&item.value)?;
                    self.at(node);
                    self.u.emit_ab(Op::DictUpdate, Val::keep(dst), mapping, 0);
                }
            }
            self.u.next_temp = base;
        }
        Ok(())
    }

    fn attribute(&mut self, node: &'a ExprAttribute, dst: Reg) -> Res {
        if let Some(call) = self.super_call(&node.value) {
            let base = self.super_arguments(call)?;
            let name = self.attribute_name(node);
            self.at(node);
            self.u.emit(Op::LoadSuperAttr, dst, base, name);
            return Ok(());
        }
        let object = self.val(&node.value)?;
        let name = self.attribute_name(node);
        self.u.pos = self.method_position(node.range, node);
        self.u.emit_b(Op::LoadAttr, dst, object, name);
        Ok(())
    }

    pub fn attribute_name(&mut self, node: &ExprAttribute) -> u16 {
        let name = self.mangle(&node.attr.id);
        self.u.name_index(&name)
    }

    fn subscript(&mut self, node: &'a ExprSubscript, dst: Reg) -> Res {
        self.warn_subscript(node);
        if let Expr::Slice(slice) = &*node.slice
            && slice.step.is_none()
            && self.constant_slice(slice).is_none()
        {
            let base = self.push(&node.value)?;
            self.slice_bounds(slice)?;
            self.at(node);
            self.u.emit(Op::GetSlice, dst, base, 0);
            return Ok(());
        }
        let object = self.val_before(&node.value, &[&node.slice])?;
        if let Some(index) = self.immediate(&node.slice) {
            self.at(node);
            self.u.emit_b(Op::GetItemImm, dst, object, index as u16);
            return Ok(());
        }
        let index = self.index(&node.slice)?;
        self.at(node);
        self.u.emit_bc(Op::GetItem, dst, object, index);
        Ok(())
    }

    /// The index of a subscript; a tuple of constants is one already, other slices are built.
    pub fn index(&mut self, index: &'a Expr) -> Res<Val> {
        self.val(index)
    }

    /// Lower and upper bound in the next two temporaries, `None` where there is none.
    pub fn slice_bounds(&mut self, slice: &'a ExprSlice) -> Res {
        for bound in [&slice.lower, &slice.upper] {
            match bound {
                Some(bound) => {
                    self.push(bound)?;
                }
                None => {
                    let reg = self.u.push();
                    self.at(slice);
                    self.u.emit(Op::LoadNone, reg, 0, 0);
                }
            }
        }
        Ok(())
    }

    fn slice(&mut self, slice: &'a ExprSlice, dst: Reg) -> Res {
        if let Some(constant) = self.constant_slice(slice) {
            self.at(slice);
            self.load_const(dst, constant);
            return Ok(());
        }
        let base = self.u.next_temp;
        self.slice_bounds(slice)?;
        let mut count = 2;
        if let Some(step) = &slice.step {
            self.push(step)?;
            count = 3;
        }
        self.at(slice);
        self.u.emit(Op::BuildSlice, dst, base, count);
        Ok(())
    }

    /// A slice whose parts are all constant is one.
    fn constant_slice(&mut self, slice: &ExprSlice) -> Option<Const> {
        let mut part = |part: &Option<Box<Expr>>| match part {
            Some(expr) => self.constant(expr),
            None => Some(Const::None),
        };
        Some(Const::Slice(Box::new([part(&slice.lower)?, part(&slice.upper)?, part(&slice.step)?])))
    }
}

/// A frozenset constant; equal items count once.
pub(crate) fn frozen(items: Vec<Const>) -> Const {
    let mut seen = std::collections::HashSet::new();
    let unique =
        items.into_iter().filter(|item| crate::constant::key(item).is_none_or(|key| seen.insert(key)));
    Const::FrozenSet(unique.collect())
}

fn binary_op(op: Operator) -> Op {
    match op {
        Operator::Add => Op::Add,
        Operator::Sub => Op::Sub,
        Operator::Mult => Op::Mul,
        Operator::MatMult => Op::MatMul,
        Operator::Div => Op::TrueDiv,
        Operator::Mod => Op::Mod,
        Operator::Pow => Op::Pow,
        Operator::LShift => Op::Shl,
        Operator::RShift => Op::Shr,
        Operator::BitOr => Op::Or,
        Operator::BitXor => Op::Xor,
        Operator::BitAnd => Op::And,
        Operator::FloorDiv => Op::FloorDiv,
    }
}

fn in_place_op(op: Operator) -> Op {
    match op {
        Operator::Add => Op::IAdd,
        Operator::Sub => Op::ISub,
        Operator::Mult => Op::IMul,
        Operator::MatMult => Op::IMatMul,
        Operator::Div => Op::ITrueDiv,
        Operator::Mod => Op::IMod,
        Operator::Pow => Op::IPow,
        Operator::LShift => Op::IShl,
        Operator::RShift => Op::IShr,
        Operator::BitOr => Op::IOr,
        Operator::BitXor => Op::IXor,
        Operator::BitAnd => Op::IAnd,
        Operator::FloorDiv => Op::IFloorDiv,
    }
}

fn immediate_form(op: Operator) -> Option<Op> {
    Some(match op {
        Operator::Add => Op::AddImm,
        Operator::Sub => Op::SubImm,
        Operator::Mult => Op::MulImm,
        Operator::FloorDiv => Op::FloorDivImm,
        Operator::Mod => Op::ModImm,
        Operator::LShift => Op::ShlImm,
        Operator::RShift => Op::ShrImm,
        Operator::BitAnd => Op::AndImm,
        _ => return None,
    })
}
