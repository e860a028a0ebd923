def f(rows, k):
    a = [x for row in rows if row for x in row if x > k]
    b = {x: y for x, y in rows}
    c = {x for x in a if (last := x)}
    d = [lambda: i + k for i in a]
    e = (x + k for x in a)
    return b, c, d, e, last


total = [n for n in names]
