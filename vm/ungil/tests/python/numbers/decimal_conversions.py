"""Decimals from and to other objects: texts, tuples, ints, floats, formats, pickles, subclasses."""

import copy
import math
import pickle
from decimal import *

D = Decimal


def show(*texts):
    for text in texts:
        try:
            print(text, "->", repr(eval(text)))
        except Exception as error:
            print(text, "!!", type(error).__name__, error)


show(
    "D()", "D(' 1_000.50 ')", "D('-.5e-7')", "D('Infinity')", "D('-sNaN42')", "D('\\u0661\\u0662.5')", "D('')",
    "D('1 2')", "D('0x10')", "D('1e1000000000000000000')", "D('0e1000000000000000000')", "D(10 ** 40)", "D(True)",
    "D(0.1)", "D(5e-324)", "D(float('inf'))", "D(float('nan'))", "D((1, (1, 2, 3), -2))", "D((0, (), 'F'))",
    "D((0, (1,), 'n'))", "D((2, (1,), 0))", "D((0, (10,), 0))", "D((0, (1,), 'x'))", "D([0, [1, 5], 3])", "D(None)",
    "D(b'1')", "D(1, 3)", "D.from_float(0.25)", "D.from_float('1')", "D.from_number(2.5)", "D.from_number('1')",
)
show(
    "int(D('-1.9'))", "int(D('1e30'))", "float(D('1e-400'))", "float(D('0.1'))", "float(D('snan'))", "int(D('inf'))",
    "complex(D('1.5'))", "bool(D('0E+9'))", "round(D('2.5'))", "round(D('2.675'), 2)", "round(D('1234'), -2)",
    "math.floor(D('-1.5'))", "math.ceil(D('-1.5'))", "math.trunc(D('-1.5'))", "D('1.250').as_integer_ratio()",
    "D('1e3').as_integer_ratio()", "D('nan').as_integer_ratio()", "D('-1.250').as_tuple()", "D('sNaN7').as_tuple()",
    "str(D('1E+3'))", "D('123E+4').to_eng_string()", "D('0E-7')", "D('0.000001')", "D('0.0000001')", "D('1E6')",
    "D('1.5').adjusted()", "D(2) ** 200 == 2 ** 200", "int(D(3) ** 50) == 3 ** 50", "D('1' * 50)",
)
for value in (D("1234567.891"), D("-0.000123"), D("0E+4"), D("Infinity"), D("-NaN12")):
    formats = (
        "", "f", ".2f", ",.1f", "e", ".3e", "g", ".3g", "E", "%", ".1%", "015", "<20", "^+20.2f", "=20", "x>12.0f",
        " .4f", "z.1f", "#.0f", "020,", "_", ".4_f", ".10,f", "n", "x", "<05", "5.", ".", "1.5.5", "é^30",
    )
    for spec in formats:
        try:
            print(spec, "|", format(value, spec), sep="")
        except ValueError as error:
            print(spec, "!!", error)
print(D(1234).__format__("n", {"decimal_point": ",", "thousands_sep": ".", "grouping": "\3"}))


class Money(Decimal):
    def __repr__(self):
        return f"Money({self})"


m = Money("1.50")
print(m, [m], type(m + m).__name__, type(copy.copy(m)).__name__, type(Money.from_float(0.5)).__name__)
print(copy.deepcopy([D("1.0")]), pickle.loads(pickle.dumps([D("-1.20"), m, D("sNaN3")])))
print(m == D("1.5"), {m: 1}[D("1.5")], Decimal(m), type(Decimal(m)).__name__, f"{m:.1f} {m!s:>6}")
print(D("1.0").real, D("1.0").imag, D("1.0").conjugate(), D(1).radix(), D("1.0").canonical())
