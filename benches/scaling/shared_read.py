"""Searches a shared table of instances: all threads read the same objects and change none.

Usage: shared_read.py [THREADS] [N]
    N  how many searches; `full` and `quick` stand for 6000000 and 2400000
"""

from _split import arguments, check, parts, report, run


class Entry:
    def __init__(self, key):
        self.key = key
        self.weight = key % 17
        self.following = None

    def next_weight(self):
        return self.following.weight


def make_table(size):
    table = {f"key{i}": Entry(i) for i in range(size)}
    entries = list(table.values())
    for entry, following in zip(entries, entries[1:] + entries[:1]):
        entry.following = following
    return table, list(table)


def make_search(table, keys):
    def search(piece):
        total = 0
        size = len(keys)
        for i in piece:
            total += table[keys[i % size]].next_weight()
        return total

    return search


def main():
    threads, n = arguments({"full": 6_000_000, "quick": 2_400_000})
    table, keys = make_table(1000)
    results, seconds = run(make_search(table, keys), parts(0, n, 48), threads)
    weights = [entry.next_weight() for entry in table.values()]
    rounds, rest = divmod(n, len(weights))
    check("weights", sum(results), rounds * sum(weights) + sum(weights[:rest]))
    report(seconds, sum(results))


if __name__ == "__main__":
    main()
