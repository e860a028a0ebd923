"""__class_getitem__ and the generic aliases of builtin types."""


class Box:
    def __class_getitem__(cls, item):
        return f"{cls.__name__}[{item!r}]"


class Sub(Box):
    pass


print(Box[int], Sub[1, 2], Box["x":])
alias = list[int]
print(alias, alias.__origin__, alias.__args__, alias == list[int], hash(alias) == hash(list[int]))
print(dict[str, int], tuple[int, ...], type[int], set[list[str]], list[1], tuple[()])
print(alias([1, 2]), type(alias()).__name__, alias.append is list.append)
try:
    int[str]
except TypeError as error:
    print(error)
try:
    isinstance([], list[int])
except TypeError as error:
    print(error)
print(int | str, int | None, isinstance(5, int | str), (int | str) == (str | int), (int | str).__args__)
print(list[int] | None, issubclass(bool, int | str))
try:
    int | 5
except TypeError as error:
    print(error)
try:
    Box()[1]
except TypeError as error:
    print(error)
