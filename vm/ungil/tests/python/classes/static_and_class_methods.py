"""staticmethod and classmethod: from class and instance, wrapped, called directly, inherited."""


class C:
    @staticmethod
    def s(*args):
        return args

    @classmethod
    def c(cls, *args):
        return cls.__name__, args

    def plain():
        return "no self"

    alias = s
    called_in_body = s(1)


class D(C):
    pass


c, d = C(), D()
print(C.s(1), c.s(1), C.c(2), c.c(2), D.c(), d.c(), C.plain(), C.alias(3), C.called_in_body)
try:
    c.plain()
except TypeError as error:
    print(error)
print(type(C.__dict__["s"]).__name__, type(C.__dict__["c"]).__name__, C.__dict__["s"].__func__(5))
print(C.c.__self__ is C, C.s.__name__, C.__dict__["c"].__wrapped__.__name__)


class E:
    make = classmethod(lambda cls, n: (cls.__name__, n))
    builtin = staticmethod(len)
    raw_builtin = len

    @classmethod
    def alternative(cls, text):
        self = cls()
        self.text = text
        return self


class F(E):
    pass


print(E.make(1), E().builtin([1]), E().raw_builtin([1, 2]), type(F.alternative("t")).__name__, F.alternative("t").text)
try:
    C.__dict__["c"]()
except TypeError as error:
    print(error)


class Mixed:
    @classmethod
    def __init_subclass__(cls):
        print("subclass", cls.__name__)

    @staticmethod
    def __new__(cls):
        print("new")
        return object.__new__(cls)


class Sub(Mixed):
    pass


Sub()
s = staticmethod(5)
try:
    s()
except TypeError as error:
    print(error)
