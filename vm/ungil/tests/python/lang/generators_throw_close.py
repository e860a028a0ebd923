"""throw and close: caught inside, passing through, after the end; GeneratorExit."""


def patient():
    while True:
        try:
            got = yield "waiting"
            print("got", got)
        except ValueError as error:
            print("caught", repr(error))
        except KeyError:
            return "key"


g = patient()
next(g)
print(g.throw(ValueError("x")))
print(g.throw(ValueError))
try:
    g.throw(KeyError("k"))
except StopIteration as stop:
    print("stop", stop.value)
try:
    g.throw(OSError("after the end"))
except OSError as error:
    print(error)

g = patient()
try:
    g.throw(ValueError("before the start"))
except ValueError as error:
    print(error)
print(list(g))


def closing():
    try:
        yield 1
        yield 2
    except GeneratorExit:
        print("exit")
        raise
    finally:
        print("cleanup")


g = closing()
next(g)
print(g.close())
print(g.close())
g = closing()
print(g.close(), list(g))


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


g = stubborn()
next(g)
try:
    g.close()
except RuntimeError as error:
    print(error)


def returns_on_close():
    try:
        yield 1
    except GeneratorExit:
        return "value"


g = returns_on_close()
next(g)
print(g.close())


def fails_on_close():
    try:
        yield
    finally:
        raise ZeroDivisionError("in finally")


g = fails_on_close()
next(g)
try:
    g.close()
except ZeroDivisionError as error:
    print(error, repr(error.__context__))
g = patient()
next(g)
try:
    g.throw(5)
except TypeError as error:
    print(error)
for x in (g := closing()):
    print(x)
    break
del g
print("dropped")
