"""Thread: start, join, names, idents, arguments, subclasses, is_alive, errors of use."""

import threading

results = []


def work(a, b=0, *, c=0):
    results.append((a, b, c))


t = threading.Thread(target=work, args=(1, 2), kwargs={"c": 3}, name="worker")
print(t.name, t.is_alive(), t.ident, t.daemon)
t.start()
t.join()
print(results, t.is_alive(), t.ident is not None, t.native_id is not None)
try:
    t.start()
except RuntimeError as error:
    print(error)
try:
    threading.Thread().join()
except RuntimeError as error:
    print(error)
try:
    threading.current_thread().join()
except RuntimeError as error:
    print(error)


class Sub(threading.Thread):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def run(self):
        self.result = self.n * 2
        self.seen_name = threading.current_thread() is self


s = Sub(21)
s.start()
s.join()
print(s.result, s.seen_name)
print(threading.main_thread() is threading.current_thread(), threading.current_thread().name, threading.active_count())
print(threading.get_ident() == threading.main_thread().ident, [t.name for t in threading.enumerate()])
many = [threading.Thread(target=results.append, args=(i,)) for i in range(20)]
for t in many:
    t.start()
for t in many:
    t.join()
print(sorted(results[1:]), len(many))
t = threading.Thread(target=lambda: None)
t.name = "renamed"
t.daemon = True
print(t.name, t.daemon, repr(t))
t.start()
t.join(timeout=10)
print(t.is_alive())
try:
    t.daemon = False
except RuntimeError as error:
    print(error)
try:
    threading.Thread(None, None, "positional name", (1,), {}, bad=1)
except TypeError as error:
    print(error)
