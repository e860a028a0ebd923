def count(n):
    i = 0
    while i < n and i != 100:
        i += 1
    else:
        i = -1
    return i


def items(d):
    for k, v in d.items():
        if not v:
            continue
        if k == "stop":
            break
        print(k, v)


def forever(q):
    while True:
        x = q.get()
        if x is None:
            return
        for y in x:
            for z in y:
                if z:
                    return z
