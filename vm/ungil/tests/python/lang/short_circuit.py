"""and, or, not and conditional expressions give back operands, and skip what is not needed."""


def say(value):
    print("say", value)
    return value


print(say(0) or say("x") or say("never"))
print(say(1) and say([]) and say("never"))
print(say(0) or say(None))
print(not [] or "never", not "", not not 5)
print("yes" if say(1) else say("never"))
print(1 and 2 or 3, 0 and 2 or 3, 1 and (2 or 3))
x = None
print(x and x.missing, x or "default")
print([] or {} or 0 or "", () and 1)


class Truth:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        print("bool", self.value)
        return self.value


if Truth(True) and not Truth(False):
    print("in")
y = Truth(False) or Truth(True)
print(y.value)
print(bool(Truth(True)) is True)
a = 1 if Truth(False) else 2 if Truth(False) else 3
print(a)


class Length:
    def __len__(self):
        return 0


print(bool(Length()), not Length(), "empty" if not Length() else "full")
n = 0
while n < 5 and not (n == 3 or n > 10):
    n += 1
print(n)
assert n == 3 and True, "unreached"
