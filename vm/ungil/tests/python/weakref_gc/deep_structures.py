"""Very deep structures are freed without deep recursion: lists, tuples, dicts, instances, generators, closures."""


class Node:
    def __init__(self, next):
        self.next = next


def wrap_list(x):
    return [x]


def wrap_tuple(x):
    return (x,)


def wrap_dict(x):
    return {"k": x}


def wrap_closure(x):
    return lambda: x


def wrap_method(x):
    return Node(x).__init__


def wrap_iterator(x):
    return iter([x])


for wrap in (wrap_list, wrap_tuple, wrap_dict, wrap_closure, wrap_method, wrap_iterator, Node):
    x = None
    for _ in range(100000):
        x = wrap(x)
    del x
    print(wrap.__name__, "freed")
count = 0


class Counted:
    def __init__(self, next):
        self.next = next

    def __del__(self):
        global count
        count += 1


x = None
for _ in range(50000):
    x = Counted(x)
del x
print(count)
