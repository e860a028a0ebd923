"""A collection that a program asks for finds classes that nothing refers to, whatever calls before it have left on the stacks; none stays for good."""
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
ASKING = (ask_plainly, ask_for_generation, ask_by_name, ask_with_function, ask_with_arguments)
made = []
left = 0
for ask in ASKING:
    for depth in (0, 1, 7):
        watched = make(depth)
        ask()
        left += sum(ref() is not None for ref in watched)
        made += watched
# A search that takes any word on a stack for a reference may meet one that names a class by chance: whether depends on the build.
# What keeps the last class keeps all three.
print(left < 3, len(made))
for _ in range(10):
    sorted(map(str, range(100)), key=lambda text: len(text))
    gc.collect()
print([ref() for ref in made if ref() is not None])
