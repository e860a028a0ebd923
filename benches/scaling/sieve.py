"""Counts primes by a sieve that is worked on in segments.

Usage: sieve.py [THREADS] [N]
    N  count the primes below this; `full` and `quick` stand for 8000000 and 4000000
"""

from _split import arguments, check, parts, report, run

# How many primes there are below these numbers.
KNOWN = {100_000: 9592, 1_000_000: 78_498, 4_000_000: 283_146, 8_000_000: 539_777}


def small_primes(limit):
    primes = []
    for n in range(2, limit + 1):
        if all(n % p for p in primes if p * p <= n):
            primes.append(n)
    return primes


def make_count(primes):
    def count(segment):
        flags = [True] * len(segment)
        first = segment[0]
        for p in primes:
            start = max(p * p, (first + p - 1) // p * p) - first
            for i in range(start, len(flags), p):
                flags[i] = False
        return sum(flags)

    return count


def main():
    threads, n = arguments({"full": 8_000_000, "quick": 4_000_000})
    primes = small_primes(int(n**0.5) + 1)
    results, seconds = run(make_count(primes), parts(2, n, 48), threads)
    if n in KNOWN:
        check("primes", sum(results), KNOWN[n])
    report(seconds, sum(results))


if __name__ == "__main__":
    main()
