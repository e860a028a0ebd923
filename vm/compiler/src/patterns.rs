//! `match`: patterns, captures and guards.
//!
//! The subject is in a temporary. What a pattern takes apart lives in further temporaries until the whole pattern has
//! matched; only then are names bound. A failing test jumps to a label that belongs to the number of temporaries live at
//! that point; behind the case these labels drop one temporary each and fall into the next.

use crate::compiler::Compiler;
use crate::constant::text;
use crate::errors::Res;
use crate::unit::{Label, Reg, Val};
use ruff_python_ast::name::Name;
use ruff_python_ast::{
    Expr, Identifier, IrrefutablePattern, IrrefutablePatternKind, MatchCase, Pattern, PatternMatchClass,
    PatternMatchMapping, PatternMatchOr, Singleton, StmtMatch,
};
use ruff_text_size::TextRange;
use ungil_bytecode::{Const, Op};

/// A pattern being compiled.
#[derive(Default)]
struct Context {
    /// Temporaries that hold something, in the order of their making.
    live: Vec<Reg>,
    /// Where to go on failure, by the number of live temporaries.
    fails: Vec<Option<Label>>,
    /// Names to bind and the temporaries that hold their values.
    captures: Vec<(Name, TextRange, Reg)>,
    /// Names that the pattern around this alternative binds.
    outer_names: Vec<Name>,
}

impl<'a> Compiler<'a> {
    pub fn match_statement(&mut self, node: &'a StmtMatch) -> Res {
        let subject = self.push(&node.subject)?;
        let end = self.u.label();
        let count = node.cases.len();
        for (at, case) in node.cases.iter().enumerate() {
            let last = at + 1 == count;
            if case.guard.is_none() && !last {
                self.check_irrefutable(&case.pattern)?;
            }
            self.match_case(case, subject, end)?;
        }
        self.at_nowhere();
        self.u.drop_reg(subject);
        self.u.place(end);
        Ok(())
    }

    fn check_irrefutable(&self, pattern: &Pattern) -> Res {
        match pattern.irrefutable_pattern() {
            None => Ok(()),
            Some(found) => self.irrefutable_error(&found),
        }
    }

    fn match_case(&mut self, case: &'a MatchCase, subject: Reg, end: Label) -> Res {
        let mark = self.u.next_temp;
        let next = self.u.label();
        let mut context = Context { fails: vec![Some(next)], ..Context::default() };
        self.pattern(&case.pattern, subject, &mut context)?;
        // Everything matched: bind the names, in the order of the pattern, and let go of the rest.
        for at in 0..context.captures.len() {
            let (name, range, _) = context.captures[at].clone();
            self.at(range);
            self.check_target_name(&name, "assign to", range)?;
            self.store_name(&name, context.captured(at));
        }
        self.drop_uncaptured(&context);
        self.u.next_temp = mark;
        if let Some(guard) = &case.guard {
            self.jump_if(guard, false, next)?;
        }
        self.at_nowhere();
        self.u.drop_reg(subject);
        self.u.next_temp = subject;
        self.suite(&case.body)?;
        self.at_nowhere();
        self.u.jump(Op::Jump, end);
        self.place_fails(&context);
        self.u.next_temp = mark;
        Ok(())
    }

    /// The labels of failures, the one with most live temporaries first.
    fn place_fails(&mut self, context: &Context) {
        self.at_nowhere();
        let deepest = context.fails.iter().rposition(Option::is_some).unwrap_or(0);
        for depth in (0..=deepest).rev() {
            if let Some(label) = context.fails[depth] {
                self.u.place(label);
            }
            if depth > 0 {
                self.u.drop_reg(context.live[depth - 1]);
            }
        }
    }

    fn drop_uncaptured(&mut self, context: &Context) {
        for reg in &context.live {
            if !context.captures.iter().any(|(_, _, captured)| captured == reg) {
                self.u.drop_reg(*reg);
            }
        }
    }

    fn fail(&mut self, context: &mut Context) -> Label {
        let depth = context.live.len();
        if context.fails.len() <= depth {
            context.fails.resize(depth + 1, None);
        }
        *context.fails[depth].get_or_insert_with(|| self.u.label())
    }

    fn pattern(&mut self, pattern: &'a Pattern, subject: Reg, context: &mut Context) -> Res {
        stacker::maybe_grow(128 << 10, 1 << 20, || self.pattern_inner(pattern, subject, context))
    }

    fn pattern_inner(&mut self, pattern: &'a Pattern, subject: Reg, context: &mut Context) -> Res {
        self.at(pattern);
        match pattern {
            Pattern::MatchValue(node) => self.match_value(&node.value, subject, context),
            Pattern::MatchSingleton(node) => {
                let fail = self.fail(context);
                if let Singleton::None = node.value {
                    self.u.jump_a(Op::JumpIfNotNone, Val::keep(subject), fail);
                    return Ok(());
                }
                let wanted = self.u.push();
                let constant = if node.value == Singleton::True { Const::True } else { Const::False };
                self.load_const(wanted, constant);
                self.u.jump_ab(Op::JumpIsNot, Val::keep(subject), Val::temp(wanted), fail);
                self.u.next_temp = wanted;
                Ok(())
            }
            Pattern::MatchSequence(node) => self.match_sequence(&node.patterns, node.range, subject, context),
            Pattern::MatchMapping(node) => self.match_mapping(node, subject, context),
            Pattern::MatchClass(node) => self.match_class(node, subject, context),
            Pattern::MatchStar(node) => self.error("can't use starred pattern here", node),
            Pattern::MatchAs(node) => {
                if let Some(inner) = &node.pattern {
                    self.pattern(inner, subject, context)?;
                }
                node.name.as_ref().map_or(Ok(()), |name| self.capture(name, node.range, subject, context))
            }
            Pattern::MatchOr(node) => self.match_or(node, subject, context),
        }
    }

    fn irrefutable_error(&self, found: &IrrefutablePattern) -> Res {
        match &found.kind {
            IrrefutablePatternKind::Name(name) => {
                self.error(format!("name capture '{name}' makes remaining patterns unreachable"), found.range)
            }
            IrrefutablePatternKind::Wildcard => {
                self.error("wildcard makes remaining patterns unreachable", found.range)
            }
        }
    }

    fn capture(&mut self, name: &Identifier, range: TextRange, reg: Reg, context: &mut Context) -> Res {
        if context.outer_names.contains(&name.id)
            || context.captures.iter().any(|(known, _, _)| *known == name.id)
        {
            return self.error(format!("multiple assignments to name '{}' in pattern", name.id), range);
        }
        context.captures.push((name.id.clone(), range, reg));
        Ok(())
    }

    fn match_value(&mut self, value: &'a Expr, subject: Reg, context: &mut Context) -> Res {
        let fail = self.fail(context);
        if let Some(immediate) = self.immediate(value) {
            self.at(value);
            self.u.jump_imm(Op::JumpNotEqImm, Val::keep(subject), immediate, fail);
            return Ok(());
        }
        if self.constant(value).is_none() && !value.is_attribute_expr() {
            return self.error("patterns may only match literals and attribute lookups", value);
        }
        let mark = self.u.next_temp;
        let wanted = self.val(value)?;
        self.at(value);
        self.u.jump_ab(Op::JumpNotEq, Val::keep(subject), wanted, fail);
        self.u.next_temp = mark;
        Ok(())
    }

    /// Jumps to failure unless the test instruction gives true.
    fn test(&mut self, op: Op, subject: Reg, context: &mut Context) {
        let fail = self.fail(context);
        let answer = self.u.push();
        self.u.emit(op, answer, subject, 0);
        self.u.jump_a(Op::JumpIfFalse, Val::temp(answer), fail);
        self.u.next_temp = answer;
    }

    fn test_length(&mut self, op: Op, subject: Reg, count: usize, context: &mut Context) {
        let fail = self.fail(context);
        let length = self.u.push();
        self.u.emit(Op::GetLen, length, subject, 0);
        let count = i16::try_from(count).unwrap_or(i16::MAX);
        self.u.jump_imm(op, Val::temp(length), count, fail);
        self.u.next_temp = length;
    }

    fn match_sequence(
        &mut self,
        all: &'a [Pattern],
        range: TextRange,
        subject: Reg,
        context: &mut Context,
    ) -> Res {
        let stars: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_match_star()).collect();
        if stars.len() > 1 {
            return self.error("multiple starred names in sequence pattern", range);
        }
        let star = stars.first().copied();
        self.test(Op::MatchSequence, subject, context);
        match star {
            None => self.test_length(Op::JumpNotEqImm, subject, all.len(), context),
            Some(_) if all.len() > 1 => self.test_length(Op::JumpNotGeImm, subject, all.len() - 1, context),
            Some(_) => {}
        }
        if all.iter().all(is_any) {
            return Ok(());
        }
        if let Some(star) = star
            && is_any(&all[star])
        {
            return self.match_items(all, star, subject, context);
        }
        let base = self.u.push_many(all.len());
        self.at(range);
        match star {
            None => self.u.emit(Op::UnpackSequence, base, subject, all.len() as u16),
            Some(star) if star > 255 || all.len() - star > 256 => {
                return self.error("too many expressions in star-unpacking sequence pattern", range);
            }
            Some(star) => {
                let shape = star as u16 | ((all.len() - star - 1) as u16) << 8;
                self.u.emit(Op::UnpackEx, base, subject, shape);
            }
        }
        context.live.extend(base..base + all.len() as u16);
        for (at, pattern) in all.iter().enumerate() {
            self.sub_pattern(pattern, base + at as u16, context)?;
        }
        Ok(())
    }

    fn sub_pattern(&mut self, pattern: &'a Pattern, reg: Reg, context: &mut Context) -> Res {
        match pattern {
            Pattern::MatchStar(star) => {
                star.name.as_ref().map_or(Ok(()), |name| self.capture(name, star.range, reg, context))
            }
            _ => self.pattern(pattern, reg, context),
        }
    }

    /// With a star that binds nothing the other items are taken by their index.
    fn match_items(&mut self, all: &'a [Pattern], star: usize, subject: Reg, context: &mut Context) -> Res {
        for (at, pattern) in all.iter().enumerate() {
            if at == star || is_any(pattern) {
                continue;
            }
            self.at(pattern);
            let item = self.u.push();
            if at < star {
                self.u.emit_b(Op::GetItemImm, item, Val::keep(subject), at as u16);
            } else {
                let length = self.u.push_many(2);
                self.u.emit(Op::GetLen, length, subject, 0);
                self.u.emit_b(Op::SubImm, length + 1, Val::temp(length), (all.len() - at) as u16);
                self.u.emit_bc(Op::GetItem, item, Val::keep(subject), Val::temp(length + 1));
                self.u.next_temp = length;
            }
            context.live.push(item);
            self.pattern(pattern, item, context)?;
        }
        Ok(())
    }

    fn match_mapping(&mut self, node: &'a PatternMatchMapping, subject: Reg, context: &mut Context) -> Res {
        self.test(Op::MatchMapping, subject, context);
        let count = node.keys.len();
        if count == 0 && node.rest.is_none() {
            return Ok(());
        }
        if count > 0 {
            self.test_length(Op::JumpNotGeImm, subject, count, context);
        }
        let keys = self.u.push();
        let base = self.u.next_temp;
        let mut seen = std::collections::HashSet::new();
        for key in &node.keys {
            match self.constant(key) {
                Some(constant) => {
                    if crate::constant::equality_key(&constant).is_some_and(|known| !seen.insert(known)) {
                        let shown = crate::unparse::constant_repr(&constant);
                        return self.error(format!("mapping pattern checks duplicate key ({shown})"), node);
                    }
                }
                None if key.is_attribute_expr() => {}
                None => {
                    let what = "mapping pattern keys may only match literals and attribute lookups";
                    return self.error(what, key);
                }
            }
            self.push(key)?;
        }
        self.at(node);
        self.u.emit(Op::BuildTuple, keys, base, count as u16);
        self.u.next_temp = base;
        context.live.push(keys);
        let values = self.u.push();
        self.u.emit_bc(Op::MatchKeys, values, Val::keep(subject), Val::keep(keys));
        context.live.push(values);
        let fail = self.fail(context);
        self.u.jump_a(Op::JumpIfNone, Val::keep(values), fail);
        self.match_parts(node.patterns.iter().collect(), values, context)?;
        if let Some(rest) = &node.rest {
            let dict = self.u.push();
            self.at(node);
            self.u.emit_bc(Op::MatchRest, dict, Val::keep(subject), Val::keep(keys));
            context.live.push(dict);
            self.capture(rest, node.range, dict, context)?;
        }
        Ok(())
    }

    /// Matches patterns against the items of a tuple.
    fn match_parts(&mut self, patterns: Vec<&'a Pattern>, tuple: Reg, context: &mut Context) -> Res {
        if patterns.is_empty() {
            return Ok(());
        }
        let base = self.u.push_many(patterns.len());
        self.u.emit(Op::UnpackSequence, base, tuple, patterns.len() as u16);
        context.live.extend(base..base + patterns.len() as u16);
        for (at, pattern) in patterns.into_iter().enumerate() {
            self.pattern(pattern, base + at as u16, context)?;
        }
        Ok(())
    }

    fn match_class(&mut self, node: &'a PatternMatchClass, subject: Reg, context: &mut Context) -> Res {
        let keywords = &node.arguments.keywords;
        for (at, keyword) in keywords.iter().enumerate() {
            self.check_target_name(&keyword.attr.id, "assign to", &keyword.pattern)?;
            if keywords[..at].iter().any(|other| other.attr.id == keyword.attr.id) {
                let what = format!("attribute name repeated in class pattern: {}", keyword.attr.id);
                return self.error(what, &keyword.pattern);
            }
        }
        let result = self.u.push();
        let class = self.push(&node.cls)?;
        let names = self.u.push_many(2);
        self.at(node);
        // Attribute names of patterns are not mangled.
        let names_given = keywords.iter().map(|keyword| text(&keyword.attr.id)).collect();
        self.load_const(names, Const::Tuple(names_given));
        self.load_const(names + 1, Const::Int(node.arguments.patterns.len() as i64));
        self.u.emit(Op::MatchClass, result, subject, class);
        self.u.next_temp = class;
        context.live.push(result);
        let fail = self.fail(context);
        self.u.jump_a(Op::JumpIfNone, Val::keep(result), fail);
        let keyword_patterns = keywords.iter().map(|keyword| &keyword.pattern);
        self.match_parts(node.arguments.patterns.iter().chain(keyword_patterns).collect(), result, context)
    }

    /// Every alternative binds the same names; their values are brought into the same registers.
    fn match_or(&mut self, node: &'a PatternMatchOr, subject: Reg, context: &mut Context) -> Res {
        let names = binding_names(&node.patterns[0]);
        let results = self.u.push_many(names.len());
        let after = self.u.next_temp;
        let done = self.u.label();
        let last = node.patterns.len() - 1;
        for (at, pattern) in node.patterns.iter().enumerate() {
            if at != last
                && let Some(found) = pattern.irrefutable_pattern()
            {
                return self.irrefutable_error(&found);
            }
            let next = if at == last { self.fail(context) } else { self.u.label() };
            let mut outer_names = context.outer_names.clone();
            outer_names.extend(context.captures.iter().map(|(name, _, _)| name.clone()));
            let mut inner = Context { fails: vec![Some(next)], outer_names, ..Context::default() };
            self.pattern(pattern, subject, &mut inner)?;
            let same = inner.captures.len() == names.len()
                && inner.captures.iter().all(|(name, _, _)| names.contains(name));
            if !same {
                return self.error("alternative patterns bind different names", node);
            }
            for number in 0..inner.captures.len() {
                let place =
                    names.iter().position(|name| *name == inner.captures[number].0).unwrap_or_default();
                self.u.move_to(results + place as u16, inner.captured(number));
            }
            self.drop_uncaptured(&inner);
            self.at_nowhere();
            self.u.jump(Op::Jump, done);
            if at != last || inner.fails.iter().skip(1).any(Option::is_some) {
                self.place_fails_towards(&inner, at == last);
            }
            self.u.next_temp = after;
        }
        self.u.place(done);
        context.live.extend(results..results + names.len() as u16);
        for (number, name) in names.into_iter().enumerate() {
            context.captures.push((name, node.range, results + number as u16));
        }
        Ok(())
    }

    /// As `place_fails`; if the outermost label belongs to the pattern around, ends with a jump to it.
    fn place_fails_towards(&mut self, context: &Context, outer: bool) {
        if !outer {
            self.place_fails(context);
            return;
        }
        let first = context.fails[0];
        let rest = Context { live: context.live.clone(), fails: context.fails.clone(), ..Context::default() };
        self.place_fails(&Context {
            fails: std::iter::once(None).chain(rest.fails.into_iter().skip(1)).collect(),
            ..rest
        });
        if let Some(label) = first {
            self.u.jump(Op::Jump, label);
        }
    }
}

impl Context {
    /// The value of a capture: consumed if the register is this context's and no later capture needs it.
    fn captured(&self, at: usize) -> Val {
        let reg = self.captures[at].2;
        let again = self.captures[at + 1..].iter().any(|(_, _, later)| *later == reg);
        if self.live.contains(&reg) && !again { Val::temp(reg) } else { Val::keep(reg) }
    }
}

/// `_` or `*_`.
fn is_any(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::MatchAs(node) => node.pattern.is_none() && node.name.is_none(),
        Pattern::MatchStar(node) => node.name.is_none(),
        _ => false,
    }
}

/// Names that a pattern binds, each once.
fn binding_names(pattern: &Pattern) -> Vec<Name> {
    fn collect(pattern: &Pattern, names: &mut Vec<Name>) {
        let mut add = |name: &Option<Identifier>| {
            if let Some(name) = name
                && !names.contains(&name.id)
            {
                names.push(name.id.clone());
            }
        };
        match pattern {
            Pattern::MatchValue(_) | Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => node.patterns.iter().for_each(|inner| collect(inner, names)),
            Pattern::MatchMapping(node) => {
                add(&node.rest);
                node.patterns.iter().for_each(|inner| collect(inner, names));
            }
            Pattern::MatchClass(node) => {
                node.arguments.patterns.iter().for_each(|inner| collect(inner, names));
                node.arguments.keywords.iter().for_each(|keyword| collect(&keyword.pattern, names));
            }
            Pattern::MatchStar(node) => add(&node.name),
            Pattern::MatchAs(node) => {
                add(&node.name);
                if let Some(inner) = &node.pattern {
                    collect(inner, names);
                }
            }
            Pattern::MatchOr(node) => node.patterns.iter().for_each(|inner| collect(inner, names)),
        }
    }
    let mut names = Vec::new();
    collect(pattern, &mut names);
    names
}
