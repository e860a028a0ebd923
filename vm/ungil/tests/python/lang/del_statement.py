"""del on names, attributes, items, slices and several targets."""

a = b = c = 1
del a, (b, [c])
for name in "abc":
    print(name, name in globals())

numbers = list(range(10))
del numbers[0], numbers[-1]
print(numbers)
del numbers[::2]
print(numbers)
del numbers[1:3]
print(numbers)

table = {1: 2, 3: 4}
del table[1]
print(table)
try:
    del table[1]
except KeyError as error:
    print(repr(error))


class Box:
    pass


box = Box()
box.value = 1
del box.value
try:
    del box.value
except AttributeError as error:
    print(error)


def local():
    x = 1
    del x
    try:
        x
    except UnboundLocalError as error:
        print(error)
    try:
        del x
    except UnboundLocalError as error:
        print(error)
    x = 2
    return x


print(local())
try:
    del undefined
except NameError as error:
    print(error)

try:
    raise ValueError("gone after")
except ValueError as e:
    pass
print("e" in globals())
try:
    del (1, 2)[0]
except TypeError as error:
    print(error)
