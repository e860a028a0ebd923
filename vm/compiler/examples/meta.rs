//! Prints what each code object of Python files says about itself, one line each, to compare with another implementation.

use ungil_bytecode::{CodeUnit, Const};
use ungil_compiler::{Mode, Options, compile_bytes};

fn show(unit: &CodeUnit) {
    let skip = usize::from(unit.has_namespace);
    let params = (unit.arg_count
        + unit.keyword_only_count
        + u32::from(unit.flags & 4 != 0)
        + u32::from(unit.flags & 8 != 0)) as usize;
    let params = &unit.local_names[skip..skip + params];
    let mut cells: Vec<&String> =
        unit.cell_registers.iter().map(|reg| &unit.local_names[*reg as usize]).collect();
    cells.sort();
    cells.dedup();
    println!(
        "{} L{} args={}/{}/{} flags={:#x} params={params:?} cells={cells:?} free={:?}",
        unit.qualname,
        unit.first_line,
        unit.arg_count,
        unit.positional_only_count,
        unit.keyword_only_count,
        unit.flags,
        unit.free_names,
    );
    for constant in &unit.consts {
        if let Const::Code(inner) = constant {
            show(inner);
        }
    }
}

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read(&path).expect("a readable file");
        match compile_bytes(&source, &path, Mode::Exec, &Options::default()) {
            Ok(code) => {
                println!("## {path}");
                show(&code);
            }
            Err(error) => println!("## {path}: {error:?}"),
        }
    }
}
