"""while with break, continue and else."""

n = 5
while n:
    n -= 1
    if n == 3:
        continue
    print(n, end=" ")
else:
    print("done")

while True:
    n += 1
    if n > 3:
        break
else:
    print("never")
print(n)

while False:
    print("never")
else:
    print("else at once")

i = 0
while i < 3:
    j = 0
    while True:
        j += 1
        if j > i:
            break
        if j == 2:
            continue
        print("inner", i, j)
    else:
        print("never")
    i += 1


def found(haystack, needle):
    index = 0
    while index < len(haystack):
        if haystack[index] == needle:
            return index
        index += 1
    else:
        return -1


print(found("abc", "c"), found("abc", "z"))
while (line := "stop" if n > 5 else n) != "stop":
    n += 1
print(n)
