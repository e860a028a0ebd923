"""The sieve of Eratosthenes over a list of bools: item assignment and slicing with a step.

Usage: sieve.py [N]
    N  look for primes below this (default 12000000)
"""

import sys


def sieve(limit):
    """Crosses out the multiples one at a time."""
    prime = [True] * limit
    prime[0:2] = [False, False]
    candidate = 2
    while candidate * candidate < limit:
        if prime[candidate]:
            for multiple in range(candidate * candidate, limit, candidate):
                prime[multiple] = False
        candidate += 1
    return [number for number, is_prime in enumerate(prime) if is_prime]


def sieve_bytes(limit):
    """Crosses out all multiples of a prime with one slice assignment."""
    prime = bytearray([1]) * limit
    prime[0:2] = b"\0\0"
    for candidate in range(2, int(limit**0.5) + 1):
        if prime[candidate]:
            start = candidate * candidate
            prime[start::candidate] = bytes(len(range(start, limit, candidate)))
    return sum(prime)


def main():
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000_000
    primes = sieve(limit)
    if sieve_bytes(limit) != len(primes):
        raise RuntimeError("the two sieves disagree")
    print(f"{len(primes)} primes below {limit}, the last {primes[-1]}, their sum {sum(primes)}")


if __name__ == "__main__":
    main()
