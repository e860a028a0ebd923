//! Statements, patterns and type parameters.

use super::{Field, Maker, between, list, mark, name, optional_name, plain};
use crate::errors::Res;
use ruff_python_ast::{
    Alias, Decorator, ElifElseClause, ExceptHandler, MatchCase, Pattern, Singleton, Stmt, StmtClassDef,
    StmtFunctionDef, StmtTry, TypeParam, TypeParams, WithItem,
};
use ruff_text_size::TextRange;
use ungil_bytecode::Const;

/// Fields of an assignment and the like that only type comments fill.
const NO_COMMENT: (&str, Field) = ("type_comment", Field::Nothing);

impl Maker<'_> {
    pub(super) fn suite(&self, body: &[Stmt]) -> Res<Field> {
        list(body, |stmt| self.stmt(stmt))
    }

    fn stmt(&self, stmt: &Stmt) -> Res<Field> {
        let (class, fields) = match stmt {
            Stmt::FunctionDef(node) => return self.function(node),
            Stmt::ClassDef(node) => return self.class(node),
            Stmt::Try(node) => return self.try_statement(node),
            Stmt::If(node) => {
                return self.branch(node.range, &node.test, &node.body, &node.elif_else_clauses);
            }
            Stmt::Return(node) => ("Return", vec![("value", self.optional(node.value.as_deref())?)]),
            Stmt::Delete(node) => ("Delete", vec![("targets", self.exprs(&node.targets)?)]),
            Stmt::Assign(node) => (
                "Assign",
                vec![("targets", self.exprs(&node.targets)?), ("value", self.expr(&node.value)?), NO_COMMENT],
            ),
            Stmt::TypeAlias(node) => (
                "TypeAlias",
                vec![
                    ("name", self.expr(&node.name)?),
                    ("type_params", self.type_params(node.type_params.as_deref())?),
                    ("value", self.expr(&node.value)?),
                ],
            ),
            Stmt::AugAssign(node) => (
                "AugAssign",
                vec![
                    ("target", self.expr(&node.target)?),
                    ("op", super::expressions::operator(node.op)),
                    ("value", self.expr(&node.value)?),
                ],
            ),
            Stmt::AnnAssign(node) => (
                "AnnAssign",
                vec![
                    ("target", self.expr(&node.target)?),
                    ("annotation", self.expr(&node.annotation)?),
                    ("value", self.optional(node.value.as_deref())?),
                    ("simple", Field::Int(node.simple.into())),
                ],
            ),
            Stmt::For(node) => (
                if node.is_async { "AsyncFor" } else { "For" },
                vec![
                    ("target", self.expr(&node.target)?),
                    ("iter", self.expr(&node.iter)?),
                    ("body", self.suite(&node.body)?),
                    ("orelse", self.suite(&node.orelse)?),
                    NO_COMMENT,
                ],
            ),
            Stmt::While(node) => (
                "While",
                vec![
                    ("test", self.expr(&node.test)?),
                    ("body", self.suite(&node.body)?),
                    ("orelse", self.suite(&node.orelse)?),
                ],
            ),
            Stmt::With(node) => (
                if node.is_async { "AsyncWith" } else { "With" },
                vec![
                    ("items", list(&node.items, |item| self.with_item(item))?),
                    ("body", self.suite(&node.body)?),
                    NO_COMMENT,
                ],
            ),
            Stmt::Match(node) => (
                "Match",
                vec![
                    ("subject", self.expr(&node.subject)?),
                    ("cases", list(&node.cases, |case| self.match_case(case))?),
                ],
            ),
            other => self.simple(other)?,
        };
        Ok(self.node(class, stmt, fields))
    }

    fn simple(&self, stmt: &Stmt) -> Res<(&'static str, Vec<(&'static str, Field)>)> {
        Ok(match stmt {
            Stmt::Raise(node) => (
                "Raise",
                vec![
                    ("exc", self.optional(node.exc.as_deref())?),
                    ("cause", self.optional(node.cause.as_deref())?),
                ],
            ),
            Stmt::Assert(node) => (
                "Assert",
                vec![("test", self.expr(&node.test)?), ("msg", self.optional(node.msg.as_deref())?)],
            ),
            Stmt::Import(node) => {
                ("Import", vec![("names", list(&node.names, |item| Ok(self.alias(item)))?)])
            }
            Stmt::ImportFrom(node) => (
                "ImportFrom",
                vec![
                    ("module", optional_name(node.module.as_ref())),
                    ("names", list(&node.names, |item| Ok(self.alias(item)))?),
                    ("level", Field::Int(node.level.into())),
                ],
            ),
            Stmt::Global(node) => ("Global", vec![("names", list(&node.names, |item| Ok(name(item)))?)]),
            Stmt::Nonlocal(node) => ("Nonlocal", vec![("names", list(&node.names, |item| Ok(name(item)))?)]),
            Stmt::Expr(node) => ("Expr", vec![("value", self.expr(&node.value)?)]),
            Stmt::Break(_) => ("Break", Vec::new()),
            Stmt::Continue(_) => ("Continue", Vec::new()),
            _ => ("Pass", Vec::new()),
        })
    }

    /// Where a definition starts: behind its decorators.
    fn definition(&self, decorators: &[Decorator], range: TextRange) -> TextRange {
        match decorators.last() {
            Some(last) => between(self.next_token(last.range.end().to_usize()), range.end().to_usize()),
            None => range,
        }
    }

    fn decorators(&self, decorators: &[Decorator]) -> Res<Field> {
        list(decorators, |decorator| self.expr(&decorator.expression))
    }

    fn function(&self, node: &StmtFunctionDef) -> Res<Field> {
        let class = if node.is_async { "AsyncFunctionDef" } else { "FunctionDef" };
        let fields = vec![
            ("name", name(&node.name)),
            ("args", self.parameters(Some(&node.parameters))?),
            ("body", self.suite(&node.body)?),
            ("decorator_list", self.decorators(&node.decorator_list)?),
            ("returns", self.optional(node.returns.as_deref())?),
            NO_COMMENT,
            ("type_params", self.type_params(node.type_params.as_deref())?),
        ];
        Ok(self.node(class, self.definition(&node.decorator_list, node.range), fields))
    }

    fn class(&self, node: &StmtClassDef) -> Res<Field> {
        let arguments = node.arguments.as_deref();
        let bases = arguments.map_or(&[][..], |arguments| &arguments.args);
        let keywords = arguments.map_or(&[][..], |arguments| &arguments.keywords);
        let fields = vec![
            ("name", name(&node.name)),
            ("bases", self.exprs(bases)?),
            ("keywords", list(keywords, |keyword| self.keyword(keyword))?),
            ("body", self.suite(&node.body)?),
            ("decorator_list", self.decorators(&node.decorator_list)?),
            ("type_params", self.type_params(node.type_params.as_deref())?),
        ];
        Ok(self.node("ClassDef", self.definition(&node.decorator_list, node.range), fields))
    }

    /// An `if` or `elif` with all that follows: in `ast`, the latter is an `If` in the `orelse` of the former.
    fn branch(
        &self,
        range: TextRange,
        test: &ruff_python_ast::Expr,
        body: &[Stmt],
        rest: &[ElifElseClause],
    ) -> Res<Field> {
        let orelse = match rest {
            [] => Field::List(Vec::new()),
            [clause, rest @ ..] => match &clause.test {
                None => self.suite(&clause.body)?,
                Some(test) => {
                    let range = TextRange::new(clause.range.start(), range.end());
                    Field::List(vec![self.branch(range, test, &clause.body, rest)?])
                }
            },
        };
        let fields = vec![("test", self.expr(test)?), ("body", self.suite(body)?), ("orelse", orelse)];
        Ok(self.node("If", range, fields))
    }

    fn try_statement(&self, node: &StmtTry) -> Res<Field> {
        let handler = |handler: &ExceptHandler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let fields = vec![
                ("type", self.optional(handler.type_.as_deref())?),
                ("name", optional_name(handler.name.as_ref())),
                ("body", self.suite(&handler.body)?),
            ];
            Ok(self.node("ExceptHandler", handler, fields))
        };
        let fields = vec![
            ("body", self.suite(&node.body)?),
            ("handlers", list(&node.handlers, handler)?),
            ("orelse", self.suite(&node.orelse)?),
            ("finalbody", self.suite(&node.finalbody)?),
        ];
        Ok(self.node(if node.is_star { "TryStar" } else { "Try" }, node, fields))
    }

    fn alias(&self, alias: &Alias) -> Field {
        let fields = vec![("name", name(&alias.name)), ("asname", optional_name(alias.asname.as_ref()))];
        self.node("alias", alias, fields)
    }

    fn with_item(&self, item: &WithItem) -> Res<Field> {
        let fields = vec![
            ("context_expr", self.expr(&item.context_expr)?),
            ("optional_vars", self.optional(item.optional_vars.as_deref())?),
        ];
        Ok(Field::Node(Box::new(plain("withitem", fields))))
    }

    fn match_case(&self, case: &MatchCase) -> Res<Field> {
        let fields = vec![
            ("pattern", self.pattern(&case.pattern)?),
            ("guard", self.optional(case.guard.as_deref())?),
            ("body", self.suite(&case.body)?),
        ];
        Ok(Field::Node(Box::new(plain("match_case", fields))))
    }

    fn pattern(&self, pattern: &Pattern) -> Res<Field> {
        let all = |patterns: &[Pattern]| list(patterns, |pattern| self.pattern(pattern));
        let (class, fields) = match pattern {
            Pattern::MatchValue(node) => ("MatchValue", vec![("value", self.expr(&node.value)?)]),
            Pattern::MatchSingleton(node) => {
                let value = match node.value {
                    Singleton::None => Const::None,
                    Singleton::True => Const::True,
                    Singleton::False => Const::False,
                };
                ("MatchSingleton", vec![("value", Field::Constant(value))])
            }
            Pattern::MatchSequence(node) => ("MatchSequence", vec![("patterns", all(&node.patterns)?)]),
            Pattern::MatchMapping(node) => (
                "MatchMapping",
                vec![
                    ("keys", self.exprs(&node.keys)?),
                    ("patterns", all(&node.patterns)?),
                    ("rest", optional_name(node.rest.as_ref())),
                ],
            ),
            Pattern::MatchClass(node) => {
                let keywords = &node.arguments.keywords;
                let fields = vec![
                    ("cls", self.expr(&node.cls)?),
                    ("patterns", all(&node.arguments.patterns)?),
                    ("kwd_attrs", list(keywords, |keyword| Ok(name(&keyword.attr)))?),
                    ("kwd_patterns", list(keywords, |keyword| self.pattern(&keyword.pattern))?),
                ];
                ("MatchClass", fields)
            }
            Pattern::MatchStar(node) => ("MatchStar", vec![("name", optional_name(node.name.as_ref()))]),
            Pattern::MatchAs(node) => {
                let inner = match &node.pattern {
                    Some(inner) => self.pattern(inner)?,
                    None => Field::Nothing,
                };
                ("MatchAs", vec![("pattern", inner), ("name", optional_name(node.name.as_ref()))])
            }
            Pattern::MatchOr(node) => ("MatchOr", vec![("patterns", all(&node.patterns)?)]),
        };
        Ok(self.node(class, pattern, fields))
    }

    fn type_params(&self, params: Option<&TypeParams>) -> Res<Field> {
        list(params.map_or(&[][..], |params| &params.type_params), |param| {
            let (class, fields) = match param {
                TypeParam::TypeVar(node) => (
                    "TypeVar",
                    vec![
                        ("name", name(&node.name)),
                        ("bound", self.optional(node.bound.as_deref())?),
                        ("default_value", self.optional(node.default.as_deref())?),
                    ],
                ),
                TypeParam::ParamSpec(node) => (
                    "ParamSpec",
                    vec![
                        ("name", name(&node.name)),
                        ("default_value", self.optional(node.default.as_deref())?),
                    ],
                ),
                TypeParam::TypeVarTuple(node) => (
                    "TypeVarTuple",
                    vec![
                        ("name", name(&node.name)),
                        ("default_value", self.optional(node.default.as_deref())?),
                    ],
                ),
            };
            Ok(self.node(class, param, fields))
        })
    }
}

/// The context of a name that is read, stored or deleted.
pub(super) fn context(context: ruff_python_ast::ExprContext) -> Field {
    mark(match context {
        ruff_python_ast::ExprContext::Store => "Store",
        ruff_python_ast::ExprContext::Del => "Del",
        _ => "Load",
    })
}
