"""Sorting: built-in sorts with and without keys, and merge sort, quicksort and heap sort in Python.

Usage: sorting.py [N]
    N  how many items (default 120000)
"""

import sys


class Record:
    def __init__(self, name, score):
        self.name = name
        self.score = score

    def __lt__(self, other):
        return self.score < other.score


def pseudo_random(count, seed=7):
    state = seed
    numbers = []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        numbers.append(state >> 44)
    return numbers


def merge_sort(items):
    if len(items) < 2:
        return items
    middle = len(items) // 2
    left = merge_sort(items[:middle])
    right = merge_sort(items[middle:])
    merged = []
    i = j = 0
    while i < len(left) and j < len(right):
        if right[j] < left[i]:
            merged.append(right[j])
            j += 1
        else:
            merged.append(left[i])
            i += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged


def quicksort(items, low, high):
    while low < high:
        pivot = items[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while items[i] < pivot:
                i += 1
            while pivot < items[j]:
                j -= 1
            if i <= j:
                items[i], items[j] = items[j], items[i]
                i += 1
                j -= 1
        quicksort(items, low, j)
        low = i


def heap_sort(items):
    def sift_down(root, end):
        while (child := 2 * root + 1) < end:
            if child + 1 < end and items[child] < items[child + 1]:
                child += 1
            if items[root] >= items[child]:
                return
            items[root], items[child] = items[child], items[root]
            root = child

    for root in range(len(items) // 2 - 1, -1, -1):
        sift_down(root, len(items))
    for end in range(len(items) - 1, 0, -1):
        items[0], items[end] = items[end], items[0]
        sift_down(0, end)


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 120_000
    numbers = pseudo_random(count)
    expected = sorted(numbers)

    by_quicksort = list(numbers)
    quicksort(by_quicksort, 0, count - 1)
    by_heap = list(numbers)
    heap_sort(by_heap)
    print(merge_sort(numbers) == expected, by_quicksort == expected, by_heap == expected)
    print(expected[:3], expected[-3:])

    print(sorted(numbers, key=lambda n: (n % 100, -n))[:3])
    words = sorted((str(n) for n in numbers), reverse=True)
    print(words[:3], words[-1])
    records = [Record(f"r{i}", n % 1000) for i, n in enumerate(numbers)]
    records.sort()
    print([record.name for record in records[:5]])
    records.sort(key=lambda record: record.name)
    print([record.name for record in records[:5]])


if __name__ == "__main__":
    main()
