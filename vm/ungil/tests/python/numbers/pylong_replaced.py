# Whatever a program puts in the place of the functions of `_pylong` is called for huge ints, from the same sizes on.
import _pylong
import sys
from unittest import mock

sys.set_int_max_str_digits(0)


def attempt(name, f, value):
    with mock.patch.object(_pylong, name, return_value=value) as function:
        try:
            shown = f()
        except Exception as error:
            shown = repr(error)
    print(name, "called" if function.called else "not called", str(shown)[:60])


for bits in 30000, 30001:
    n = 1 << bits - 1
    for f in str, repr, "{:d}".format, lambda n: b"%d" % n, lambda n: -n.bit_length():
        attempt("int_to_decimal_string", lambda: f(n), "12")
    attempt("int_to_decimal_string", lambda: str(-n), None)
for text in "7" * 6000, "7" * 6001, "-" + "7" * 6001, "7_" * 6000 + "7", b" 7" + b"7" * 6000, "\u0667" * 6001:
    attempt("int_from_string", lambda: int(text).bit_length(), 12)
    attempt("int_from_string", lambda: int(text) < 0, -12)
attempt("int_from_string", lambda: int("7" * 6001), b"7")
attempt("int_from_string", lambda: int("7" * 6001, 8).bit_length(), 7)
for a, b in (1 << 13530, 1 << 9000), (1 << 13529, 1 << 9000), (1 << 13530, 1 << 8999), (-1 << 13560, 1 << 9030):
    attempt("int_divmod", lambda: (a // b).bit_length(), (1, 2))
    attempt("int_divmod", lambda: divmod(a, b)[1], (1, 2))
    attempt("int_divmod", lambda: a % b, (1, 2))
for value in (1,), (1, 2, 3), [1, 2], None, ("a", 2), (1, "b"):
    attempt("int_divmod", lambda: divmod(1 << 20000, 1 << 10000), value)


class Failing:
    def __call__(self, *args):
        raise RuntimeError("no")


with mock.patch.object(_pylong, "int_divmod", Failing()):
    try:
        divmod(1 << 20000, 1 << 10000)
    except RuntimeError as error:
        print(error)

# The module's own functions give what they always do, whatever the size.
n = 7 ** 300_000
print(int(str(n)) == n, divmod(n * n + 5, n) == (n, 5), _pylong.int_divmod(n * n + 5, n) == (n, 5))
n = 3 ** 1_300_000
print(int(str(n)) == n, divmod(n << 700_000, n) == (1 << 700_000, 0))
