# `_csv`: dialects and their errors, readers on whole and damaged tables, writers in every way of quoting.
import _csv, io, csv

def tr(f, *a, **k):
    try:
        print(repr(f(*a, **k)))
    except BaseException as e:
        print(type(e).__module__, type(e).__name__, e)
print(_csv.Reader, _csv.Writer, _csv.reader, type(_csv.reader([])), _csv.Dialect, _csv.Error.__mro__)
tr(_csv.Reader)
tr(_csv.Writer)
for k, vs in dict(delimiter=['', 'ab', 3, None, b',', '\n', ' ', '\r'], quotechar=['', 'ab', 3, None, '\n', ' '], escapechar=['', 'ab', 3, None, ' ', '\r'], lineterminator=['', 3, None, 'abc', ','], quoting=[-1, 6, 'a', None, 5, 4, 2 ** 70, True], doublequote=[0, 'a', None, []], skipinitialspace=[1], strict=[1]).items():
    for v in vs:
        print(k, repr(v), end=' ')
        tr(lambda: [getattr(_csv.Dialect(**{k: v}), n) for n in 'delimiter doublequote escapechar lineterminator quotechar quoting skipinitialspace strict'.split()])
tr(lambda: _csv.Dialect(skipinitialspace=1, quotechar=' '))
tr(lambda: _csv.Dialect(delimiter='"'))
tr(lambda: _csv.Dialect(escapechar='"'))
tr(lambda: _csv.Dialect(escapechar=','))
tr(lambda: _csv.Dialect(quotechar=None, quoting=1))
tr(lambda: _csv.Dialect(nope=1))
tr(lambda: _csv.Dialect('nope'))
tr(lambda: _csv.Dialect(3).delimiter)
d = _csv.Dialect()
print(_csv.Dialect(d) is d)
tr(setattr, d, 'delimiter', ';')
tr(delattr, d, 'delimiter')
tr(setattr, d, 'quoting', 1)
tr(setattr, d, 'lineterminator', 'a')
tr(setattr, d, 'strict', 1)
tr(_csv.register_dialect, 3)
tr(_csv.register_dialect)
tr(_csv.register_dialect, 'a', 3)
tr(_csv.register_dialect, 'a', delimiter=3)
tr(_csv.register_dialect, 'abc', delimiter=';')
print(_csv.get_dialect('abc').delimiter)
tr(_csv.get_dialect, 'q')
tr(_csv.get_dialect, 3)
tr(_csv.list_dialects)
tr(_csv.unregister_dialect, 'q')
tr(_csv.unregister_dialect, 'abc')
tr(_csv.register_dialect, 'a', 1, 2)
tr(_csv.register_dialect, name='a')
tr(_csv.field_size_limit)
tr(_csv.field_size_limit, 'a')
tr(_csv.field_size_limit, 10)
tr(list, _csv.reader(['a,bbbbbbbbbbbbbbbbbbb']))
_csv.field_size_limit(131072)
tr(_csv.reader)
tr(_csv.reader, 3)
tr(_csv.reader, [], 'nope')
tr(_csv.reader, [], 3, 4)
tr(_csv.reader, [], foo=3)
tr(list, _csv.reader([b'a']))
tr(list, _csv.reader([3]))
tr(_csv.writer)
tr(_csv.writer, 3)
tr(_csv.writer, io.StringIO(), 'nope')

def r(lines, **k):
    tr(lambda: list(_csv.reader(lines, **k)))
r(['a,b\r\n', 'c,"d\n', 'e"\n', ''])
r(['a\rb'])
r(['"a"b'])
r(['"a"b'], strict=1)
r(['"a'], strict=1)
r(['"a'])
r(['a\\,b,c'], escapechar='\\')
r(['a\\\nb'], escapechar='\\')
r(['"a\\"b"'], escapechar='\\')
r(['a, b'], skipinitialspace=1)
r(['1,"2",,x'], quoting=2)
r(['1,"2",,3.5'], quoting=2)
r(['1,"2",,""'], quoting=4)
r(['1,"2",,""'], quoting=5)
r(['"a""b"'])
r(['"a""b"'], doublequote=False)
r(["'a'"], quotechar="'")
r(['"a"'], quoting=3)
r(['\n', 'a\n\n'])
r(['a,b\nc'])
r(['a\\'], escapechar='\\')
r(['"a\\'], escapechar='\\')
r(['a\x00b'])
r(['a  b'], delimiter=' ', skipinitialspace=1)
r(['', '', 'a'])
r(['a\r\n'], escapechar='\r')

def w(row, **k):
    s = io.StringIO()
    try:
        n = _csv.writer(s, **k).writerow(row)
        print(n, repr(s.getvalue()))
    except BaseException as e:
        print(type(e).__module__, type(e).__name__, e)
import decimal, fractions

class N:

    def __float__(s):
        return 1.5

    def __str__(s):
        return 'N'

class Bad:

    def __str__(s):
        1 / 0
for k in [{}, dict(quoting=1), dict(quoting=2), dict(quoting=3), dict(quoting=4), dict(quoting=5), dict(quoting=3, escapechar='\\'), dict(escapechar='\\', doublequote=0), dict(doublequote=0), dict(delimiter=' ', skipinitialspace=1), dict(delimiter=' ', skipinitialspace=1, quoting=3, escapechar='\\'), dict(skipinitialspace=1), dict(lineterminator='!'), dict(lineterminator='xy'), dict(quotechar=None), dict(quotechar="'", quoting=1), dict(quoting=4, delimiter=' ', skipinitialspace=1), dict(escapechar='\\')]:
    print(k)
    for row in [[], [''], [None], ['', ''], ['a', 1, 2.5, None, ''], ['a b', ' a', 'a '], ['a,b'], ['a"b'], ['a\nb'], ['a\rb'], ['a\\b'], ["it's"], [N(), True, 1j, decimal.Decimal(3), b'x'], ['x', 'y!'], 'ab', ('\x00',), [' ', '  ', 'x'], ['é', '😀', '\ud800'], [None, None]]:
        w(row, **k)
w(3)
w([Bad()])
tr(lambda: _csv.writer(io.StringIO()).writerows([[1], [2]]))
tr(lambda: _csv.writer(io.StringIO()).writerows(3))
tr(lambda: _csv.writer(io.StringIO()).writerows([3]))
tr(lambda: _csv.writer(io.StringIO()).writerow())
x = _csv.reader(['a', '"b\nc"'])
print(x.line_num, next(x), x.line_num, x.dialect.quotechar, iter(x) is x, next(x), x.line_num)
tr(setattr, x, 'line_num', 3)
tr(setattr, x, 'dialect', 3)
tr(next, x)
y = _csv.writer(io.StringIO())
print(y.dialect.delimiter)
tr(setattr, y, 'dialect', 3)
import copy, pickle
tr(copy.copy, d)
tr(pickle.dumps, d)
tr(copy.copy, x)

class E2(csv.Dialect):
    delimiter = ';'
    quoting = 0
    lineterminator = '\n'
    quotechar = '"'
print(_csv.reader([], E2).dialect.delimiter, _csv.reader([], E2, delimiter='|').dialect.delimiter)

class E3:
    delimiter = 3
tr(_csv.reader, [], E3)
