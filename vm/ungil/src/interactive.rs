//! Interactive use: statements that somebody types, instead of a program or after it.

use crate::options::Action;
use crate::run::{report, to_stderr};
use std::io::IsTerminal;
use ungil_runtime::prelude::*;
use ungil_runtime::{Config, import};

/// Whether somebody types what standard input gives, or is to be treated so.
pub fn is_interactive(config: &Config) -> bool {
    config.interactive || std::io::stdin().is_terminal()
}

/// Whether the program is to be inspected after it has ended (`-i`, `PYTHONINSPECT`, which the program may set).
pub fn wants_more(cx: &Cx, action: &Action) -> bool {
    let config = &cx.vm.config;
    let wanted = config.inspect
        || !config.ignore_environment && std::env::var("PYTHONINSPECT").is_ok_and(|v| !v.is_empty());
    wanted && !matches!(action, Action::Stdin) && is_interactive(config)
}

/// Lets the user type statements.
pub fn interact(cx: &mut Cx) -> R<()> {
    let config = &cx.vm.config;
    let plain = !std::io::stdin().is_terminal()
        || !config.ignore_environment && std::env::var("PYTHON_BASIC_REPL").is_ok_and(|v| !v.is_empty());
    ungil_stdlib::sys::repl::interact(cx, plain)
}

/// Runs the file that `PYTHONSTARTUP` names. What goes wrong in it is told.
fn run_startup(cx: &mut Cx, globals: Obj) {
    let file = std::env::var("PYTHONSTARTUP").ok().filter(|file| !file.is_empty());
    let Some(file) = file.filter(|_| !cx.vm.config.ignore_environment) else { return };
    let source = import::Source { filename: file.clone(), stamp: None, search: None };
    let result = match source.read(cx) {
        Ok(text) => import::run_source(cx, &text, &file, globals).map(drop),
        Err(err) => {
            to_stderr("Could not open PYTHONSTARTUP\n");
            Err(err)
        }
    };
    if let Err(err) = result {
        report(cx, &err);
    }
}

/// Greets, runs the user's own file, and lets the user type statements.
pub fn start(cx: &mut Cx, globals: Obj) -> R<()> {
    if !cx.vm.config.quiet {
        let key = cx.str("version");
        let version = cx.sys_dict().get_str(cx, key.r()).map(|v| cx.text_of(v.r())).unwrap_or_default();
        let version = version.replace('\n', " ");
        let help = "Type \"help\", \"copyright\", \"credits\" or \"license\" for more information.";
        to_stderr(&format!("Python {version} on {}\n{help}\n", std::env::consts::OS));
    }
    run_startup(cx, globals);
    interact(cx)
}
