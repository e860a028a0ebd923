@decorated
class C(Base, metaclass=Meta, key=1):
    """Docstring."""

    x: int = 1
    y = [x for _ in range(3)]
    if y:
        z: str

    def m(self):
        self.attribute = __class__
        self.__private = 1


class G[T: int, *Ts, **P = [int]](list[T]):
    def n[U](self, u: U) -> T: ...


type Alias[T] = dict[str, T]
