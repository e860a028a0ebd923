//! The assembler: lays the instructions of a unit out in words, resolves jumps and writes the exception table.
//!
//! Jumps with a 16-bit field that do not reach are made to jump to a long jump behind the instruction.

use crate::unit::{Ins, Unit};
use ungil_bytecode::{CodeUnit, ExceptionEntry, Instr, Op, Operand, flags};

/// Makes the finished unit.
pub(crate) fn assemble(unit: Unit<'_>, filename: &str) -> CodeUnit {
    let layout = Layout::new(&unit);
    let registers = u32::from(unit.most_temps).max(unit.local_names.len() as u32).max(1);
    let mut out = CodeUnit {
        name: unit.name.clone(),
        qualname: unit.qualname.clone(),
        filename: filename.to_owned(),
        first_line: unit.first_line,
        flags: unit.flags,
        arg_count: unit.arg_count,
        positional_only_count: unit.positional_only_count,
        keyword_only_count: unit.keyword_only_count,
        has_namespace: unit.has_namespace,
        register_count: registers + spare(&unit),
        ..CodeUnit::default()
    };
    for (at, ins) in unit.code.iter().enumerate() {
        if !ins.dead {
            layout.encode(&unit, at, ins, &mut out);
        }
    }
    layout.exceptions(&unit, &mut out);
    out.local_names = unit.local_names;
    out.cell_registers = unit.cell_registers;
    out.free_names = unit.free_names.iter().map(ToString::to_string).collect();
    out.names = unit.names.iter().map(ToString::to_string).collect();
    out.consts = unit.consts;
    out
}

/// Registers behind the last window of a call: natives find their optional arguments there, empty. A generator would have
/// to look at them whenever it is suspended.
fn spare(unit: &Unit<'_>) -> u32 {
    if unit.flags & (flags::GENERATOR | flags::COROUTINE | flags::ASYNC_GENERATOR) != 0 {
        return 0;
    }
    let calls = |ins: &Ins| matches!(ins.op, Op::Call | Op::CallMethod) && !ins.dead;
    if unit.code.iter().any(calls) { 3 } else { 0 }
}

struct Layout {
    /// First word of each instruction, and the end.
    start: Vec<u32>,
    /// Instructions whose 16-bit jump goes by way of a long one.
    long: Vec<bool>,
}

impl Layout {
    fn new(unit: &Unit<'_>) -> Self {
        let mut layout = Self { start: Vec::new(), long: vec![false; unit.code.len()] };
        loop {
            layout.place(unit);
            if !layout.lengthen(unit) {
                return layout;
            }
        }
    }

    fn place(&mut self, unit: &Unit<'_>) {
        self.start.clear();
        let mut at = 0;
        for (ins, long) in unit.code.iter().zip(&self.long) {
            self.start.push(at);
            if !ins.dead {
                at += ins.op.words() as u32 + if *long { 2 } else { 0 };
            }
        }
        self.start.push(at);
    }

    /// Marks the short jumps that do not reach; whether there were any.
    fn lengthen(&mut self, unit: &Unit<'_>) -> bool {
        let mut any = false;
        for (at, ins) in unit.code.iter().enumerate() {
            if ins.dead || self.long[at] || !ins.op.operands().contains(&Operand::Jump) {
                continue;
            }
            if i16::try_from(self.distance(unit, at, ins, ins.op.words() as i64)).is_err() {
                self.long[at] = true;
                any = true;
            }
        }
        any
    }

    /// Words from `behind` words after the start of an instruction to its target.
    fn distance(&self, unit: &Unit<'_>, at: usize, ins: &Ins, behind: i64) -> i64 {
        let label = ins.label.expect("a jump has a target");
        let target = self.start[unit.labels[label.0 as usize] as usize];
        i64::from(target) - (i64::from(self.start[at]) + behind)
    }

    /// Whether a jump's target is an instruction of this kind.
    fn leads_to(&self, unit: &Unit<'_>, ins: &Ins, op: Op) -> bool {
        let label = ins.label.expect("a jump has a target");
        let target = unit.labels[label.0 as usize] as usize;
        unit.code[target..].iter().find(|ins| !ins.dead).is_some_and(|ins| ins.op == op)
    }

    fn encode(&self, unit: &Unit<'_>, at: usize, ins: &Ins, out: &mut CodeUnit) {
        let words = ins.op.words();
        let mut instr = Instr { op: ins.op, flags: ins.flags, a: ins.a, b: ins.b, c: ins.c };
        let long = self.long[at];
        for (field, kind) in ins.op.operands().into_iter().enumerate() {
            match kind {
                Operand::Jump => {
                    let distance = if long { 1 } else { self.distance(unit, at, ins, words as i64) };
                    *[&mut instr.a, &mut instr.b, &mut instr.c][field] = distance as i16 as u16;
                }
                Operand::LongJump => {
                    let distance = self.distance(unit, at, ins, words as i64) as i32;
                    (instr.b, instr.c) = (distance as u16, (distance >> 16) as u16);
                    if distance < 0 && instr.op == Op::Jump {
                        instr.op = Op::JumpBack;
                    }
                    if instr.op == Op::JumpBack && self.leads_to(unit, ins, Op::ForIter) {
                        instr.op = Op::JumpFor;
                    }
                }
                _ => {}
            }
        }
        out.code.push(instr.encode());
        for word in 1..words {
            out.code.push(if word == 1 { u64::from(ins.extra) } else { 0 });
        }
        if long {
            let distance = self.distance(unit, at, ins, words as i64 + 2) as i32;
            let far = if distance < 0 { Op::JumpBack } else { Op::Jump };
            out.code.push(Instr::with_wide(Op::Jump, 0, 0, 1).encode());
            out.code.push(Instr::with_wide(far, 0, 0, distance).encode());
        }
        out.positions.push(ins.pos);
        out.positions.resize(out.code.len(), ins.extra_pos.unwrap_or(ins.pos));
    }

    /// Each instruction knows its innermost handler, so the entries never overlap.
    fn exceptions(&self, unit: &Unit<'_>, out: &mut CodeUnit) {
        let mut open: Option<(ExceptionEntry, u32)> = None;
        for (at, ins) in unit.code.iter().enumerate() {
            if ins.dead {
                continue;
            }
            let id = ins.handler.map(|handler| handler.0);
            if let Some((entry, running)) = &mut open {
                if Some(*running) == id {
                    entry.end = self.start[at + 1];
                    continue;
                }
                out.exceptions.push(*entry);
                open = None;
            }
            if let Some(id) = id {
                let handler = unit.handlers[id as usize];
                let target = self.start[unit.labels[handler.target.0 as usize] as usize];
                let (start, end) = (self.start[at], self.start[at + 1]);
                open = Some((ExceptionEntry { start, end, target, register: handler.register }, id));
            }
        }
        out.exceptions.extend(open.map(|(entry, _)| entry));
    }
}
