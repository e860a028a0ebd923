//! The outermost unit: a module, an `eval` expression or an interactive statement.

use crate::compiler::Compiler;
use crate::errors::{Res, Warning};
use crate::scope::{Scopes, Tree};
use crate::source::Source;
use crate::unit::{Unit, Val};
use crate::{Mode, Options};
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Mod, Stmt};
use std::collections::HashSet;
use ungil_bytecode::{CodeUnit, Op, flags};

/// Generates code for a parsed source.
pub(crate) fn generate(
    source: &Source,
    tree: &Mod,
    mode: Mode,
    options: &Options,
    filename: &str,
) -> Res<(Box<CodeUnit>, Vec<Warning>)> {
    let future = match tree {
        Mod::Module(module) => crate::future::scan(&module.body)?,
        Mod::Expression(_) => Default::default(),
    };
    let future_annotations = future.annotations || options.future_annotations;
    let view = match tree {
        Mod::Module(module) => Tree::Suite(&module.body),
        Mod::Expression(module) => Tree::Expression(&module.body),
    };
    let scopes = crate::scope::analyze(&view, future_annotations)?;
    let mut compiler = Compiler {
        source,
        scopes: &scopes,
        options,
        filename,
        future_annotations,
        interactive: mode == Mode::Single,
        u: Unit::new(0, "<module>".into(), "<module>".into(), 1),
        outer: Vec::new(),
        warnings: Vec::new(),
        compiles_again: false,
        early_future: future.early,
        spec_depth: 0,
        not_constant: HashSet::new(),
    };
    compiler.lay_out_registers();
    compiler.u.flags = compiler.scope_flags();
    if options.top_level_await && is_coroutine(&scopes) {
        compiler.u.flags |= flags::COROUTINE;
    }
    compiler.prologue();
    match view {
        Tree::Suite(body) => compiler.module_body(body)?,
        Tree::Expression(value) => compiler.eval_body(value)?,
    }
    let code = compiler.leave_module()?;
    Ok((code, compiler.warnings))
}

fn is_coroutine(scopes: &Scopes) -> bool {
    scopes.all[0].is_coroutine
}

impl<'a> Compiler<'a> {
    fn eval_body(&mut self, value: &'a Expr) -> Res {
        let val = self.val(value)?;
        self.at(value);
        self.u.emit_a(Op::Return, val, 0, 0);
        Ok(())
    }

    /// The annotate function is made before the body runs, but what is in it is known only when the body is compiled:
    /// so its code stands behind the body, and is jumped to and from.
    fn module_body(&mut self, body: &'a [Stmt]) -> Res {
        let scope = self.scope();
        let (annotate, start) = (self.u.label(), self.u.label());
        if scope.annotation_scope.is_some() {
            self.u.jump(Op::Jump, annotate);
            self.u.place(start);
        }
        self.at_nowhere();
        if self.future_annotations && crate::function::has_annotations(body) {
            self.u.emit(Op::SetupAnnotations, 0, 0, 0);
        }
        if scope.needs_conditional_cell {
            let set = self.u.push();
            self.u.emit(Op::BuildSet, set, self.u.next_temp, 0);
            self.store_name(&Name::new_static("__conditional_annotations__"), Val::temp(set));
            self.u.next_temp = set;
        }
        if !self.interactive
            && let Some(docstring) = self.docstring(body)
            && self.options.optimize < 2
        {
            self.at(&body[0]);
            self.store_constant("__doc__", docstring);
        }
        self.suite(body)?;
        if let Some(id) = scope.annotation_scope {
            self.at_nowhere();
            self.u.emit(Op::ReturnNone, 0, 0, 0);
            self.u.place(annotate);
            let function = self.u.push();
            let line = body.first().map_or(1, |stmt| self.line(ruff_text_size::Ranged::start(stmt)));
            self.body_annotate(id, function, line)?;
            self.store_name(&Name::new_static("__annotate__"), Val::temp(function));
            self.u.next_temp = function;
            self.u.jump(Op::JumpBack, start);
        }
        Ok(())
    }

    fn leave_module(&mut self) -> Res<Box<CodeUnit>> {
        let placeholder = Unit::new(0, String::new(), String::new(), 0);
        self.outer.push(placeholder);
        self.leave()
    }
}
