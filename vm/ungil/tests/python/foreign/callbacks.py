"""Python functions that C calls: results, exceptions, other threads, what is kept alive."""

import gc
import sys
import threading
import weakref
from ctypes import *

libc = CDLL(None)
COMPARE = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
libc.qsort.argtypes = [c_void_p, c_size_t, c_size_t, COMPARE]
libc.qsort.restype = None


def compare(a, b):
    return a[0] - b[0]


values = (c_int * 6)(5, 1, 4, 2, 3, 0)
libc.qsort(values, len(values), sizeof(c_int), COMPARE(compare))
print(list(values))

for kind, value in [(c_byte, -3), (c_ubyte, 200), (c_short, -300), (c_ushort, 60000), (c_int, -5), (c_uint, 2**32 - 1), (c_long, -2**40),
                    (c_ulonglong, 2**64 - 1), (c_float, 1.5), (c_double, -2.25), (c_longdouble, 0.5), (c_bool, True), (c_char, b"x"),
                    (c_wchar, "\u20ac"), (c_void_p, 4096), (c_void_p, None), (py_object, [1, 2])]:
    echo = CFUNCTYPE(kind, kind)(lambda v: v)
    assert echo(value) == value, (kind, value, echo(value))
print("results are what was given")


class Pair(Structure):
    _fields_ = [("a", c_int), ("b", c_double)]


total = CFUNCTYPE(c_double, Pair, c_int)(lambda pair, n: pair.a + pair.b + n)
print(total(Pair(1, 2.5), 3))
nothing = CFUNCTYPE(None, c_int)(lambda n: "ignored")
print(nothing(1))


def show(*texts):
    for text in texts:
        try:
            print(text, "->", repr(eval(text)))
        except Exception as e:
            print(text, "->", f"{type(e).__name__}: {e}")


show("CFUNCTYPE(Pair)(lambda: None)", "CFUNCTYPE(POINTER(c_int))(lambda: None)", "CFUNCTYPE(c_int, c_int)(lambda n: n)()", "total(1, 2)")

# Exceptions go to the hook for those that nobody can catch.
seen = []
sys.unraisablehook = lambda args: seen.append((args.exc_type.__name__, str(args.exc_value)))
fails = CFUNCTYPE(c_int, c_int)(lambda n: 1 // n)
print(fails(1), type(fails(0)), seen)
wrong = CFUNCTYPE(c_int)(lambda: "text")
print(type(wrong()), seen[1:])
sys.unraisablehook = sys.__unraisablehook__

# Calls within calls
depth = CFUNCTYPE(c_int, c_int)(lambda n: n if n > 20 else depth(n + 1))
print(depth(0))

# From threads that Python has started, and one that C has: a timer's.
results = []
threads = [threading.Thread(target=lambda n=n: results.append(total(Pair(n, 0.5), n))) for n in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(sorted(results))

START = CFUNCTYPE(c_void_p, c_void_p)
libc.pthread_create.argtypes = [POINTER(c_ulong), c_void_p, START, c_void_p]
libc.pthread_join.argtypes = [c_ulong, POINTER(c_void_p)]
idents, local = [], threading.local()


def work(argument):
    local.value = argument
    idents.append(threading.get_ident())
    total = sum(len(str(n)) for n in range(1000))
    return argument * 2 + total


start = START(work)
handles = [c_ulong() for _ in range(3)]
for n, handle in enumerate(handles):
    assert libc.pthread_create(byref(handle), None, start, n + 1) == 0
answers = []
for handle in handles:
    result = c_void_p()
    libc.pthread_join(handle, byref(result))
    answers.append(result.value)
print(sorted(answers), len(idents), threading.get_ident() in idents)


# What a callback refers to lives as long as it, cycles with it end.
class Thing:
    def method(self):
        return 7


thing = Thing()
alive = weakref.ref(thing)
callback = CFUNCTYPE(c_int)(thing.method)
del thing
gc.collect()
print(callback(), alive() is not None)
del callback
gc.collect()
print(alive())
thing = Thing()
thing.callback = CFUNCTYPE(c_int)(thing.method)
alive = weakref.ref(thing)
del thing
gc.collect()
print(alive())
try:
    pythonapi.no_such_symbol
except AttributeError as e:
    print(str(e).rpartition(": ")[2])

# An exception in another thread
set_async_exc = pythonapi.PyThreadState_SetAsyncExc
set_async_exc.argtypes = (c_ulong, py_object)
running, caught = threading.Event(), []


def loop():
    try:
        running.set()
        while True:
            pass
    except KeyError as e:
        caught.append(type(e))


t = threading.Thread(target=loop)
t.start()
running.wait()
print(set_async_exc(t.ident, KeyError), set_async_exc(c_ulong(-1), KeyError))
t.join()
print(caught)
