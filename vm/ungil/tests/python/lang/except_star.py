"""except*: matching parts of a group, raising inside, naked exceptions, and what is left over."""


def show(error, indent=""):
    if isinstance(error, BaseExceptionGroup):
        print(f"{indent}{type(error).__name__}: {error.message}")
        for inner in error.exceptions:
            show(inner, indent + "  ")
    else:
        print(f"{indent}{error!r}")


def run(raised, handlers=0):
    print("--", handlers)
    try:
        try:
            raise raised
        except* ValueError as group:
            print("ValueError part")
            show(group, "  ")
            if handlers == 1:
                raise RuntimeError("new")
            if handlers == 2:
                raise
        except* (KeyError, TypeError) as group:
            print("KeyError or TypeError part")
            show(group, "  ")
        else:
            print("else")
        finally:
            print("finally")
    except BaseException as error:
        print("left")
        show(error, "  ")
        print("context", repr(error.__context__))


mixed = [ValueError(1), KeyError(2), ExceptionGroup("in", [ValueError(3), OSError(4)])]
run(ExceptionGroup("g", mixed))
run(ExceptionGroup("g", mixed), 1)
run(ExceptionGroup("g", mixed), 2)
run(ExceptionGroup("g", [ValueError(1)]))
run(ValueError("naked"))
run(OSError("naked, not handled"))
run(ExceptionGroup("g", [TypeError(1), TypeError(2)]))

try:
    pass
except* ValueError:
    print("never")
else:
    print("else")

try:
    try:
        raise ValueError
    except* ExceptionGroup:
        pass
except TypeError as error:
    print(error)

for i in range(2):
    try:
        raise ExceptionGroup("loop", [ValueError(i)])
    except* ValueError as group:
        last = group.exceptions[0].args
print(last)
