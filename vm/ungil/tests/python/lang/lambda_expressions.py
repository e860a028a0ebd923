"""lambda: parameters of every kind, nesting, defaults, names."""

print((lambda: 5)(), (lambda x, y=2: x + y)(1), (lambda *a, **k: (a, k))(1, z=2))
print((lambda x: lambda y: x - y)(10)(3))
print((lambda *, k: k)(k=1), (lambda a, /, b: a * b)(3, b=4))
print([(lambda n: n * i)(2) for i in range(3)])
f = lambda n: 1 if n < 2 else n * f(n - 1)
print(f(10), f.__name__, f.__qualname__)
print(sorted("bca", key=lambda c: -ord(c)), list(map(lambda a, b: a + b, [1, 2], [3, 4])))
print((lambda: (yield))().__class__.__name__)
print((lambda x: (x, x := 5))(1))
swap = lambda pair: (lambda a, b: (b, a))(*pair)
print(swap((1, 2)))
try:
    (lambda a: a)()
except TypeError as error:
    print(error)
table = {"+": lambda a, b: a + b, "-": lambda a, b: a - b}
print(table["-"](5, 3))
print((lambda s: s.format)("{}-{}")(1, 2))
print((lambda a=lambda: 3: a())())
