# `_testcapi`: exceptions printed as the interpreter does it, C's limits, threads that Python has not started, attributes that
# are numbers of C.
import _testcapi as t
import io
import sys
import warnings


def attempt(f, *args, **kwargs):
    try:
        print(repr(f(*args, **kwargs)))
    except BaseException as e:
        print(type(e).__name__, e)


def fail(n):
    if n:
        return fail(n - 1)
    raise ValueError("no")


sys.stderr = sys.stdout
try:
    fail(5)
except ValueError as e:
    text = io.StringIO()
    t.traceback_print(e.__traceback__, text)
    lines = text.getvalue().splitlines()
    print(lines[0], len(lines), lines[-3], lines[-1])
for odd in 3, None, "text":
    t.exception_print(odd)
attempt(t.raise_exception, ValueError, 3)
attempt(t.raise_exception, 3, 1)
attempt(t.raise_exception, ValueError, "a")
made = t.make_exception_with_doc("a.b", "words", (KeyError, TypeError), {"c": 1})
print(made.__module__, made.__name__, made.__doc__, made.__bases__, made.c)
attempt(t.make_exception_with_doc, "a")
print(t.err_givenexceptionmatches(ValueError, (KeyError, ((Exception,),))))
print(t.err_givenexceptionmatches(ValueError(), (KeyError, ((LookupError,),))))
print(t.INT_MAX, t.LLONG_MIN, t.SIZE_MAX, t.FLT_MAX)
attempt(t.config_get, "code_debug_ranges")
attempt(t.config_get, "nope")

kept = []
t.call_in_temporary_c_thread(lambda: kept.append("ran"))
t.call_in_temporary_c_thread(lambda: kept.append("too"), False)
t.join_temporary_c_thread()
print(kept)

o = t._test_structmembersType_NewAPI(T_UINT=7, T_DOUBLE=1.5, T_STRING_INPLACE="hello")
print(o.T_UINT, o.T_DOUBLE, o.T_STRING_INPLACE, repr(o.T_CHAR), o.T_BOOL)
for name in "T_BOOL", "T_BYTE", "T_UINT", "T_LONGLONG", "T_PYSSIZET", "T_FLOAT", "T_CHAR":
    for value in True, -1, 300, 2**40, 2**70, 1.1, "a":
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                setattr(o, name, value)
                print(name, repr(value), getattr(o, name), [str(w.message) for w in told])
            except Exception as e:
                print(name, repr(value), type(e).__name__, e)
attempt(delattr, o, "T_INT")


async def wait():
    return await t.awaitType(iter([1, 2]))


waiting = wait()
print(waiting.send(None), waiting.send(None))
waiting.close()
