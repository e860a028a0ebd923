//! The verifier: after it has passed, the interpreter indexes registers, names and constants without bounds checks.
//!
//! Always run in debug builds and on code that did not come straight from the compiler.

use crate::{CodeUnit, Const, Instr, Op, Operand, WINDOW_HEADER};

/// What is wrong with a unit, and at which word.
#[derive(Clone, Debug)]
pub struct VerifyError {
    pub unit: String,
    pub at: usize,
    pub what: String,
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "bytecode of {} is malformed at word {}: {}", self.unit, self.at, self.what)
    }
}

/// Checks that every operand of the unit, and of the units among its constants, is in range, that every jump and
/// handler leads to the start of an instruction, and that execution cannot run past the end.
///
/// # Errors
/// The first violation found.
pub fn verify(unit: &CodeUnit) -> Result<(), VerifyError> {
    let fail = |at: usize, what: String| VerifyError { unit: unit.qualname.clone(), at, what };
    if unit.positions.len() != unit.code.len() {
        return Err(fail(0, "positions and code differ in length".into()));
    }
    let starts = instruction_starts(unit, &fail)?;
    let is_start = |target: i64| target >= 0 && starts.get(target as usize).copied().unwrap_or(false);
    let mut at = 0;
    while at < unit.code.len() {
        let instr = Instr::decode(unit.code[at]).ok_or_else(|| fail(at, "unknown opcode".into()))?;
        check_operands(unit, at, instr, &is_start)
            .map_err(|what| fail(at, format!("{}: {what}", instr.op.name())))?;
        at += instr.op.words();
    }
    for e in &unit.exceptions {
        let in_range = is_start(e.start as i64) && is_start(e.target as i64) && e.start < e.end;
        if !in_range || e.end as usize > unit.code.len() || e.register as u32 >= unit.register_count {
            return Err(fail(e.start as usize, "exception entry out of range".into()));
        }
    }
    unit.consts.iter().try_for_each(|constant| match constant {
        Const::Code(inner) => verify(inner),
        _ => Ok(()),
    })
}

fn instruction_starts(
    unit: &CodeUnit,
    fail: &impl Fn(usize, String) -> VerifyError,
) -> Result<Vec<bool>, VerifyError> {
    let mut starts = vec![false; unit.code.len()];
    let mut at = 0;
    let mut last = Op::Nop;
    while at < unit.code.len() {
        let instr = Instr::decode(unit.code[at]).ok_or_else(|| fail(at, "unknown opcode".into()))?;
        if instr.op == Op::Link {
            return Err(fail(at, "code that is not linked".into()));
        }
        starts[at] = true;
        last = instr.op;
        at += instr.op.words();
    }
    let ends = matches!(
        last,
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
            | Op::RaiseNotImplemented
            | Op::AssertFail
    );
    if at != unit.code.len() || !ends {
        return Err(fail(at.min(unit.code.len()), "code runs past its end".into()));
    }
    Ok(starts)
}

fn check_operands(
    unit: &CodeUnit,
    at: usize,
    instr: Instr,
    is_start: &impl Fn(i64) -> bool,
) -> Result<(), String> {
    let registers = unit.register_count as usize;
    let end = (at + instr.op.words()) as i64;
    let fields = [instr.a as usize, instr.b as usize, instr.c as usize];
    for (i, kind) in instr.op.operands().into_iter().enumerate() {
        let v = fields[i];
        let span = match kind {
            Operand::Write | Operand::Read | Operand::InPlace => 1,
            Operand::Temps => temps_read(instr),
            Operand::WriteMany => registers_written(instr),
            Operand::Window => window_size(instr),
            _ => 0,
        };
        if span > 0 && v + span > registers {
            return Err(format!("registers {v}..{} of {registers}", v + span));
        }
        let fits = match kind {
            Operand::Name => v < unit.names.len(),
            Operand::Free => v < unit.free_names.len(),
            Operand::Jump => is_start(end + v as i16 as i64),
            Operand::LongJump => is_start(end + instr.wide() as i64),
            Operand::Const if i == 2 => (unit.code[at + 1] as u32 as usize) < unit.consts.len(),
            Operand::Const => (instr.wide() as u32 as usize) < unit.consts.len(),
            _ => true,
        };
        if !fits {
            return Err(format!("operand {} out of range: {v}", ["a", "b", "c"][i]));
        }
    }
    if instr.op == Op::Yield && !(unit.local_names.len()..=registers).contains(&fields[2]) {
        return Err(format!("{} of {registers} registers kept", fields[2]));
    }
    if matches!(instr.op, Op::CallMethod | Op::CallMethodKw)
        && unit.code[at + 1] as u32 as usize >= unit.names.len()
    {
        return Err("name out of range".into());
    }
    Ok(())
}

/// How many temporaries the `T` operand of an instruction stands for.
fn temps_read(instr: Instr) -> usize {
    match instr.op {
        Op::BuildMap => 2 * instr.c as usize,
        Op::BuildTuple | Op::BuildList | Op::BuildSet | Op::BuildString | Op::BuildSlice => instr.c as usize,
        Op::MakeFunction => 4,
        Op::ImportName | Op::BuildTemplate | Op::TypeVarBound => 2,
        _ => 3,
    }
}

/// How many registers the `V` operand of an instruction stands for.
fn registers_written(instr: Instr) -> usize {
    match instr.op {
        Op::UnpackSequence => instr.c as usize,
        Op::UnpackEx => (instr.c & 0xff) as usize + (instr.c >> 8) as usize + 1,
        _ => 2,
    }
}

fn window_size(instr: Instr) -> usize {
    WINDOW_HEADER
        + match instr.op {
            Op::CallMethod | Op::CallMethodKw | Op::CallSuper => instr.c as usize + 1,
            Op::CallEx => 2,
            _ => instr.c as usize,
        }
}
