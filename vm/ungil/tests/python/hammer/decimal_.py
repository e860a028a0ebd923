"""Many threads on one decimal context and on shared decimals: results are right, no flag is lost, contexts stay apart."""

import decimal
from decimal import Context, Decimal, Inexact, Overflow, Rounded, getcontext, localcontext

from _support import THREADS, in_threads, repeat

N = 200
LONG = Decimal("1234567890" * 40)
SHORT = Decimal("1.25")


def one_context():
    """All threads calculate in one context, while its precision changes between two values and its flags come and go."""
    shared = Context(prec=5, traps=[])
    wanted = {str(Context(prec=prec).divide(1, 3)) for prec in (5, 50)}

    def work(n):
        for i in range(N):
            if n == 0:
                shared.prec = 50 if i % 2 else 5
            assert str(shared.divide(1, 3)) in wanted
            shared.flags[Overflow] = True
            assert shared.flags[Inexact] and shared.flags[Rounded]
            assert shared.multiply(SHORT, SHORT) == Decimal("1.5625")
            assert len(shared.flags.copy()) == 9 and "Inexact" in repr(shared)

    in_threads(work)
    assert shared.flags[Overflow]


def own_contexts():
    """Each thread has a context of its own, whatever the others set."""

    def work(n):
        getcontext().prec = n + 3
        for _ in range(N):
            with localcontext(prec=n + 20):
                assert len(str(Decimal(1) / 3)) == n + 22
            assert len(str(Decimal(1) / 3)) == n + 5
            with localcontext(decimal.ExtendedContext) as context:
                context.prec = 1000
                assert LONG * LONG // LONG == LONG

    in_threads(work)


def shared_numbers():
    """Numbers made in one thread are used and dropped in others."""
    getcontext().prec = 500
    numbers = [Decimal(i) / 7 for i in range(50)] + [LONG + i for i in range(50)]

    def work(n):
        getcontext().prec = 500
        for i in range(N):
            place = (i * 13 + n) % 100
            number = numbers[place]
            assert number - number == 0 and hash(number) == hash(+number)
            numbers[place] = number + 1 - 1
        return n

    assert in_threads(work) == list(range(THREADS))
    assert [round(n * 7) for n in numbers[:50]] == list(range(50))
    assert numbers[50:] == [LONG + i for i in range(50)]


def flags_only_grow():
    """A flag that one thread raises is not lost while others raise theirs."""
    for _ in range(20):
        shared = Context(prec=3, Emax=9, Emin=-9, traps=[])
        operations = [
            lambda: shared.divide(1, 0),
            lambda: shared.divide(1, 3),
            lambda: shared.multiply(Decimal("9e9"), 10),
            lambda: shared.multiply(Decimal("1e-9"), Decimal("1e-9")),
        ]
        in_threads(lambda n: operations[n % 4]())
        raised = {signal.__name__ for signal, on in shared.flags.items() if on}
        assert raised >= {"DivisionByZero", "Inexact", "Rounded", "Overflow", "Underflow"}, raised


repeat(one_context, own_contexts, shared_numbers, flags_only_grow)
