"""Slices of bytes, bytearray, str, tuple and range agree with those of lists."""

data = list(range(97, 109))
sequences = [bytes(data), bytearray(data), "".join(map(chr, data)), tuple(data), range(97, 109)]
bounds = [None, 0, 1, 5, 11, 12, 50, -1, -5, -12, -50]
steps = [None, 1, 2, 3, 50, -1, -2, -50]
checked = 0
for sequence in sequences:
    for start in bounds:
        for stop in bounds:
            for step in steps:
                part = sequence[start:stop:step]
                numbers = [ord(c) for c in part] if isinstance(part, str) else list(part)
                if numbers != data[start:stop:step]:
                    print("differs", type(sequence), start, stop, step, part)
                checked += 1
print(checked)
for start in bounds:
    for step in steps:
        target = list(data)
        if step in (None, 1):
            target[start::step] = [0, 0]
        else:
            target[start::step] = [0] * len(target[start::step])
        removed = list(data)
        del removed[start::step]
        array = bytearray(data)
        del array[start::step]
        if list(array) != removed:
            print("del differs", start, step)
        print(sum(target), sum(removed), end=" ")
print()
