"""Messages for wrong arguments of Python functions."""


def none(): pass
def one(a): pass
def two(a, b): pass
def three(a, b, c): pass
def default(a, b=1): pass
def star(a, *args): pass
def kwonly(a, *, k): pass
def kwonly2(*, k, l, m=1): pass
def posonly(a, b, /, c): pass
def kwargs(a, **kw): pass


class C:
    def m(self, a): pass
    def no_self(): pass
    def __init__(self, x): pass
    @classmethod
    def c(cls, a): pass
    @staticmethod
    def s(a): pass


c = C(1)
for call in (
    "none(1)", "none(1, 2)", "none(x=1)", "none(1, x=1)", "one()", "one(1, 2)", "one(b=1)", "one(1, a=1)", "one(1, b=2)",
    "two()", "two(1)", "two(b=1)", "two(1, 2, 3)", "two(1, 2, c=3)", "three()", "three(c=1)", "default()", "default(1, 2, 3)", "default(b=1)",
    "star()", "star(a=1, b=2)", "star(1, a=2)", "kwonly(1)", "kwonly(1, 2)", "kwonly(1, 2, k=1)", "kwonly()", "kwonly2()", "kwonly2(k=1)", "kwonly2(1, k=1, l=2)",
    "posonly(1)", "posonly(a=1, b=2, c=3)", "posonly(1, b=2, c=3)", "posonly(1, 2, 3, 4)", "posonly(1, 2, 3, d=4)", "kwargs()", "kwargs(1, 2)", "kwargs(1, a=2)",
    "c.m()", "c.m(1, 2)", "c.m(b=1)", "C.m()", "C.m(c)", "c.no_self()", "C()", "C(1, 2)", "C(y=1)", "C.c()", "c.c(1, 2)", "C.s()", "c.s(1, 2)",
    "(lambda x: x)()", "(lambda: 0)(1)", "one(**{'z': 1})", "one(aa=1)", "default(a=1, bb=2)", "kwonly(a=1, kk=2)",
):
    try:
        eval(call)
    except TypeError as error:
        print(call, "->", error)
