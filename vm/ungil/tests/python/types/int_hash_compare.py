"""Hashes and comparisons of numbers across types and sizes."""

print(hash(0), hash(1), hash(-1), hash(-2), hash(2**61 - 1), hash(2**61), hash(2**61 - 2), hash(-(2**61)), hash(10**30), hash(2**1000))
print(hash(0.5), hash(1.0), hash(-0.0), hash(1e300), hash(float("inf")), hash(float("-inf")), hash(1.5), hash(-1.5), hash(5e-324))
print(hash(1j), hash(1 + 2j), hash(True), hash(0j))
print(1 < 2.5, 2**53 + 1 > float(2**53), 10**400 > 1e308, -(10**400) < float("-inf"), 10**400 < float("inf"))
print(0.1 == 1 / 10, 3 == 3.0 == 3 + 0j, 2**64 == 2.0**64, 2**64 + 1 == 2.0**64, 1 == "1", None == 0)
print(2**100 < 2**101, -(2**100) < 2**100, 2**100 == 2**100, 2**47 < 2**48, -(2**48) < -(2**47), 2**63 > -(2**63))
print(max(1, 2.5, True), min(3, -1.5, False), sorted([3, 1.5, True, -2, 10**20, -1e25]))
print((2**100) == (2**100), bool(10**20), bool(0), bool(0.0), bool(-0.0), bool(0j))
print({1: "int", 2.0: "float"}[1.0], {2**70: "big"}[2.0**70], 5.0 in {5}, 2**70 in {2.0**70})
nan = float("nan")
print(nan < 1, nan > 1, nan == 1, nan != nan, 1 < nan, sorted([2, 1]))
