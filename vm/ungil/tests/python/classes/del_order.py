"""__del__ runs at once when the last reference goes: rebinding, del, scope's end, containers, exceptions."""


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name)


a = Noisy("rebound")
a = Noisy("deleted")
print("after rebinding")
b = a
del a
print("one reference left")
del b
print("after del")


def scope():
    x = Noisy("x")
    y = Noisy("y")
    print("end of scope")


scope()
print("after scope")
Noisy("temporary")
print("after temporary")
l = [Noisy("l0"), Noisy("l1"), Noisy("l2")]
l[1] = None
print("after item")
l.pop()
print("after pop")
l.clear()
print("after clear")
d = {"k": Noisy("value")}
d["k"] = Noisy("new value")
print("after overwriting")
del d
print("after dict")
n = Noisy("outer")
n.child = Noisy("child")
del n
print("after tree")


def raises():
    local = Noisy("in traceback")
    raise ValueError


try:
    raises()
except ValueError as error:
    print("handling")
print("handled")


def generator():
    g = Noisy("in generator")
    yield 1
    yield 2


it = generator()
next(it)
del it
print("after generator")
print(Noisy("argument").name)
print([Noisy("element").name for _ in range(2)])
for i in range(2):
    loop = Noisy(f"loop {i}")
print("after loop")
del loop
t = (Noisy("in tuple"),)
u = t
del t
print("tuple alive")
u = None


def closure():
    captured = Noisy("captured")
    return lambda: captured


f = closure()
print("closure alive")
f = None
x, y = Noisy("swap 1"), Noisy("swap 2")
x, y = y, x
del x
print("swapped")
del y
s = {Noisy("in set")}
s.pop()
print("after set")
end = Noisy("at exit")
print("last line")
