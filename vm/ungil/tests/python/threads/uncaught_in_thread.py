"""The traceback of an exception that a thread does not catch goes to stderr; the program goes on."""

import io
import sys
import threading


def inner(x):
    return 1 / x


def work():
    inner(0)


old, sys.stderr = sys.stderr, io.StringIO()
t = threading.Thread(target=work, name="worker")
t.start()
t.join()
text, sys.stderr = sys.stderr.getvalue(), old
lines = text.splitlines()
# Between these are the frames of the threading module, which are not compared.
start = next(i for i, line in enumerate(lines) if line.endswith("in work"))
print("\n".join(lines[:2]))
print(lines[start].rpartition("/")[2])
print("\n".join(lines[start + 1 : start + 3]))
print("\n".join(lines[start + 4 :]))
print("main goes on")
