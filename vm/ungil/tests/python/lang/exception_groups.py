"""ExceptionGroup: building, split, subgroup, derive, nesting and the rules of its arguments."""


def shape(group):
    if group is None:
        return None
    if isinstance(group, BaseExceptionGroup):
        return (type(group).__name__, group.message, [shape(e) for e in group.exceptions])
    return repr(group)


g = ExceptionGroup("top", [ValueError(1), ExceptionGroup("in", [TypeError(2), ValueError(3)]), KeyError(4)])
print(repr(g))
print(str(g), g.message, len(g.exceptions))
print(shape(g.subgroup(ValueError)))
print(shape(g.subgroup(lambda e: isinstance(e, TypeError))))
match, rest = g.split((ValueError, KeyError))
print(shape(match))
print(shape(rest))
print(g.subgroup(OSError), shape(g.split(OSError)[1]))
print(g.subgroup(ExceptionGroup) is g)
b = BaseExceptionGroup("b", [KeyboardInterrupt()])
print(type(b).__name__, type(BaseExceptionGroup("b", [ValueError()])).__name__)
for arguments in [
    ("m",),
    ("m", []),
    ("m", 5),
    (5, [ValueError()]),
    ("m", [5]),
    ("m", [ValueError]),
]:
    try:
        ExceptionGroup(*arguments)
    except (TypeError, ValueError) as error:
        print(type(error).__name__, error)
try:
    ExceptionGroup("m", [KeyboardInterrupt()])
except TypeError as error:
    print(error)


class Mine(ExceptionGroup):
    def derive(self, exceptions):
        return Mine("derived " + self.message, exceptions)


m = Mine("mine", [ValueError(1), KeyError(2)])
m.add_note("kept")
part = m.subgroup(KeyError)
print(shape(part), part.__notes__)
print(shape(m.derive([OSError("x")])))
