"""The same module imported by several threads at once is run once."""

import sys
import threading

barrier = threading.Barrier(4)
seen = []


def importing():
    barrier.wait()
    import string

    seen.append(string)


threads = [threading.Thread(target=importing) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(seen), all(m is seen[0] for m in seen), seen[0] is sys.modules["string"], seen[0].digits)
