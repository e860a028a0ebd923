"""Method resolution order: C3, its refusal, and attribute lookup along it."""


class A:
    def who(self):
        return "A"


class B(A):
    def who(self):
        return "B" + super().who()


class C(A):
    def who(self):
        return "C" + super().who()


class D(B, C):
    def who(self):
        return "D" + super().who()


print(D().who(), [c.__name__ for c in D.__mro__], D.mro() == list(D.__mro__))
try:

    class Bad(A, B):
        pass

except TypeError as error:
    print(error)
try:

    class Twice(A, A):
        pass

except TypeError as error:
    print(error)


class X:
    value = "X"


class Y:
    value = "Y"


class Z(X, Y):
    pass


print(Z.value, Z().value)
Z.__bases__ = (Y, X)
print(Z.value, [c.__name__ for c in Z.__mro__])
X.value = "changed"
Y.__dict__["value"]
del Y.value
print(Z.value)
print(X.__subclasses__() == [Z], Z.__base__.__name__, bool.__mro__)


class E(D):
    pass


print([c.__name__ for c in E.__mro__])
try:

    class F(int, str):
        pass

except TypeError as error:
    print(error)
try:

    class G(bool):
        pass

except TypeError as error:
    print(error)
try:
    class H(5):
        pass
except TypeError as error:
    print(error)
print(issubclass(E, A), issubclass(A, E), issubclass(bool, (str, int)))


class Meta(type):
    def mro(cls):
        return [cls, Extra] + type.mro(cls)[1:]


class Extra:
    extra = "by mro()"


class Custom(metaclass=Meta):
    pass


print(Custom.extra, [c.__name__ for c in Custom.__mro__])
