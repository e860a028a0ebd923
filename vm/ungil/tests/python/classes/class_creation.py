"""Class bodies are code: conditionals, loops, locals, the namespace, and keywords of class statements."""


class C:
    for i in range(3):
        locals()[f"m{i}"] = i
    if i > 1:
        big = True
    else:
        small = True
    total = sum(range(i))
    del i
    try:
        oops
    except NameError:
        caught = True
    with open("class_creation.py") as f:
        first = f.readline()[:3]
    del f
    lambda_result = (lambda: 5)()


print(sorted(n for n in vars(C) if not n.startswith("__")))
print(sorted(n for n in vars(C) if n.startswith("__")))
print(C.first, C.m2)


def make(n):
    class Made:
        value = n

        def get(self):
            return n, Made, self.value

    return Made


One, Two = make(1), make(2)
print(One().get()[0], Two().get()[0], One.__qualname__, One is not Two, One().get()[1] is One)
bases = (list, )
class FromStar(*bases, **{"metaclass": type}):
    pass
print(FromStar([1]))
