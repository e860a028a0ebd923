//! Clean-up of a finished unit: jumps to jumps, code that is never reached, checks of locals that are surely bound.
//!
//! One forward data-flow analysis over the instructions; runs between the code generator and the assembler.

use crate::unit::{Ins, Label, Unit};
use ungil_bytecode::{Op, Operand};

/// Locals that are surely bound, a bit each.
type Bits = Vec<u64>;

/// Shortens and prunes the unit's code in place (instructions are marked dead, never moved).
pub(crate) fn clean(unit: &mut Unit<'_>, bound_at_entry: usize) {
    thread_jumps(unit);
    let mut analysis = Analysis::new(unit);
    analysis.run(unit, bound_at_entry);
    for at in 0..unit.code.len() {
        if !analysis.reached[at] || (unit.code[at].op == Op::CheckBound && !analysis.needed[at]) {
            unit.code[at].dead = true;
        }
    }
    drop_jumps_to_next(unit);
    invert_jumps_over_jumps(unit);
}

/// Whether execution never goes on behind this instruction.
pub(crate) fn is_terminator(op: Op) -> bool {
    matches!(
        op,
        Op::Return
            | Op::ReturnNone
            | Op::Raise
            | Op::RaiseCurrent
            | Op::Reraise
            | Op::Jump
            | Op::JumpBack
            | Op::JumpFor
            | Op::StopIterationError
            | Op::GeneratorError
            | Op::AssertFail
            | Op::RaiseNotImplemented
            | Op::EndAsyncFor
    )
}

fn target(unit: &Unit<'_>, label: Label) -> usize {
    unit.labels[label.0 as usize] as usize
}

/// A jump that leads to an unconditional jump goes to where that one goes.
fn thread_jumps(unit: &mut Unit<'_>) {
    for at in 0..unit.code.len() {
        let Some(mut label) = unit.code[at].label else { continue };
        let keeps_target =
            matches!(unit.code[at].op, Op::Send | Op::ForIter | Op::EndAsyncFor | Op::JumpBack);
        if keeps_target {
            continue;
        }
        for _ in 0..8 {
            let Some(next) = unit.code.get(target(unit, label)) else { break };
            // A plain jump cannot raise, so its handler does not matter; a back-edge can, when it tests the check word.
            let same_handler = next.handler == unit.code[at].handler;
            if next.op != Op::Jump && !(next.op == Op::JumpBack && same_handler) {
                break;
            }
            label = next.label.expect("a jump has a target");
            if next.op == Op::JumpBack {
                if unit.code[at].op == Op::Jump {
                    unit.code[at].op = Op::JumpBack;
                }
                break;
            }
        }
        unit.code[at].label = Some(label);
    }
}

fn drop_jumps_to_next(unit: &mut Unit<'_>) {
    for at in (0..unit.code.len()).rev() {
        if unit.code[at].dead || unit.code[at].op != Op::Jump {
            continue;
        }
        let to = target(unit, unit.code[at].label.expect("a jump has a target"));
        if to > at && unit.code[at + 1..to].iter().all(|ins| ins.dead) {
            unit.code[at].dead = true;
        }
    }
}

/// `if not c goto next; goto far; next:` becomes `if c goto far`.
fn invert_jumps_over_jumps(unit: &mut Unit<'_>) {
    let mut is_target = vec![false; unit.code.len() + 1];
    for ins in unit.code.iter().filter(|ins| !ins.dead) {
        if let Some(label) = ins.label {
            is_target[target(unit, label)] = true;
        }
    }
    for at in 0..unit.code.len() {
        let ins = &unit.code[at];
        let (Some(label), Some(inverse), false) = (ins.label, inverse(ins.op), ins.dead) else { continue };
        let to = target(unit, label);
        let mut between = (at + 1..to.max(at + 1)).filter(|at| !unit.code[*at].dead);
        let (Some(jump), None) = (between.next(), between.next()) else { continue };
        let next = &unit.code[jump];
        let same_handler = next.handler == ins.handler;
        let is_jump = next.op == Op::Jump || (next.op == Op::JumpBack && same_handler);
        if is_jump && !(at + 1..=jump).any(|at| is_target[at]) {
            unit.code[at].label = next.label;
            unit.code[at].op = inverse;
            unit.code[jump].dead = true;
        }
    }
}

/// The conditional jump that is taken exactly when this one is not.
fn inverse(op: Op) -> Option<Op> {
    const PAIRS: [(Op, Op); 15] = [
        (Op::JumpIfTrue, Op::JumpIfFalse),
        (Op::JumpIfNone, Op::JumpIfNotNone),
        (Op::JumpIs, Op::JumpIsNot),
        (Op::JumpLt, Op::JumpNotLt),
        (Op::JumpLe, Op::JumpNotLe),
        (Op::JumpEq, Op::JumpNotEq),
        (Op::JumpNe, Op::JumpNotNe),
        (Op::JumpGt, Op::JumpNotGt),
        (Op::JumpGe, Op::JumpNotGe),
        (Op::JumpLtImm, Op::JumpNotLtImm),
        (Op::JumpLeImm, Op::JumpNotLeImm),
        (Op::JumpEqImm, Op::JumpNotEqImm),
        (Op::JumpNeImm, Op::JumpNotNeImm),
        (Op::JumpGtImm, Op::JumpNotGtImm),
        (Op::JumpGeImm, Op::JumpNotGeImm),
    ];
    PAIRS.iter().find_map(|&(a, b)| match op {
        op if op == a => Some(b),
        op if op == b => Some(a),
        _ => None,
    })
}

struct Analysis {
    /// State at the instructions that jumps and handlers lead to.
    at_target: Vec<Option<Bits>>,
    is_target: Vec<bool>,
    reached: Vec<bool>,
    needed: Vec<bool>,
    changed: bool,
    locals: usize,
}

impl Analysis {
    fn new(unit: &Unit<'_>) -> Self {
        let size = unit.code.len() + 1;
        let mut is_target = vec![false; size];
        for &at in &unit.labels {
            if at != u32::MAX {
                is_target[at as usize] = true;
            }
        }
        Self {
            at_target: vec![None; size],
            is_target,
            reached: vec![false; size],
            needed: vec![false; size],
            changed: true,
            locals: unit.local_names.len(),
        }
    }

    fn run(&mut self, unit: &Unit<'_>, bound_at_entry: usize) {
        let mut entry = vec![0; self.locals.div_ceil(64)];
        (0..bound_at_entry).for_each(|local| set(&mut entry, local));
        while std::mem::take(&mut self.changed) {
            self.pass(unit, &entry);
        }
    }

    fn pass(&mut self, unit: &Unit<'_>, entry: &Bits) {
        let mut state = Some(entry.clone());
        for (at, ins) in unit.code.iter().enumerate() {
            if self.is_target[at] {
                self.join(at, state.as_ref());
                state.clone_from(&self.at_target[at]);
            }
            let Some(now) = &mut state else { continue };
            self.reached[at] = true;
            if let Some(handler) = ins.handler {
                let handler = target(unit, unit.handlers[handler.0 as usize].target);
                let before = now.clone();
                self.join(handler, Some(&before));
            }
            let jumps_before_write = ins.op == Op::ForIter;
            if jumps_before_write {
                let before = now.clone();
                self.join(target(unit, ins.label.expect("jump")), Some(&before));
            }
            self.step(at, ins, now);
            if let Some(label) = ins.label
                && !jumps_before_write
            {
                let after = now.clone();
                self.join(target(unit, label), Some(&after));
            }
            if is_terminator(ins.op) {
                state = None;
            }
        }
    }

    /// Effect of an instruction on what is bound.
    fn step(&mut self, at: usize, ins: &Ins, state: &mut Bits) {
        let fields = [ins.a, ins.b, ins.c];
        match ins.op {
            Op::CheckBound => {
                self.needed[at] = !get(state, ins.a as usize);
                set(state, ins.a as usize);
            }
            Op::DeleteLocal | Op::Drop if (ins.a as usize) < self.locals => clear(state, ins.a as usize),
            _ => {
                for (field, kind) in fields.into_iter().zip(ins.op.operands()) {
                    let written = match kind {
                        Operand::Write => 1,
                        Operand::WriteMany if ins.op == Op::UnpackSequence => ins.c as usize,
                        _ => 0,
                    };
                    for register in field as usize..field as usize + written {
                        if register < self.locals {
                            set(state, register);
                        }
                    }
                }
            }
        }
    }

    fn join(&mut self, at: usize, state: Option<&Bits>) {
        let Some(state) = state else { return };
        match &mut self.at_target[at] {
            None => {
                self.at_target[at] = Some(state.clone());
                self.changed = true;
            }
            Some(old) => {
                for (old, new) in old.iter_mut().zip(state) {
                    if *old & !*new != 0 {
                        *old &= *new;
                        self.changed = true;
                    }
                }
            }
        }
    }
}

fn set(bits: &mut Bits, at: usize) {
    bits[at / 64] |= 1 << (at % 64);
}

fn clear(bits: &mut Bits, at: usize) {
    bits[at / 64] &= !(1 << (at % 64));
}

fn get(bits: &Bits, at: usize) -> bool {
    bits[at / 64] >> (at % 64) & 1 != 0
}
