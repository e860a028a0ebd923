"""The assignment expression and where it binds."""

if (n := len("abc")) > 2:
    print(n)
print((a := 1) + (b := 2), a, b)
data = iter([1, 2, 0, 3])
while value := next(data):
    print(value)
print([(x, y) for x in range(4) if (y := x * x) > 1], y)
print(any((witness := n) > 3 for n in [1, 5, 2]), witness)


def f(x, y=(default := 7)):
    return (z := x + y), z


print(f(1), default)
total = 0
print([total := total + v for v in range(5)], total)


def in_function():
    values = [w := i for i in range(3)]
    return values, w, "w" in locals()


print(in_function())
print({(k := i): (v := k * 2) for i in range(2)}, k, v)
lst = [0, 1]
lst[i := 1] = "set"
print(lst, i)
print(f"{(fs := 10)}", fs, f"{fs:=5}")
c = (d := (e := 3))
print(c, d, e, (lambda: (inner := 2) * inner)())


def closure():
    def get():
        return late

    if (late := "bound") and True:
        return get()


print(closure())
print((g := lambda: 5)(), g())
