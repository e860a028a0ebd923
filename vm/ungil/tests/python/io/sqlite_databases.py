# sqlite3: messages, transactions, rows, functions written in Python, blobs, copies; one connection in many threads.
import datetime, gc, sqlite3, threading, warnings

warnings.simplefilter("ignore")


def show(f):
    try:
        print(repr(f()).split(" at 0x")[0])
    except Exception as e:
        print(type(e).__name__, e, getattr(e, "sqlite_errorname", ""))


c = sqlite3.connect(":memory:")
for sql, args in [("select ?", ()), ("select ?", 5), ("select ?", [object()]), ("select :a", {"b": 1}), ("select :a", [1]),
                  ("select ?", {"b": 1}), ("select 1; select 2", ()), ("select \0", ()), ("", ()), ("select ?", ["\ud800"]),
                  ("select ?", [1 << 70]), ("selct", ()), ("select 1 -- x", ()), (5, ())]:
    show(lambda: c.execute(sql, args).fetchall())
show(lambda: c.executemany("select 1", [()]))
show(lambda: c.executescript("create table t(a integer primary key, b); insert into t values(1, 'x'); selct"))
show(lambda: c.cursor(factory=lambda x: 5))
show(lambda: sqlite3.connect(":memory:", isolation_level="q"))
show(lambda: sqlite3.connect(":memory:", autocommit=5))
show(lambda: sqlite3.connect("/nonexistent/a/b"))
show(lambda: c.create_function("a", -100, print))
show(lambda: sqlite3.adapt(object()))
print(c.in_transaction, c.isolation_level, c.autocommit)
cur = c.execute("insert into t(b) values(?), (?)", (2.5, b"\0y"))
print(cur.rowcount, cur.lastrowid, cur.description, c.in_transaction, c.total_changes)
show(lambda: c.execute("insert into t values(1, 2)"))
c.rollback()
c.executemany("insert into t(b) values(:x)", ({"x": i} for i in range(5)))
c.commit()
cur = c.execute('select a, b as "b [y]" from t')
print(cur.description[1][0], cur.fetchone(), cur.fetchmany(2), cur.fetchall(), cur.fetchone())
try:
    with c:
        c.execute("delete from t")
        1 / 0
except ZeroDivisionError:
    print(c.execute("select count(*) from t").fetchone())

c.row_factory = sqlite3.Row
row = c.execute("select 1 as x, 'q' as Y").fetchone()
print(row.keys(), row["X"], row[1], row[-1], row[0:2], len(row), tuple(row), row == row, hash(row) == hash(row))
show(lambda: row["z"])
show(lambda: row[5])
c.row_factory = None

# Values of other types.
sqlite3.register_adapter(datetime.timedelta, lambda d: d.total_seconds())
sqlite3.register_converter("span", lambda b: datetime.timedelta(seconds=float(b)))
d = sqlite3.connect(":memory:", detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES)
d.execute("create table s(v span)")
d.execute("insert into s values(?)", (datetime.timedelta(hours=1),))
print(d.execute("select v, v as 'v [span]', 7 as 'w [none]' from s").fetchone())
d.text_factory = bytes
print(d.execute("select 'x'").fetchone())
d.text_factory = lambda b: b.decode()[::-1]
print(d.execute("select 'xyz'").fetchone())


# What the library calls.
class Sum:
    def __init__(self):
        self.items = []

    def step(self, v):
        self.items.append(v)

    def inverse(self, v):
        self.items.remove(v)

    def value(self):
        return sum(self.items)

    finalize = value


c.create_function("twice", 1, lambda v: v * 2, deterministic=True)
c.create_function("bad", 0, lambda: 1 / 0)
c.create_function("odd", 0, lambda: [])
c.create_aggregate("total2", 1, Sum)
c.create_window_function("wsum", 1, Sum)
c.create_collation("back", lambda x, y: (x < y) - (x > y))
print(c.execute("select twice(4), twice('ab'), twice(x'01'), twice(1.5)").fetchone())
show(lambda: c.execute("select bad()").fetchone())
show(lambda: c.execute("select odd()").fetchone())
print(c.execute("select total2(a) from t").fetchone())
print(c.execute("select wsum(a) over (order by a rows between 1 preceding and 1 following) from t").fetchall())
print(c.execute("select column1 from (values('a'),('c'),('b')) order by 1 collate back").fetchall())
c.set_authorizer(lambda action, *rest: sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_DELETE else 0)
show(lambda: c.execute("delete from t"))
c.set_authorizer(None)
traced = []
c.set_trace_callback(traced.append)
c.execute("select ?", (5,))
c.set_trace_callback(None)
print(traced)
c.set_progress_handler(lambda: 1, 1)
show(lambda: c.execute("select count(*) from t, t, t").fetchone())
c.set_progress_handler(None, 0)


def again():
    return inner.execute("select 1")


inner = c.execute("select 1 union select 2")
c.create_function("again", 0, lambda: again() and 1)
show(lambda: inner.execute("select again()"))

# Blobs, copies, dumps.
c.execute("create table b(v blob)")
c.execute("insert into b values(zeroblob(8))")
with c.blobopen("b", "v", 1) as blob:
    blob.write(b"abc")
    blob[-1] = 255
    blob[3:5] = b"xy"
    print(len(blob), blob.tell(), blob.read(), blob[0], blob[1:6:2])
    show(lambda: blob.write(b"0123456789"))
    show(lambda: blob[8])
    show(lambda: blob.seek(-1))
    show(lambda: 1 in blob)
show(lambda: blob.read())
other = sqlite3.connect(":memory:")
steps = []
c.commit()
c.backup(other, pages=1, progress=lambda *a: steps.append(a))
print(len(steps) > 1, steps[-1][:2], other.execute("select v from b").fetchone())
third = sqlite3.connect(":memory:")
third.deserialize(other.serialize())
print(list(third.iterdump()) == list(c.iterdump()), third.getlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH))
third.close()
show(lambda: third.execute("select 1"))
show(lambda: third.close())


# One connection in many threads, of which CPython may say "bad parameter or other API misuse"; cursors that die in the middle of their
# rows; a thread that may not.
def elsewhere():
    show_in_main.append(None)
    try:
        c.execute("select 1")
    except sqlite3.ProgrammingError as e:
        show_in_main[:] = [str(e).split(" thread id")[0]]


show_in_main = []
t = threading.Thread(target=elsewhere)
t.start()
t.join()
print(show_in_main)

shared = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
shared.execute("create table n(a, b)")
errors = []


def work(k):
    try:
        for i in range(60):
            shared.execute("insert into n values(?, ?)", (k, i))
            for row in shared.execute("select a, b from n"):
                if row[1] == i // 2:
                    break
            if i % 10 == 0:
                gc.collect()
    except Exception as e:
        errors.append(e)


threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(errors, shared.execute("select count(*) > 0 from n").fetchone())
