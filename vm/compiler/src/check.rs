//! Debug builds only: checks that every temporary is written when it is empty, read when it is full, consumed exactly
//! once on every path, and empty when the unit returns.
//!
//! The interpreter relies on it for reference counts; the verifier of `ungil-bytecode` only checks ranges.

use ungil_bytecode::{CodeUnit, Instr, Op, Operand, WINDOW_HEADER};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    Full,
    /// Full on some of the paths into a handler.
    Maybe,
}

type Frame = Vec<State>;

/// Checks one unit (those among its constants were checked when they were finished).
///
/// # Errors
/// A description of the first violation.
pub(crate) fn check(unit: &CodeUnit) -> Result<(), String> {
    let mut checker =
        Checker { unit, locals: unit.local_names.len(), at_entry: vec![None; unit.code.len()], todo: vec![] };
    checker.flow_to(0, &vec![State::Empty; unit.register_count as usize], 0)?;
    while let Some(at) = checker.todo.pop() {
        checker.step(at)?;
    }
    Ok(())
}

struct Checker<'a> {
    unit: &'a CodeUnit,
    locals: usize,
    at_entry: Vec<Option<Frame>>,
    todo: Vec<usize>,
}

impl Checker<'_> {
    fn flow_to(&mut self, target: usize, frame: &Frame, from: usize) -> Result<(), String> {
        match &self.at_entry[target] {
            None => {
                self.at_entry[target] = Some(frame.clone());
                self.todo.push(target);
                Ok(())
            }
            Some(old) => match (self.locals..frame.len()).find(|reg| old[*reg] != frame[*reg]) {
                Some(reg) => Err(format!(
                    "at {target}: r{reg} is {:?}, but {:?} coming from {from}",
                    old[reg], frame[reg]
                )),
                None => Ok(()),
            },
        }
    }

    fn flow_to_handler(&mut self, target: usize, register: usize, frame: &Frame) {
        let mut frame = frame.clone();
        for (reg, state) in frame.iter_mut().enumerate().skip(self.locals) {
            if reg >= register {
                *state = if reg == register { State::Full } else { State::Empty };
            }
        }
        let merged: Frame = match &self.at_entry[target] {
            None => frame,
            Some(old) => {
                old.iter().zip(&frame).map(|(a, b)| if a == b { *a } else { State::Maybe }).collect()
            }
        };
        if self.at_entry[target].as_ref() != Some(&merged) {
            self.at_entry[target] = Some(merged);
            self.todo.push(target);
        }
    }

    fn step(&mut self, at: usize) -> Result<(), String> {
        let mut frame = self.at_entry[at].clone().expect("visited");
        for entry in &self.unit.exceptions {
            if (entry.start as usize..entry.end as usize).contains(&at) {
                self.flow_to_handler(entry.target as usize, entry.register as usize, &frame);
            }
        }
        let instr = Instr::decode(self.unit.code[at]).ok_or("unknown opcode")?;
        let end = at + instr.op.words();
        self.effect(instr, &mut frame).map_err(|what| format!("at {at}: {}: {what}", instr.op.name()))?;
        let fields = [instr.a, instr.b, instr.c];
        for (kind, field) in instr.op.operands().into_iter().zip(fields) {
            let target = match kind {
                Operand::Jump => end as i64 + i64::from(field as i16),
                Operand::LongJump => end as i64 + i64::from(instr.wide()),
                _ => continue,
            };
            let mut taken = frame.clone();
            match instr.op {
                Op::ForIter => {
                    self.set(&mut taken, instr.a, State::Empty);
                    self.set(&mut taken, instr.b, State::Empty);
                }
                Op::Send => self.set(&mut taken, instr.a + 1, State::Empty),
                _ => {}
            }
            self.flow_to(target as usize, &taken, at)?;
        }
        if matches!(instr.op, Op::Return | Op::ReturnNone)
            && let Some(reg) = (self.locals..frame.len()).find(|reg| frame[*reg] == State::Full)
        {
            return Err(format!("at {at}: r{reg} is still full on return"));
        }
        if crate::flow::is_terminator(instr.op) {
            return Ok(());
        }
        self.flow_to(end, &frame, at)
    }

    fn set(&self, frame: &mut Frame, reg: u16, state: State) {
        if reg as usize >= self.locals {
            frame[reg as usize] = state;
        }
    }

    fn want(&self, frame: &Frame, reg: u16, state: State) -> Result<(), String> {
        let found = frame[reg as usize];
        if (reg as usize) < self.locals || found == state {
            return Ok(());
        }
        Err(format!("r{reg} is {found:?}, should be {state:?}"))
    }

    /// Reads first, then writes.
    fn effect(&self, instr: Instr, frame: &mut Frame) -> Result<(), String> {
        let fields = [instr.a, instr.b, instr.c];
        let kinds = instr.op.operands();
        for (i, kind) in kinds.into_iter().enumerate() {
            let reg = fields[i];
            match kind {
                Operand::Read => {
                    let optional = matches!((instr.op, i), (Op::Raise, 1) | (Op::AssertFail, 0));
                    if !optional {
                        self.want(frame, reg, State::Full)?;
                    }
                    if instr.flags & (1 << i) != 0 {
                        self.set(frame, reg, State::Empty);
                    }
                }
                Operand::InPlace if instr.op == Op::Drop => self.set(frame, reg, State::Empty),
                Operand::InPlace => self.want(frame, reg, State::Full)?,
                Operand::Temps => self.temps(instr, reg, frame)?,
                Operand::Window => self.window(instr, reg, frame)?,
                _ => {}
            }
        }
        if instr.op == Op::Yield
            && let Some(reg) = (instr.c as usize..frame.len()).find(|reg| frame[*reg] != State::Empty)
        {
            return Err(format!("r{reg} is {:?} while only {} registers are kept", frame[reg], instr.c));
        }
        for (i, kind) in kinds.into_iter().enumerate() {
            let count = match kind {
                Operand::Write => 1,
                Operand::WriteMany => match instr.op {
                    Op::UnpackSequence => instr.c,
                    Op::UnpackEx => (instr.c & 0xff) + (instr.c >> 8) + 1,
                    Op::Send => 1,
                    _ => 2,
                },
                _ => 0,
            };
            for reg in fields[i]..fields[i] + count {
                self.want(frame, reg, State::Empty)?;
                self.set(frame, reg, State::Full);
            }
        }
        if instr.op == Op::Send {
            self.want(frame, instr.a + 1, State::Full)?;
        }
        Ok(())
    }

    fn temps(&self, instr: Instr, first: u16, frame: &mut Frame) -> Result<(), String> {
        let count = match instr.op {
            Op::BuildMap => 2 * instr.c,
            Op::BuildTuple | Op::BuildList | Op::BuildSet | Op::BuildString | Op::BuildSlice => instr.c,
            Op::MakeFunction => 4,
            Op::ImportName | Op::BuildTemplate | Op::TypeVarBound => 2,
            _ => 3,
        };
        for reg in first..first + count {
            let optional =
                instr.op == Op::MakeFunction || (instr.op == Op::BuildInterpolation && reg == first + 2);
            if !optional {
                self.want(frame, reg, State::Full)?;
            }
            self.set(frame, reg, State::Empty);
        }
        if instr.op == Op::LoadSuperMethod {
            self.set(frame, first, State::Full);
        }
        Ok(())
    }

    fn window(&self, instr: Instr, base: u16, frame: &mut Frame) -> Result<(), String> {
        let is_method = matches!(instr.op, Op::CallMethod | Op::CallMethodKw);
        let has_names = matches!(instr.op, Op::CallKw | Op::CallMethodKw);
        let args = match instr.op {
            Op::CallEx => 1,
            _ => instr.c + u16::from(is_method || instr.op == Op::CallSuper),
        };
        let full = |yes: bool| if yes { State::Full } else { State::Empty };
        self.want(frame, base, State::Empty)?;
        self.want(frame, base + 1, State::Empty)?;
        self.want(frame, base + 2, full(!is_method))?;
        self.want(frame, base + 3, full(has_names))?;
        for arg in 0..args {
            self.want(frame, base + WINDOW_HEADER as u16 + arg, State::Full)?;
        }
        let spare = u16::from(instr.op == Op::CallEx);
        for reg in base..base + WINDOW_HEADER as u16 + args + spare {
            self.set(frame, reg, State::Empty);
        }
        Ok(())
    }
}
