"""What a function object has: names, code, defaults, attributes of its own, and equality."""


def f(a, b=1, *args, c=2, **kw):
    """The docstring."""
    local = a
    return local


print(f.__name__, f.__qualname__, f.__module__, f.__doc__)
print(f.__defaults__, f.__kwdefaults__, f.__dict__, f.__closure__)
code = f.__code__
print(code.co_name, code.co_argcount, code.co_kwonlyargcount, code.co_varnames, code.co_nlocals)
print(code.co_flags & 0x0F, code.co_firstlineno, code.co_filename.rpartition("/")[2])
f.note = "own attribute"
print(f.note, f.__dict__, vars(f))
f.__name__ = "renamed"
f.__doc__ = None
print(f.__name__, f.__qualname__, f.__doc__)


class C:
    def m(self, x):
        return self, x

    def nested(self):
        def inner():
            pass

        return inner


print(C.m.__qualname__, C().nested().__qualname__, (lambda: 0).__qualname__)
c = C()
bound = c.m
print(bound.__self__ is c, bound.__func__ is C.m, bound.__name__, bound == c.m, bound is c.m)
print(bound(1) == (c, 1), C.m(c, 2) == (c, 2), hash(bound) == hash(c.m), C().m == c.m)
try:
    bound.attr = 1
except AttributeError as error:
    print(error)
f.__code__ = (lambda a, b=0: "other code").__code__
print(f(1))
try:
    f.__code__ = 5
except TypeError as error:
    print(error)
print(callable(f), callable(C), callable(c), type(f).__name__, type(bound).__name__, type(len).__name__)
print(len.__name__, [].append.__self__, str.upper.__name__, type(str.upper).__name__, str.upper("a"))
g = type(f)(f.__code__, globals(), "made", (7, 8))
print(g(), g.__name__, g.__defaults__)
print(f == g, f == f, f != g)
