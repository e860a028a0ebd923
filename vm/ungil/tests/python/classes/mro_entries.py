"""__mro_entries__ replaces what is no class among the bases."""


class Marker:
    def __init__(self, *bases):
        self.bases = bases

    def __mro_entries__(self, bases):
        print("entries of", len(bases), "bases")
        return self.bases


class A:
    pass


class B(Marker(A), Marker()):
    pass


print([c.__name__ for c in B.__mro__], len(B.__orig_bases__))


class Generic(list[int]):
    pass


print(Generic.__mro__[1], Generic.__orig_bases__, Generic([1]))


class Wrong:
    def __mro_entries__(self, bases):
        return 5


try:

    class D(Wrong()):
        pass

except TypeError as error:
    print(error)
try:
    type("E", (Marker(A),), {})
except TypeError as error:
    print(error)
