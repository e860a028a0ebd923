"""Daemon threads do not keep the program alive; the others do."""

import threading

never = threading.Event()
started = threading.Event()


def forever():
    started.set()
    never.wait()
    print("never printed")


d = threading.Thread(target=forever, daemon=True)
d.start()
started.wait()
print(d.is_alive(), d.daemon)
release = threading.Event()


def late():
    release.wait()
    print("printed after the main thread's last line")


inherits = []
t = threading.Thread(target=late)
t.start()
check = threading.Thread(target=lambda: inherits.append(threading.Thread().daemon), daemon=True)
check.start()
check.join()
print(inherits)
print("last line of the main thread")
release.set()
