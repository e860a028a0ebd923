"""Natives that are called all the time: where their shortcuts may answer and where not."""
class A: append = list.append; get = dict.get
for f in (lambda: A().append(1), lambda: A().get(1), lambda: len(), lambda: len(1, 2), lambda: len(3), lambda: isinstance(1), lambda: isinstance(1, 2), lambda: isinstance(1, (int, 2)), lambda: isinstance('a', (2, str)), lambda: [].append(), lambda: [].append(1, 2), lambda: {}.get(), lambda: {}.get(1, 2, 3), lambda: {}.get([]), lambda: {}.get([], 3)):
    try: print(f())
    except TypeError as e: print(e)
class L(list):
    def __len__(self): return 7
class M(type):
    def __instancecheck__(c, o): return o == 5
class K(metaclass=M): pass
class P:
    @property
    def __class__(self): return int
class D(dict):
    def __missing__(self, k): return 'm'
class E:
    def __hash__(self): return 1
    def __eq__(self, o): return True
l = L([1, 2]); l.append(3); print(len(l), list(l), len('é'), len(b'ab'), len({1}), len(range(5)), len({}), len(()))
print(isinstance(5, K), isinstance(6, K), isinstance(P(), int), isinstance(P(), (str, int)), isinstance(True, int), isinstance(1.0, (int, str)), isinstance(l, list), isinstance(l, (tuple, list)), isinstance(5, int | str), isinstance(K(), K))
d = D(a=1); print(d.get('a'), d.get('b'), d.get('b', 2), {1: 2}.get(1.0), {True: 3}.get(1), {E(): 4}.get('x'), {1: 2}.get(E()))
x = []
for i in range(100): x.append(i)
print(len(x), x[-1], sum(x))
import gc, weakref
class F:
    def __del__(self): print('del')
print(len([F()]))
print(isinstance(F(), F))
x = []; x.append(F()); x = None
print({}.get(F()))
print('end')
