"""super: without arguments, with them, in class methods, in nested functions, and its errors."""


class Base:
    attr = "base attr"

    def __init__(self, *args):
        print("Base.__init__", args)

    def m(self):
        return "Base.m"

    @classmethod
    def c(cls):
        return "Base.c " + cls.__name__

    @staticmethod
    def s():
        return "Base.s"

    @property
    def p(self):
        return "Base.p"


class Child(Base):
    attr = "child attr"

    def __init__(self, x):
        super().__init__(x, x)

    def m(self):
        return super().m() + "+" + super(Child, self).m() + "+" + Base.m(self)

    @classmethod
    def c(cls):
        return super().c()

    @staticmethod
    def s():
        return super(Child, Child).s()

    @property
    def p(self):
        return super().p + "!" + super().attr

    def in_nested(self):
        def inner():
            return super(Child, self).m()

        class Local:
            def get(self, outer):
                return __class__.__name__

        return inner(), [super(Child, self).m() for _ in range(1)], Local().get(self)


c = Child(1)
print(c.m(), Child.c(), c.s(), c.p, c.in_nested())


class Comprehension(Base):
    def run(self):
        return [super().m() for _ in range(2)], list(super(Comprehension, self).m() for _ in range(1))


try:
    print(Comprehension().run())
except TypeError as error:
    print(error)


class Errors(Base):
    def no_args():
        return super()

    def deleted(self):
        del self
        return super()

    def missing(self):
        return super().nothing


for call in (
    lambda: Errors.no_args(),
    lambda: Errors().deleted(),
    lambda: Errors().missing(),
    lambda: super(),
    lambda: super(Child, 5),
    lambda: super(5, c),
):
    try:
        call()
    except (RuntimeError, TypeError, AttributeError) as error:
        print(type(error).__name__, error)


def outside(self):
    return super()


try:
    outside(c)
except RuntimeError as error:
    print(error)
s = super(Child, c)
print(s.__thisclass__.__name__, s.__self__ is c, s.__self_class__.__name__, type(s).__name__)
print(super(Child, Child).c(), super(Child, Child).m(c))


class Special(Base):
    def __getitem__(self, key):
        return key

    def __len__(self):
        return 3


class Sub(Special):
    def __getitem__(self, key):
        return ("sub", super().__getitem__(key))

    def __len__(self):
        return super().__len__() + 1


sub = Sub()
print(sub[1], len(sub))
try:
    super(Sub, sub)[1]
except TypeError as error:
    print(error)


class Setter(Base):
    def __setattr__(self, name, value):
        super().__setattr__(name, value + 1)


x = Setter()
x.n = 1
print(x.n)
