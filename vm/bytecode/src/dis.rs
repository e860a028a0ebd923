//! The disassembler behind `ungil --dis` and the golden files.

use crate::{CodeUnit, Const, Instr, Operand};
use std::fmt::Write;

/// The listing of a unit and of the units among its constants: a line an instruction, with source lines, register
/// names, constants, names and jump targets resolved. Independent of addresses, so that it can be compared.
pub fn disassemble(unit: &CodeUnit) -> String {
    let mut out = String::new();
    unit_listing(unit, &mut out);
    out
}

fn unit_listing(unit: &CodeUnit, out: &mut String) {
    let _ = writeln!(
        out,
        "code {} ({} args, {} locals, {} registers)",
        unit.qualname,
        unit.arg_count + unit.keyword_only_count,
        unit.local_names.len(),
        unit.register_count
    );
    let mut at = 0;
    let mut line = 0;
    while at < unit.code.len() {
        let Some(instr) = Instr::decode(unit.code[at]) else {
            let _ = writeln!(out, "{at:6} ??? {:#x}", unit.code[at]);
            return;
        };
        let position = unit.positions.get(at).copied().unwrap_or_default();
        let shown = if position.line != line && position.line != 0 {
            line = position.line;
            format!("{line:5}")
        } else {
            "     ".to_string()
        };
        let _ = writeln!(out, "{shown} {at:5} {:<22}{}", instr.op.name(), operands(unit, at, instr));
        at += instr.op.words();
    }
    for e in &unit.exceptions {
        let _ = writeln!(
            out,
            "      try {}..{} -> {} in {}",
            e.start,
            e.end,
            e.target,
            register(unit, e.register)
        );
    }
    nested(&unit.consts, out);
}

fn nested(consts: &[Const], out: &mut String) {
    for constant in consts {
        if let Const::Code(unit) = constant {
            out.push('\n');
            unit_listing(unit, out);
        }
    }
}

fn register(unit: &CodeUnit, index: u16) -> String {
    match unit.local_names.get(index as usize) {
        Some(name) => format!("r{index}:{name}"),
        None => format!("r{index}"),
    }
}

fn operands(unit: &CodeUnit, at: usize, instr: Instr) -> String {
    let mut parts = Vec::new();
    let end = at as i64 + instr.op.words() as i64;
    let fields = [instr.a, instr.b, instr.c];
    for (i, kind) in instr.op.operands().into_iter().enumerate() {
        let v = fields[i];
        parts.push(match kind {
            Operand::Unused | Operand::High => continue,
            Operand::Write | Operand::InPlace | Operand::Temps | Operand::WriteMany | Operand::Window => {
                register(unit, v)
            }
            Operand::Read => {
                let moved = instr.flags & (1 << i) != 0;
                format!("{}{}", register(unit, v), if moved { "!" } else { "" })
            }
            Operand::Signed => format!("#{}", v as i16),
            Operand::Unsigned => format!("#{v}"),
            Operand::Name => unit.names.get(v as usize).cloned().unwrap_or_default(),
            Operand::Free => unit.free_names.get(v as usize).cloned().unwrap_or_default(),
            Operand::Jump => format!("-> {}", end + v as i16 as i64),
            Operand::LongJump => format!("-> {}", end + instr.wide() as i64),
            Operand::Signed32 => format!("#{}", instr.wide()),
            Operand::Const if instr.op.words() == 2 && i == 2 => {
                constant(unit, unit.code[at + 1] as u32 as usize)
            }
            Operand::Const => constant(unit, instr.wide() as u32 as usize),
        });
    }
    if instr.op.name().starts_with("CallMethod") {
        parts.push(unit.names.get(unit.code[at + 1] as u32 as usize).cloned().unwrap_or_default());
    }
    parts.join(", ")
}

fn constant(unit: &CodeUnit, index: usize) -> String {
    unit.consts.get(index).map(show).unwrap_or_else(|| format!("const {index}"))
}

fn show(constant: &Const) -> String {
    match constant {
        Const::Int(n) => n.to_string(),
        Const::Float(x) => format!("{x:?}"),
        Const::Str(s) => format!("{:?}", String::from_utf8_lossy(s)),
        Const::Bytes(b) => format!("b\"{}\"", b.escape_ascii()),
        Const::Tuple(items) => {
            format!(
                "({}{})",
                items.iter().map(show).collect::<Vec<_>>().join(", "),
                match items.len() {
                    1 => ",",
                    _ => "",
                }
            )
        }
        Const::FrozenSet(items) => {
            format!("frozenset({{{}}})", items.iter().map(show).collect::<Vec<_>>().join(", "))
        }
        Const::Slice(parts) => {
            format!("slice({}, {}, {})", show(&parts[0]), show(&parts[1]), show(&parts[2]))
        }
        Const::Code(unit) => format!("<code {}>", unit.qualname),
        other => format!("{other:?}"),
    }
}
