"""Counts words into one dictionary that all threads share, under one lock for each of its parts.

Usage: shared_dict.py [THREADS] [N]
    N  how many words; `full` and `quick` stand for 1600000 and 400000
"""

import threading

from _split import arguments, check, parts, report, run

LOCKS = 64


def make_count(counts, locks, words):
    def count(piece):
        for i in piece:
            word = words[i * 7919 % len(words)]
            with locks[hash(word) % LOCKS]:
                counts[word] = counts.get(word, 0) + 1
        return len(piece)

    return count


def main():
    threads, n = arguments({"full": 1_600_000, "quick": 400_000})
    words = [f"word{i}" for i in range(5003)]
    counts = dict.fromkeys(words, 0)
    locks = [threading.Lock() for _ in range(LOCKS)]
    results, seconds = run(make_count(counts, locks, words), parts(0, n, 48), threads)
    check("words", sum(results), n)
    check("counts", sum(counts.values()), n)
    report(seconds, len(counts))


if __name__ == "__main__":
    main()
