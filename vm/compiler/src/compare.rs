//! Comparisons and conditions: values of comparisons, and conditional jumps with the comparison fused in.

use crate::compiler::Compiler;
use crate::constant::{key, truth};
use crate::errors::Res;
use crate::expr::frozen;
use crate::unit::{Label, Reg, Val};
use ruff_python_ast::{BoolOp, CmpOp, Expr, ExprCompare, UnaryOp};
use ruff_text_size::Ranged;
use ungil_bytecode::{Const, Op};

impl<'a> Compiler<'a> {
    /// `dst = a < b < c ...`.
    pub fn compare(&mut self, node: &'a ExprCompare, dst: Reg) -> Res {
        self.warn_compare(node);
        let last = node.ops.len() - 1;
        if last == 0 {
            let left = self.val_before(&node.left, &[&node.comparators[0]])?;
            let right = self.right_operand(node.ops[0], &node.comparators[0])?;
            self.at(node);
            self.u.emit_bc(compare_op(node.ops[0]), dst, left, right);
            return Ok(());
        }
        let end = self.u.label();
        let work = if self.u.is_temp(dst) { dst } else { self.u.push() };
        let mut left = self.val_before(&node.left, &[&node.comparators[0]])?;
        let mut fails: Vec<(Label, Val)> = Vec::new();
        for (at, (op, right)) in node.ops.iter().zip(&node.comparators).enumerate() {
            let right = self.chain_operand(*op, right, node.comparators.get(at + 1))?;
            self.at(node);
            if at == last {
                self.u.emit_bc(compare_op(*op), work, left, right);
                self.u.jump(Op::Jump, end);
                break;
            }
            self.u.emit_bc(compare_op(*op), work, left, Val::keep(right.reg));
            let fail = self.u.label();
            self.u.jump_a(Op::JumpIfFalse, Val::keep(work), fail);
            self.u.drop_reg(work);
            fails.push((fail, right));
            left = right;
        }
        for (fail, middle) in fails {
            self.u.place(fail);
            if middle.temp {
                self.u.drop_reg(middle.reg);
            }
            self.u.jump(Op::Jump, end);
        }
        self.u.place(end);
        self.u.move_to(dst, Val::temp(work));
        Ok(())
    }

    fn chain_operand(&mut self, op: CmpOp, expr: &'a Expr, next: Option<&'a Expr>) -> Res<Val> {
        match next {
            Some(next) => self.val_before(expr, &[next]),
            None => self.right_operand(op, expr),
        }
    }

    /// The container of `in` becomes a constant if its items are.
    fn right_operand(&mut self, op: CmpOp, expr: &'a Expr) -> Res<Val> {
        if matches!(op, CmpOp::In | CmpOp::NotIn)
            && let Expr::List(_) | Expr::Set(_) = expr
            && let Some(constant) = self.constant_container(expr)
        {
            let reg = self.u.push();
            self.at(expr);
            self.load_const(reg, constant);
            return Ok(Val::temp(reg));
        }
        self.val(expr)
    }

    /// A list or set of constants that is only looked into.
    pub fn constant_container(&mut self, expr: &Expr) -> Option<Const> {
        match expr {
            Expr::List(node) => {
                Some(Const::Tuple(node.elts.iter().map(|item| self.constant(item)).collect::<Option<_>>()?))
            }
            Expr::Set(node) => {
                let items: Vec<Const> =
                    node.elts.iter().map(|item| self.constant(item)).collect::<Option<_>>()?;
                items.iter().all(|item| key(item).is_some()).then(|| frozen(items))
            }
            _ => None,
        }
    }

    /// Jumps to `target` if the truth of `expr` is `when`.
    pub fn jump_if(&mut self, expr: &'a Expr, when: bool, target: Label) -> Res {
        stacker::maybe_grow(96 << 10, 1 << 20, || self.jump_if_inner(expr, when, target))
    }

    fn jump_if_inner(&mut self, expr: &'a Expr, when: bool, target: Label) -> Res {
        let mark = self.u.next_temp;
        if let Some(constant) = self.constant(expr) {
            if truth(&constant) == when {
                self.at(expr);
                self.u.jump(Op::Jump, target);
            }
            return Ok(());
        }
        match expr {
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => self.jump_if(&node.operand, !when, target)?,
            Expr::BoolOp(node) => {
                let (last, init) = node.values.split_last().expect("operands");
                // What ends the evaluation early: a true operand of `or`, a false one of `and`.
                let decides = node.op == BoolOp::Or;
                let skip = self.u.label();
                for value in init {
                    self.jump_if(value, decides, if decides == when { target } else { skip })?;
                }
                self.jump_if(last, when, target)?;
                self.u.place(skip);
            }
            Expr::If(node) => {
                let orelse = self.u.label();
                let end = self.u.label();
                self.jump_if(&node.test, false, orelse)?;
                self.jump_if(&node.body, when, target)?;
                self.u.jump(Op::Jump, end);
                self.u.place(orelse);
                self.jump_if(&node.orelse, when, target)?;
                self.u.place(end);
            }
            Expr::Compare(node) if node.ops.len() == 1 => {
                self.warn_compare(node);
                self.jump_compare(node, when, target)?;
            }
            Expr::Compare(node) => {
                self.warn_compare(node);
                self.jump_chain(node, when, target)?;
            }
            _ => {
                let val = self.val(expr)?;
                self.at(expr);
                self.u.jump_a(if when { Op::JumpIfTrue } else { Op::JumpIfFalse }, val, target);
            }
        }
        self.u.next_temp = mark;
        Ok(())
    }

    fn jump_compare(&mut self, node: &'a ExprCompare, when: bool, target: Label) -> Res {
        let (op, right) = (node.ops[0], &node.comparators[0]);
        let left = self.val_before(&node.left, &[right])?;
        self.jump_operands(op, left, right, node, when, target)
    }

    /// One comparison with a conditional jump; the left operand is ready.
    fn jump_operands(
        &mut self,
        op: CmpOp,
        left: Val,
        right: &'a Expr,
        node: &'a ExprCompare,
        when: bool,
        target: Label,
    ) -> Res {
        if right.is_none_literal_expr() && matches!(op, CmpOp::Is | CmpOp::IsNot) {
            let is_none = (op == CmpOp::Is) == when;
            self.at(node);
            self.u.jump_a(if is_none { Op::JumpIfNone } else { Op::JumpIfNotNone }, left, target);
            return Ok(());
        }
        if let Some(fused) = fused_immediate(op, when)
            && let Some(immediate) = self.immediate(right)
        {
            self.at(node);
            self.u.jump_imm(fused, left, immediate, target);
            return Ok(());
        }
        let right = self.right_operand(op, right)?;
        self.at(node);
        self.jump_values(op, left, right, when, target);
        Ok(())
    }

    fn jump_values(&mut self, op: CmpOp, left: Val, right: Val, when: bool, target: Label) {
        match fused(op, when) {
            Some(fused) => self.u.jump_ab(fused, left, right, target),
            None => {
                let result = self.u.push();
                self.u.emit_bc(compare_op(op), result, left, right);
                let jump = if when { Op::JumpIfTrue } else { Op::JumpIfFalse };
                self.u.jump_a(jump, Val::temp(result), target);
            }
        }
    }

    fn jump_chain(&mut self, node: &'a ExprCompare, when: bool, target: Label) -> Res {
        let last = node.ops.len() - 1;
        let end = self.u.label();
        let otherwise = if when { end } else { target };
        let mut fails: Vec<(Label, Reg)> = Vec::new();
        let mut left = self.val_before(&node.left, &[&node.comparators[0]])?;
        for (at, (op, right)) in node.ops.iter().zip(&node.comparators).enumerate() {
            if at == last {
                self.jump_operands(*op, left, right, node, when, target)?;
                break;
            }
            let right = self.chain_operand(*op, right, node.comparators.get(at + 1))?;
            self.at(node);
            let fail = if right.temp {
                let fail = self.u.label();
                fails.push((fail, right.reg));
                fail
            } else {
                otherwise
            };
            self.jump_values(*op, left, Val::keep(right.reg), false, fail);
            left = right;
        }
        if !fails.is_empty() {
            self.u.jump(Op::Jump, end);
        }
        for (fail, middle) in fails {
            self.u.place(fail);
            self.u.drop_reg(middle);
            self.u.jump(Op::Jump, otherwise);
        }
        self.u.place(end);
        Ok(())
    }

    fn warn_compare(&mut self, node: &ExprCompare) {
        let mut left = &*node.left;
        for (op, right) in node.ops.iter().zip(&node.comparators) {
            if matches!(op, CmpOp::Is | CmpOp::IsNot)
                && let Some(kind) = identity_trap(left).or_else(|| identity_trap(right))
            {
                let (word, better) = if *op == CmpOp::Is { ("is", "==") } else { ("is not", "!=") };
                self.warn(
                    format!("\"{word}\" with '{kind}' literal. Did you mean \"{better}\"?"),
                    node.range(),
                );
            }
            left = right;
        }
    }
}

/// Type of a literal whose identity means nothing.
fn identity_trap(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::NumberLiteral(node) => match node.value {
            ruff_python_ast::Number::Int(_) => "int",
            ruff_python_ast::Number::Float(_) => "float",
            ruff_python_ast::Number::Complex { .. } => "complex",
        },
        Expr::StringLiteral(_) => "str",
        Expr::BytesLiteral(_) => "bytes",
        Expr::Tuple(_) => "tuple",
        Expr::UnaryOp(node) if matches!(node.op, UnaryOp::USub | UnaryOp::UAdd) => {
            identity_trap(&node.operand)?
        }
        _ => return None,
    })
}

fn compare_op(op: CmpOp) -> Op {
    match op {
        CmpOp::Eq => Op::Eq,
        CmpOp::NotEq => Op::Ne,
        CmpOp::Lt => Op::Lt,
        CmpOp::LtE => Op::Le,
        CmpOp::Gt => Op::Gt,
        CmpOp::GtE => Op::Ge,
        CmpOp::Is => Op::Is,
        CmpOp::IsNot => Op::IsNot,
        CmpOp::In => Op::In,
        CmpOp::NotIn => Op::NotIn,
    }
}

fn fused(op: CmpOp, when: bool) -> Option<Op> {
    Some(match (op, when) {
        (CmpOp::Lt, true) => Op::JumpLt,
        (CmpOp::LtE, true) => Op::JumpLe,
        (CmpOp::Eq, true) => Op::JumpEq,
        (CmpOp::NotEq, true) => Op::JumpNe,
        (CmpOp::Gt, true) => Op::JumpGt,
        (CmpOp::GtE, true) => Op::JumpGe,
        (CmpOp::Lt, false) => Op::JumpNotLt,
        (CmpOp::LtE, false) => Op::JumpNotLe,
        (CmpOp::Eq, false) => Op::JumpNotEq,
        (CmpOp::NotEq, false) => Op::JumpNotNe,
        (CmpOp::Gt, false) => Op::JumpNotGt,
        (CmpOp::GtE, false) => Op::JumpNotGe,
        (CmpOp::Is, true) | (CmpOp::IsNot, false) => Op::JumpIs,
        (CmpOp::Is, false) | (CmpOp::IsNot, true) => Op::JumpIsNot,
        (CmpOp::In | CmpOp::NotIn, _) => return None,
    })
}

fn fused_immediate(op: CmpOp, when: bool) -> Option<Op> {
    Some(match (op, when) {
        (CmpOp::Lt, true) => Op::JumpLtImm,
        (CmpOp::LtE, true) => Op::JumpLeImm,
        (CmpOp::Eq, true) => Op::JumpEqImm,
        (CmpOp::NotEq, true) => Op::JumpNeImm,
        (CmpOp::Gt, true) => Op::JumpGtImm,
        (CmpOp::GtE, true) => Op::JumpGeImm,
        (CmpOp::Lt, false) => Op::JumpNotLtImm,
        (CmpOp::LtE, false) => Op::JumpNotLeImm,
        (CmpOp::Eq, false) => Op::JumpNotEqImm,
        (CmpOp::NotEq, false) => Op::JumpNotNeImm,
        (CmpOp::Gt, false) => Op::JumpNotGtImm,
        (CmpOp::GtE, false) => Op::JumpNotGeImm,
        _ => return None,
    })
}
