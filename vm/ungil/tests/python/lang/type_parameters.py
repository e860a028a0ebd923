"""Type parameters of functions, classes and aliases: scopes, bounds, defaults, laziness."""


def first[T](items: list[T]) -> T:
    return items[0]


print(first([5]), first.__type_params__, first.__annotations__)


class Stack[T, *Ts, **P]:
    kind = T.__name__

    def push[U](self, item: U) -> T:
        return (T, U)


print(Stack.__type_params__, Stack.kind)
print([type(p).__name__ for p in Stack.__type_params__])
print(Stack().push(1), Stack.__orig_bases__, [b.__name__ for b in Stack.__bases__])
print(Stack[int, str, [bytes]].__origin__ is Stack)

type Pair[A] = tuple[A, A]
print(Pair, Pair.__name__, Pair.__type_params__, Pair.__value__)
print(Pair[int], Pair[int].__args__)
type Lazy = undefined_name
try:
    Lazy.__value__
except NameError as error:
    print(error)
undefined_name = 5
print(Lazy.__value__)
type Recursive = list[Recursive]
print(Recursive.__value__)


def bounds[T: int, S: (str, bytes), D = float](x: T):
    return T.__bound__, S.__constraints__, D.__default__


print(bounds(1))
T_, S_, D_ = bounds.__type_params__
print(T_.__constraints__, S_.__bound__, D_.has_default(), T_.has_default())


class Outer[T]:
    def method(self):
        return T

    class Inner[S]:
        pair = (T, S)


print(Outer().method(), Outer.Inner.pair)
try:
    T
except NameError as error:
    print(error)


class Child[T](Outer[T], metaclass=type):
    pass


print(Child.__orig_bases__, [c.__name__ for c in Child.__mro__])
type = 5
print(type)
