"""Classes and instances: attributes, methods, class attributes shared and shadowed."""


class Dog:
    kind = "canine"
    tricks = []

    def __init__(self, name):
        self.name = name

    def speak(self):
        return f"{self.name} the {self.kind}"


a, b = Dog("Rex"), Dog("Ada")
print(a.speak(), Dog.speak(b))
a.kind = "wolf"
print(a.kind, b.kind, Dog.kind, a.__dict__, b.__dict__)
Dog.kind = "changed"
print(a.kind, b.kind)
del a.kind
print(a.kind)
a.tricks.append("roll")
print(b.tricks, Dog.__dict__["tricks"] is b.tricks)
Dog.new_method = lambda self, x: (self.name, x)
print(b.new_method(5))
b.instance_function = lambda x: x * 2
print(b.instance_function(4))
print(isinstance(a, Dog), type(a) is Dog, a.__class__ is Dog, Dog.__class__)
print(Dog.__name__, Dog.__module__, Dog.__bases__, Dog.__mro__)
print(repr(Dog), str(Dog), repr(a).startswith("<__main__.Dog object at 0x"))
print(getattr(a, "name"), getattr(a, "missing", "default"), hasattr(a, "missing"))
setattr(a, "name", "Max")
print(a.name, vars(a))
a.__dict__["direct"] = 1
print(a.direct)
a.__dict__ = {"name": "replaced"}
print(a.speak(), hasattr(a, "direct"))


class Cat:
    def speak(self):
        return "meow " + self.name


a.__class__ = Cat
print(a.speak(), type(a).__name__)
try:
    a.__class__ = int
except TypeError as error:
    print(error)
try:
    a.__dict__ = 5
except TypeError as error:
    print(error)


class Empty:
    pass


for call in (lambda: Empty(1), lambda: Empty(x=1), lambda: Dog(), lambda: Dog(1, 2), lambda: object(1)):
    try:
        call()
    except TypeError as error:
        print(error)
print(Empty() == Empty(), Empty() != Empty(), bool(Empty()))
e = Empty()
e.z, e.a, e.m = 1, 2, 3
print(list(e.__dict__), [n for n in dir(e) if not n.startswith("_")])
class Nested:
    class Inner:
        value = 1
    def make(self): return self.Inner()
print(Nested().make().value, Nested.Inner.__qualname__)
