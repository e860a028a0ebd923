"""concurrent.futures.ThreadPoolExecutor: map, submit, exceptions, callbacks."""

from concurrent.futures import ThreadPoolExecutor, as_completed, wait

with ThreadPoolExecutor(max_workers=4) as pool:
    print(list(pool.map(lambda x: x * x, range(10))))
    futures = [pool.submit(pow, 2, n) for n in range(5)]
    print([f.result() for f in futures], all(f.done() for f in futures))
    failing = pool.submit(lambda: 1 / 0)
    print(repr(failing.exception()))
    try:
        failing.result()
    except ZeroDivisionError as error:
        print(error)
    called = []
    future = pool.submit(str, 5)
    future.add_done_callback(lambda f: called.append(f.result()))
    done, pending = wait([future])
    print(len(done), len(pending))
    print(sorted(f.result() for f in as_completed(pool.submit(abs, -n) for n in range(4))))
print(called)
try:
    pool.submit(print)
except RuntimeError as error:
    print(error)
