"""Lists, dicts and instances are read without locks while other threads change them in every way."""

import random

from _support import readers_and_writers, repeat

N = 400
KEYS = [f"k{i}" for i in range(60)]


def pair(i):
    return i, str(i)


def lists():
    shared = [pair(i) for i in range(200)]

    def write(n):
        choice = random.Random(n)
        for i in range(N):
            new, kind = pair(n * N + i), choice.randrange(13)
            try:
                if kind == 0:
                    shared.insert(choice.randrange(len(shared) + 1), new)
                elif kind == 1:
                    shared.pop(choice.randrange(len(shared)))
                elif kind == 2:
                    shared.append(new)
                elif kind == 3:
                    shared[choice.randrange(len(shared))] = new
                elif kind == 4:
                    shared.reverse()
                elif kind == 5:
                    shared.sort()
                elif kind == 6:
                    shared.sort(key=lambda item: -item[0])
                elif kind == 7:
                    shared[10:20] = [new] * choice.randrange(20)
                elif kind == 8:
                    del shared[::7]
                elif kind == 9 and i % 16 == 0:
                    shared.clear()
                elif kind == 10:
                    shared.extend([new] * 5)
                elif kind == 11:
                    del shared[300:]
                else:
                    shared.pop()
            except (IndexError, ValueError):
                # Shorter meanwhile, or modified during the sort.
                pass

    def read():
        choice = random.Random()
        for _ in range(N):
            try:
                number, text = shared[choice.randrange(-50, 250)]
            except IndexError:
                continue
            assert str(number) == text
        for number, text in shared:
            assert str(number) == text

    readers_and_writers(write, read)


def dicts():
    shared = {key: (0, key) for key in KEYS}

    def write(n):
        choice = random.Random(n)
        for i in range(N):
            key, kind = choice.choice(KEYS), choice.randrange(8)
            if kind < 3:
                shared[key] = (i, key)
            elif kind == 3:
                shared.pop(key, None)
            elif kind == 4:
                try:
                    shared.popitem()
                except KeyError:
                    pass
            elif kind == 5 and i % 16 == 0:
                shared.clear()
            elif kind == 6:
                shared.setdefault(key, (i, key))
            else:
                shared.update({key: (i, key)})

    def read():
        for key in KEYS * 4:
            found = shared.get(key)
            assert found is None or found[1] == key
            if key in shared:
                try:
                    assert shared[key][1] == key
                except KeyError:
                    pass

    readers_and_writers(write, read)


class Thing:
    pass


def instances():
    things = [Thing() for _ in range(4)]

    def write(n):
        for i in range(N):
            thing = things[i % 4]
            thing.pair = pair(i)
            if i % 50 == 0:
                thing.other = pair(n)
            if i % 100 == 99:
                try:
                    del thing.pair
                except AttributeError:
                    pass
            if i % 200 == 150:
                thing.__dict__["third"] = i

    def read():
        for i in range(N):
            try:
                number, text = things[i % 4].pair
            except AttributeError:
                continue
            assert str(number) == text

    readers_and_writers(write, read)


repeat(lists, dicts, instances)
