"""Contexts of decimals: settings, flags and traps, the current one, local ones, threads' own, copies and pickles."""

import contextvars
import copy
import pickle
import threading
from decimal import *

D = Decimal


def show(*texts):
    for text in texts:
        try:
            print(text, "->", repr(eval(text)))
        except Exception as error:
            print(text, "!!", type(error).__name__, error)


c = Context(prec=5, rounding=ROUND_UP, traps=[])
show(
    "getcontext()", "c", "BasicContext", "ExtendedContext", "IEEEContext(64)", "IEEEContext(63)",
    "c.divide(1, 3)", "c.flags[Inexact], c.traps[Inexact]", "c", "c.create_decimal('1.234567')",
    "c.create_decimal(0.1)", "c.create_decimal_from_float(1.5)", "c.sqrt(2)", "c.power(2, 10)", "c.add(1, '2')",
    "c.Etiny(), c.Etop()", "sorted(s.__name__ for s, on in c.flags.items() if on)", "len(c.flags)", "c.flags[3]",
    "Context(prec=0)", "Context(Emin=1)", "Context(rounding='up')", "Context(flags=3)", "Context(capitals=2)",
)
for statement in ("c.prec = 'a'", "c.prec = 10**30", "del c.prec", "c.traps = {}", "c.rounding = None"):
    try:
        exec(statement)
    except Exception as error:
        print(statement, "!!", type(error).__name__, error)
c.clear_flags()
c.traps[Rounded] = True
show("c.add(D('1.23456'), 1)", "c.copy()", "copy.copy(c)", "pickle.loads(pickle.dumps(c))")
with localcontext(prec=3) as local:
    print(D(2) / 3, getcontext() is local)
    with localcontext(Context(prec=6, rounding=ROUND_DOWN)):
        print(D(2) / 3)
    print(D(2) / 3)
print(D(2) / 3)

# A changed context, and contexts of context variables.
getcontext().prec = 7
print(D(1) / 7)


def elsewhere():
    print("elsewhere", getcontext().prec)
    getcontext().prec = 4
    setcontext(Context(prec=2))
    print("elsewhere", D(1) / 7)


contextvars.copy_context().run(elsewhere)
print(D(1) / 7)
thread = threading.Thread(target=lambda: print("thread", D(1) / 7))
thread.start()
thread.join()
setcontext(DefaultContext)
print(getcontext() is DefaultContext, getcontext().prec)


class Rounding(Context):
    def __init__(self, places):
        super().__init__(prec=places)
        self.places = places


own = Rounding(4)
setcontext(own)
print(D(2) / 3, getcontext().places)
flags = own.flags
print(flags is own.flags, flags == own.flags.copy(), flags == own.traps, repr(flags)[:40])
setcontext(DefaultContext)
getcontext().traps[FloatOperation] = True
show("D(1.5)", "D(1) < 1.5", "D(1) == 1.5", "D.from_float(1.5)")
