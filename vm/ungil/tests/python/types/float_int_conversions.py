"""Mixed int and float arithmetic, conversions at the edges of immediate and 64-bit ints."""

edges = [2**46, 2**47 - 1, 2**47, 2**48 - 1, 2**48, 2**53, 2**61, 2**62, 2**63 - 1, 2**63, 2**64, 10**20]
for n in edges:
    for m in (n, -n):
        print(m, m + 1, m - 1, m * 2, m * m, m // 3, m % 1000, m >> 3, m << 5, ~m, float(m), int(float(m)) - m, m + 0.5, hash(m))
for x in (2.0**47, 2.0**53, -(2.0**63), 2.0**64, 1e22, -1e300):
    print(int(x), x == int(x), round(x), x // 1, int(x) + 1 > x)
total = 0
for i in range(1, 70):
    total += 1 << i
    total ^= i
print(total, total - (1 << 70), (total * total) // total == total, -total // 7, -total % 7)
x = 1
values = []
while x < 2**70:
    x = x * 3 + 1
    values.append(x)
print(values[-5:], len(values), sum(values), max(values) - min(values))
n = 2**47
n += 1
n -= 2
n -= 2**48
print(n, n == -(2**47) - 1, abs(n), -n, n < -(2**47), n is not None)
print(2**63 - 2**63, (2**64 - 1) & 0xFF, (2**64) >> 60, 2**100 // 2**98, 2**100 % 2**99, (2**100 - 2**100) == 0, [10, 20][2**100 - 2**100])
