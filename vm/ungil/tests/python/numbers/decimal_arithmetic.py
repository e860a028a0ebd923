"""Decimal arithmetic: operators, signals and their messages, special values, comparison with other numbers."""

from decimal import *
from fractions import Fraction

D = Decimal


def show(*texts):
    for text in texts:
        try:
            print(text, "->", repr(eval(text)))
        except Exception as error:
            print(text, "!!", type(error).__name__, error)


show(
    "D('1.10') + 2", "3 - D('0.5')", "D('1.20') * D('3.0')", "D(1) / 3", "2 / D(8)", "D(-7) // 2", "D(-7) % 2",
    "divmod(D(-7), 2)", "D(7) ** 3", "D(2) ** -2", "2 ** D('0.5')", "D(2) ** D('0.5')", "pow(D(7), 100, 13)",
    "pow(10, 2, D(7))", "-D('0')", "+D('-0')", "abs(D('-1.50'))", "D('1e30') + D('1e-30')",
    "D(10) ** 28 + D('0.5')", "D('9' * 28) + D('0.6')", "D('1.1') * D('9' * 38)", "D('9' * 50) * D('9' * 50)",
    "D(1) / D('9' * 30)", "D('9' * 60) / D('7')", "D('1e100') % D(7)", "D(5).remainder_near(D(3))",
)
show(
    "D(1) / 0", "D(0) / 0", "D(0) ** 0", "D(1) % 0", "divmod(D(1), 0)", "D(-1).sqrt()", "D(-1).ln()",
    "D('inf') - D('inf')", "D('inf') * 0", "D('snan') + 1", "D('nan123') + D('nan5')", "D('1e999999') * 10",
    "D('1e-999999') / D('1e99999')", "D('1e30') // D('1e-30')", "D(1) + 1.5", "'a' * D(1)", "D(1) ** 'a'",
)
show(
    "D('1.0') == 1", "D(1) == 1.0", "D('0.1') == 0.1", "D('0.5') == Fraction(1, 2)", "D('0.5') < Fraction(2, 3)",
    "D(1) < 1.5", "D(1) == 1 + 0j", "D(1) < 1j", "D('nan') == D('nan')", "D('nan') < 1", "D('snan') == 1",
    "D('inf') > 10 ** 400", "D('-inf') < D('-1e999999')", "max(D(1), 2, D('0.5'))",
    "D(3) in {3}", "hash(D('2.50')) == hash(2.5) == hash(Fraction(5, 2))", "hash(D(10 ** 40)) == hash(10 ** 40)",
)
show(
    "D(2).sqrt()", "D('0.0625').sqrt()", "D(1).exp()", "D(-100).exp()", "D(10).ln()", "D('1.0000001').ln()",
    "D(2).log10()", "D(1000).log10()", "D('12.345').quantize(D('0.01'))", "D('1e5').quantize(D(1), ROUND_UP)",
    "D('1e28').quantize(D('0.1'))", "D('2.5').to_integral_value()", "D('2.5').to_integral_exact(ROUND_UP)",
    "D('123.4500').normalize()", "D(1).fma(2, D('0.5'))", "D('0.001').logb()", "D('1.5').scaleb(3)",
    "D(1).next_plus()", "D(1).next_minus()", "D(1).next_toward(0)", "D(12345).shift(2)", "D(12345).rotate(-2)",
    "D(1010).logical_and(1100)", "D(1010).logical_xor(1100)", "D(101).logical_invert()", "D(1).compare(D('nan'))",
    "D('1.0').compare_total(1)", "D('-nan').compare_total(D('-inf'))", "D(2).max(D('nan'))", "D(-3).max_mag(2)",
    "D('1.0').same_quantum(D('2.5'))", "D(-1).number_class()", "D('1e-1000010').number_class()",
)
