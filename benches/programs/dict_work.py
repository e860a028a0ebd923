"""Dictionaries: counting, grouping, lookups that hit and miss, deletion, and iteration over views.

Usage: dict_work.py [N]
    N  how many keys are drawn (default 1000000)
"""

import sys


class Generator:
    """A linear congruential generator, so that every run draws the same numbers."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % limit


def count_numbers(generator, draws):
    counts = {}
    for _ in range(draws):
        number = generator.below(20_000)
        counts[number] = counts.get(number, 0) + 1
    return counts


def group_words(generator, draws):
    groups = {}
    for i in range(draws):
        word = "key" + str(generator.below(2_000))
        if word in groups:
            groups[word].append(i)
        else:
            groups[word] = [i]
    return groups


def by_pair(generator, draws):
    grid = {}
    for _ in range(draws):
        place = (generator.below(200), generator.below(200))
        grid.setdefault(place, 0)
        grid[place] += 1
    return grid


def shrink(counts):
    """Deletes and puts back, so that the table is searched past deleted entries."""
    removed = 0
    for number in list(counts):
        if number % 3 == 0:
            del counts[number]
            removed += 1
        elif number % 7 == 0:
            counts[-number - 1] = counts.pop(number)
    return removed


def main():
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    generator = Generator(42)
    counts = count_numbers(generator, draws)
    print(len(counts), sum(counts.values()), max(counts.items(), key=lambda item: (item[1], item[0])))
    groups = group_words(generator, draws)
    longest = max(groups, key=lambda word: (len(groups[word]), word))
    print(len(groups), longest, len(groups[longest]))
    grid = by_pair(generator, draws)
    print(len(grid), sum(grid.values()), min(grid))
    print(shrink(counts), len(counts), sum(value for value in counts.values()))
    merged = {**counts, **{str(key): value for key, value in counts.items()}}
    print(len(merged), sum(1 for key in merged if isinstance(key, str)))


if __name__ == "__main__":
    main()
