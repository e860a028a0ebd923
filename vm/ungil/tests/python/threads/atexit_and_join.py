"""Threads that are not daemons are joined before atexit functions run."""

import atexit
import threading

atexit.register(lambda: print("atexit"))
ready = threading.Event()


def late():
    ready.wait()
    print("thread")


threading.Thread(target=late).start()
print("main")
ready.set()
