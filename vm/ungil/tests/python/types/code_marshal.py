"""Code objects through marshal: they run as before, are equal to what they were, and damage is refused."""
import marshal
import types

SOURCE = '''
def f(a, b=2, *c, d=4, **e):
    "doc"
    def g(x):
        return x + a
    return [g(i) for i in (1, 2, (3, "x")[0])], "a" in {"a", "b"}, 1j, 10**30, b"z", ...

class K:
    y: int = 3

    def m(self):
        yield self.y

print(f(1, 2, 3, z=1), list(K().m()), f.__doc__, f.__code__.co_filename, K.__annotations__)
'''
code = compile(SOURCE, "made.py", "exec")
data = marshal.dumps(code)
again = marshal.loads(data)
exec(again, {"__name__": "made"})
print(again == code, hash(again) == hash(code), again.co_name, type(again) is types.CodeType)
print(code == compile(SOURCE, "other.py", "exec"), code == compile(SOURCE + "x = 1", "made.py", "exec"))
print(compile("1", "", "eval") == compile("1.0", "", "eval"), compile("0.0", "", "eval") == compile("-0.0", "", "eval"))
print(marshal.loads(marshal.dumps([code, {1: (code,)}])) == [code, {1: (code,)}])
for call in (lambda: marshal.dumps(code, allow_code=False), lambda: marshal.loads(data, allow_code=False)):
    try:
        call()
    except ValueError as error:
        print(error)
