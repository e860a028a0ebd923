"""Threads with little stack: what recurses deep ends in an exception or in an answer, never in a crash."""

import ast
import json
import threading
import types


def nested(make, innermost, depth):
    made = innermost
    for _ in range(depth):
        made = make(made)
    return made


def in_thread(kilobytes, function, *args):
    """What the function gives in a thread with so much stack: the name of an exception, or `an answer`."""
    results = []

    def run():
        try:
            function(*args)
            results.append("an answer")
        except BaseException as error:
            results.append(type(error).__name__)

    threading.stack_size(kilobytes * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results.pop()


lists = nested(lambda made: [made], 1, 100_000)
for kilobytes in (64, 256, 1024, 0):
    print(kilobytes, in_thread(kilobytes, repr, lists), in_thread(kilobytes, json.dumps, lists), in_thread(kilobytes, sum, [1, 2]))

# As deep as these are, an answer is as good as an exception.
ENDS = ("an answer", "RecursionError", "MemoryError")
proxies = nested(types.MappingProxyType, {}, 20_000)
methods = nested(lambda made: types.MethodType(made, 1), print, 20_000)
for name, function, arguments in [
    ("length", len, [proxies]),
    ("key", lambda: 1 in proxies, []),
    ("iterator", iter, [proxies]),
    ("hash", hash, [methods]),
    ("attribute", getattr, [methods, "__text_signature__", None]),
    ("tree of an operator", ast.parse, ["1" + "+1" * 50_000]),
    ("tree of attributes", ast.parse, ["a" + ".b" * 50_000]),
    ("tree of conditions", ast.parse, ["if 1: pass\n" + "elif 1: pass\n" * 20_000]),
]:
    print(name, in_thread(4096, function, *arguments) in ENDS)
print("optimized", in_thread(4096, compile, "-" * 3000 + "1", "f", "exec", ast.PyCF_OPTIMIZED_AST) in ENDS)
