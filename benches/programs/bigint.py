"""Integers of many digits: pi by a spigot and by Machin's formula, a factorial, a power modulo.

Usage: bigint.py [N]
    N  how many digits of pi (default 3000)
"""

import sys


def pi_digits(count):
    """Streams decimal digits of pi from a continued product of linear fractional transformations."""
    q, r, t, k = 1, 0, 1, 1
    produced = 0
    while produced < count:
        # The next digit is safe when it is the same for both ends of the remaining interval.
        digit = (3 * q + r) // t
        if q + r - (digit + 1) * t + 3 * q < 0:
            yield digit
            produced += 1
            q, r = 10 * q, 10 * (r - digit * t)
        else:
            q, r, t, k = q * k, (2 * q + r) * (2 * k + 1), t * (2 * k + 1), k + 1


def arctan_inverse(x, unity):
    """arctan(1/x) times unity, by its power series in whole numbers."""
    term = unity // x
    total = term
    divisor = 1
    sign = -1
    while term:
        term //= x * x
        divisor += 2
        total += sign * (term // divisor)
        sign = -sign
    return total


def machin_pi(digits):
    unity = 10 ** (digits + 10)
    pi = 4 * (4 * arctan_inverse(5, unity) - arctan_inverse(239, unity))
    return pi // 10**10


def factorial(n):
    product = 1
    for factor in range(2, n + 1):
        product *= factor
    return product


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    # Printing more digits than this limit allows would be an error.
    sys.set_int_max_str_digits(0)
    digits = "".join(map(str, pi_digits(count)))
    print(digits[:50], digits[-10:])
    text = str(machin_pi(count * 4))
    print(text.startswith(digits[:-1]), text[-10:])
    product = factorial(count * 2)
    print(product.bit_length(), sum(map(int, str(product))))
    print(pow(3, product % (10**300 + 3), 10**60 + 7))
    print((1 << count * 3).bit_count(), hex((1 << 200) - (1 << 100))[:20], -(1 << 70) // 7, -(1 << 70) % 7)


if __name__ == "__main__":
    main()
