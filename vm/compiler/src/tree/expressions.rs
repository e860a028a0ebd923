//! Expressions.

use super::statements::context;
use super::{Field, Maker, between, list, mark, name, optional_name, plain};
use crate::errors::Res;
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, Expr, ExprCall, Keyword, Operator, Parameter, ParameterWithDefault,
    Parameters, UnaryOp,
};
use ungil_bytecode::Const;

/// Class and fields of a node.
type Parts = (&'static str, Vec<(&'static str, Field)>);

impl Maker<'_> {
    pub(super) fn exprs<'a>(&self, exprs: impl IntoIterator<Item = &'a Expr>) -> Res<Field> {
        list(exprs, |expr| self.expr(expr))
    }

    pub(super) fn optional(&self, expr: Option<&Expr>) -> Res<Field> {
        expr.map_or(Ok(Field::Nothing), |expr| self.expr(expr))
    }

    pub(super) fn expr(&self, expr: &Expr) -> Res<Field> {
        let (class, fields) = match expr {
            Expr::FString(node) => return self.fstring(node),
            Expr::TString(node) => return self.tstring(node),
            Expr::Call(node) => return self.call(node),
            Expr::BoolOp(node) => {
                let op = mark(if node.op == BoolOp::And { "And" } else { "Or" });
                ("BoolOp", vec![("op", op), ("values", self.exprs(&node.values)?)])
            }
            Expr::BinOp(node) => (
                "BinOp",
                vec![
                    ("left", self.expr(&node.left)?),
                    ("op", operator(node.op)),
                    ("right", self.expr(&node.right)?),
                ],
            ),
            Expr::UnaryOp(node) => {
                ("UnaryOp", vec![("op", unary_operator(node.op)), ("operand", self.expr(&node.operand)?)])
            }
            Expr::Compare(node) => (
                "Compare",
                vec![
                    ("left", self.expr(&node.left)?),
                    ("ops", list(&node.ops, |op| Ok(comparison(*op)))?),
                    ("comparators", self.exprs(&node.comparators)?),
                ],
            ),
            Expr::Named(node) => {
                ("NamedExpr", vec![("target", self.expr(&node.target)?), ("value", self.expr(&node.value)?)])
            }
            Expr::Lambda(node) => (
                "Lambda",
                vec![
                    ("args", self.parameters(node.parameters.as_deref())?),
                    ("body", self.expr(&node.body)?),
                ],
            ),
            Expr::If(node) => (
                "IfExp",
                vec![
                    ("test", self.expr(&node.test)?),
                    ("body", self.expr(&node.body)?),
                    ("orelse", self.expr(&node.orelse)?),
                ],
            ),
            Expr::Await(node) => ("Await", vec![("value", self.expr(&node.value)?)]),
            Expr::Yield(node) => ("Yield", vec![("value", self.optional(node.value.as_deref())?)]),
            Expr::YieldFrom(node) => ("YieldFrom", vec![("value", self.expr(&node.value)?)]),
            Expr::Attribute(_) | Expr::Subscript(_) | Expr::Starred(_) | Expr::Name(_) | Expr::Slice(_) => {
                self.place(expr)?
            }
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => self.constant(expr)?,
            _ => self.display(expr)?,
        };
        Ok(self.node(class, expr, fields))
    }

    /// What can be assigned to, and slices.
    fn place(&self, expr: &Expr) -> Res<Parts> {
        Ok(match expr {
            Expr::Attribute(node) => (
                "Attribute",
                vec![
                    ("value", self.expr(&node.value)?),
                    ("attr", name(&node.attr)),
                    ("ctx", context(node.ctx)),
                ],
            ),
            Expr::Subscript(node) => (
                "Subscript",
                vec![
                    ("value", self.expr(&node.value)?),
                    ("slice", self.expr(&node.slice)?),
                    ("ctx", context(node.ctx)),
                ],
            ),
            Expr::Starred(node) => {
                ("Starred", vec![("value", self.expr(&node.value)?), ("ctx", context(node.ctx))])
            }
            Expr::Name(node) => {
                ("Name", vec![("id", Field::Name(node.id.to_string())), ("ctx", context(node.ctx))])
            }
            Expr::Slice(node) => (
                "Slice",
                vec![
                    ("lower", self.optional(node.lower.as_deref())?),
                    ("upper", self.optional(node.upper.as_deref())?),
                    ("step", self.optional(node.step.as_deref())?),
                ],
            ),
            _ => self.display(expr)?,
        })
    }

    /// Displays and comprehensions.
    fn display(&self, expr: &Expr) -> Res<Parts> {
        Ok(match expr {
            Expr::List(node) => ("List", vec![("elts", self.exprs(&node.elts)?), ("ctx", context(node.ctx))]),
            Expr::Tuple(node) => {
                ("Tuple", vec![("elts", self.exprs(&node.elts)?), ("ctx", context(node.ctx))])
            }
            Expr::Set(node) => ("Set", vec![("elts", self.exprs(&node.elts)?)]),
            Expr::Dict(node) => (
                "Dict",
                vec![
                    ("keys", list(&node.items, |item| self.optional(item.key.as_ref()))?),
                    ("values", list(&node.items, |item| self.expr(&item.value))?),
                ],
            ),
            Expr::ListComp(node) => ("ListComp", self.comprehension(&node.elt, &node.generators)?),
            Expr::SetComp(node) => ("SetComp", self.comprehension(&node.elt, &node.generators)?),
            Expr::Generator(node) => ("GeneratorExp", self.comprehension(&node.elt, &node.generators)?),
            Expr::DictComp(node) => (
                "DictComp",
                vec![
                    ("key", self.optional(node.key.as_deref())?),
                    ("value", self.expr(&node.value)?),
                    ("generators", self.generators(&node.generators)?),
                ],
            ),
            _ => ("Constant", vec![("value", Field::Constant(Const::None)), ("kind", Field::Nothing)]),
        })
    }

    fn constant(&self, expr: &Expr) -> Res<Parts> {
        let mut kind = Field::Nothing;
        let value = match expr {
            Expr::StringLiteral(node) => {
                if node.value.is_unicode() {
                    kind = Field::Constant(crate::constant::text("u"));
                }
                self.source.string(&node.value)
            }
            Expr::BytesLiteral(node) => Const::Bytes(node.value.bytes().collect()),
            Expr::NumberLiteral(node) => self.source.number(node)?,
            Expr::BooleanLiteral(node) => match node.value {
                true => Const::True,
                false => Const::False,
            },
            Expr::EllipsisLiteral(_) => Const::Ellipsis,
            _ => Const::None,
        };
        Ok(("Constant", vec![("value", Field::Constant(value)), ("kind", kind)]))
    }

    fn comprehension(&self, elt: &Expr, generators: &[Comprehension]) -> Res<Vec<(&'static str, Field)>> {
        Ok(vec![("elt", self.expr(elt)?), ("generators", self.generators(generators)?)])
    }

    fn generators(&self, generators: &[Comprehension]) -> Res<Field> {
        list(generators, |generator| {
            let fields = vec![
                ("target", self.expr(&generator.target)?),
                ("iter", self.expr(&generator.iter)?),
                ("ifs", self.exprs(&generator.ifs)?),
                ("is_async", Field::Int(generator.is_async.into())),
            ];
            Ok(Field::Node(Box::new(plain("comprehension", fields))))
        })
    }

    fn call(&self, node: &ExprCall) -> Res<Field> {
        let args = match &*node.arguments.args {
            // A generator without parentheses of its own stands where those of the call do.
            [Expr::Generator(only)] if !only.parenthesized => {
                let fields = self.comprehension(&only.elt, &only.generators)?;
                Field::List(vec![self.node("GeneratorExp", node.arguments.range, fields)])
            }
            args => self.exprs(args)?,
        };
        let keywords = list(&node.arguments.keywords, |keyword| self.keyword(keyword))?;
        let fields = vec![("func", self.expr(&node.func)?), ("args", args), ("keywords", keywords)];
        Ok(self.node("Call", node, fields))
    }

    pub(super) fn keyword(&self, keyword: &Keyword) -> Res<Field> {
        let fields =
            vec![("arg", optional_name(keyword.arg.as_ref())), ("value", self.expr(&keyword.value)?)];
        Ok(self.node("keyword", keyword, fields))
    }

    pub(super) fn parameters(&self, parameters: Option<&Parameters>) -> Res<Field> {
        let none = Parameters::default();
        let parameters = parameters.unwrap_or(&none);
        let plain_ones = |items: &[ParameterWithDefault]| list(items, |item| self.parameter(&item.parameter));
        let single = |item: Option<&Parameter>| item.map_or(Ok(Field::Nothing), |item| self.parameter(item));
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let fields = vec![
            ("posonlyargs", plain_ones(&parameters.posonlyargs)?),
            ("args", plain_ones(&parameters.args)?),
            ("vararg", single(parameters.vararg.as_deref())?),
            ("kwonlyargs", plain_ones(&parameters.kwonlyargs)?),
            ("kw_defaults", list(&parameters.kwonlyargs, |item| self.optional(item.default.as_deref()))?),
            ("kwarg", single(parameters.kwarg.as_deref())?),
            (
                "defaults",
                list(positional.filter_map(|item| item.default.as_deref()), |expr| self.expr(expr))?,
            ),
        ];
        Ok(Field::Node(Box::new(plain("arguments", fields))))
    }

    fn parameter(&self, parameter: &Parameter) -> Res<Field> {
        let fields = vec![
            ("arg", name(&parameter.name)),
            ("annotation", self.optional(parameter.annotation.as_deref())?),
            ("type_comment", Field::Nothing),
        ];
        // The stars of `*args` are no part of it.
        let end = parameter.range.end();
        let range = between(parameter.name.range.start().to_usize(), end.to_usize());
        Ok(self.node("arg", range, fields))
    }
}

pub(super) fn operator(op: Operator) -> Field {
    mark(match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    })
}

fn unary_operator(op: UnaryOp) -> Field {
    mark(match op {
        UnaryOp::Invert => "Invert",
        UnaryOp::Not => "Not",
        UnaryOp::UAdd => "UAdd",
        UnaryOp::USub => "USub",
    })
}

fn comparison(op: CmpOp) -> Field {
    mark(match op {
        CmpOp::Eq => "Eq",
        CmpOp::NotEq => "NotEq",
        CmpOp::Lt => "Lt",
        CmpOp::LtE => "LtE",
        CmpOp::Gt => "Gt",
        CmpOp::GtE => "GtE",
        CmpOp::Is => "Is",
        CmpOp::IsNot => "IsNot",
        CmpOp::In => "In",
        CmpOp::NotIn => "NotIn",
    })
}
