"""A collection that a program asks for finds classes that nothing refers to, whatever calls before it have left on the stacks."""
import gc
import weakref


def make(depth):
    """Classes and an instance, made by natives that call Python some times over."""
    if depth:
        return next(map(make, [depth - 1]))

    class A:
        pass

    class B(list):
        pass

    class C(B, A):
        def __init__(self):
            self.me = self

    made = C()
    A.instance = made
    sorted([C, B, A], key=lambda cls: cls.__name__)
    return [weakref.ref(cls) for cls in (A, B, C)]


def ask_plainly():
    return gc.collect()


def ask_for_generation():
    return gc.collect(2)


def ask_by_name():
    return gc.collect(generation=2)


def ask_with_function():
    collect = gc.collect
    return collect()


def ask_with_arguments():
    return gc.collect(*[2])


gc.disable()
gc.collect()
for ask in (ask_plainly, ask_for_generation, ask_by_name, ask_with_function, ask_with_arguments):
    for depth in (0, 1, 7):
        watched = make(depth)
        found = ask()
        print(ask.__name__, depth, found > 0, [ref() for ref in watched])
print(gc.collect())
