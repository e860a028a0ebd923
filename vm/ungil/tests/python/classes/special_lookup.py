"""Special methods are looked up on the type, not on the instance."""


class C:
    def __len__(self):
        return 1


c = C()
c.__len__ = lambda: 100
c.__call__ = lambda: "called"
c.__str__ = lambda: "instance str"
print(len(c), c.__len__())
try:
    c()
except TypeError as error:
    print(error)
print(str(c).startswith("<__main__.C object"))
C.__call__ = lambda self: "on the class now"
print(c())
C.__len__ = lambda self: 7
print(len(c))
del C.__len__
try:
    len(c)
except TypeError as error:
    print(error)


class D:
    __len__ = None
    __iter__ = None
    __hash__ = None
    __contains__ = None


for action in (lambda: len(D()), lambda: iter(D()), lambda: hash(D()), lambda: 1 in D()):
    try:
        action()
    except TypeError as error:
        print(error)


class E:
    def __getattribute__(self, name):
        print("never for implicit calls")
        return super().__getattribute__(name)

    def __len__(self):
        return 3


print(len(E()))


class Late:
    pass


late = Late()
print(bool(late))
Late.__bool__ = lambda self: False
print(bool(late))
Late.__add__ = lambda self, other: ("add", other)
print(late + 1)


class Base:
    pass


class Derived(Base):
    pass


d = Derived()
Base.__eq__ = lambda self, other: "equal"
print(d == 1)
Base.__getitem__ = lambda self, key: key
print(d[5], list(zip(d, range(2))))
