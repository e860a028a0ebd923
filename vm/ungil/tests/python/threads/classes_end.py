"""Threads make classes under one base, use them and lose them, while another thread collects."""

import gc
import threading
import weakref


class Base:
    def who(self):
        return "base"


errors = []
kept = []
refs = []
ROUNDS = 60
THREADS = 4


def work(n):
    try:
        for i in range(ROUNDS):

            class Sub(Base):
                number = n, i

                def __init__(self, x):
                    self.x = x

                def who(self):
                    return "sub of " + super().who()

            instance = Sub(i)
            assert instance.who() == "sub of base" and instance.number == (n, i) and instance.x == i
            assert Sub in Base.__subclasses__()
            refs.append(weakref.ref(Sub))
            if i == ROUNDS // 2:
                kept.append(instance)
    except BaseException as error:
        errors.append(error)


threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    gc.collect()
for thread in threads:
    thread.join()
del threads, thread
gc.collect()
list(map(lambda _: gc.collect(), [0]))
print(errors)
print(sorted(instance.number for instance in kept))
alive = [ref() for ref in refs if ref() is not None]
print(len(refs), len(alive), {type(instance) for instance in kept} == set(alive) == set(Base.__subclasses__()))
