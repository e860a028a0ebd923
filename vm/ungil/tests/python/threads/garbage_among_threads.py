"""What dies while several threads run: finalizers and callbacks run in bounded time, nothing is freed too early."""

import gc
import threading
import time
import weakref

SECONDS = 20
stop = False


def busy():
    n = 0
    while not stop:
        n += 1


def wait_for(condition, what):
    """Loops without blocking, so that this thread is never alone."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what} did not happen")


class Noisy:
    ended = 0

    def __init__(self, value):
        self.value = value

    def __del__(self):
        assert self.value is not None
        Noisy.ended += 1


class Phoenix:
    saved = []

    def __del__(self):
        Phoenix.saved.append(self)


def test_finalizers():
    shared = [Noisy([i]) for i in range(10)]
    Noisy.ended = 0
    while shared:
        shared.pop()
    wait_for(lambda: Noisy.ended == 10, "the last of ten finalizers")
    print("finalizers", Noisy.ended)


def test_weak_references():
    box = {"it": Noisy(1)}
    called = []
    ref = weakref.ref(box["it"], called.append)
    assert ref() is box["it"]
    del box["it"]
    wait_for(lambda: ref() is None and called, "the end of a weak reference")
    print("weak reference", ref(), len(called))


def test_resurrection():
    box = [Phoenix()]
    box.clear()
    wait_for(lambda: Phoenix.saved, "a resurrection")
    saved = Phoenix.saved.pop()
    assert type(saved) is Phoenix
    print("resurrected", type(saved).__name__)


def test_nested():
    """A structure that only one slot holds ends piece by piece."""
    top = Noisy([])
    for _ in range(500):
        top = [top, Noisy(0)]
    Noisy.ended = 0
    box = {"top": top}
    del top
    box.clear()
    wait_for(lambda: Noisy.ended == 501, "the end of a nested structure")
    print("nested", Noisy.ended)


def test_handed_back():
    """A reference that one thread drops while another still uses what it read from the same place."""
    slot = [("first", [0])]
    failed = []

    def read():
        for _ in range(20000):
            text, inner = slot[0]
            if not (isinstance(text, str) and len(inner) == 1):
                failed.append((text, inner))

    def write():
        for i in range(20000):
            slot[0] = (f"number {i}", [i])

    threads = [threading.Thread(target=f) for f in (read, write, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("handed back", failed)


def test_classes():
    """Instances may outlive the last other reference to their class."""
    for i in range(300):
        made = type(f"C{i}", (Noisy,), {"__slots__": ()})
        box = [made(i)]
        del made
        box.pop()
        if i % 50 == 0:
            gc.collect()
    print("classes")


def main():
    global stop
    threads = [threading.Thread(target=busy) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        test_finalizers()
        test_weak_references()
        test_resurrection()
        test_nested()
        test_handed_back()
        test_classes()
    finally:
        stop = True
    for thread in threads:
        thread.join()


main()
