"""break, continue and return through finally, nested and overriding each other."""


def break_runs_finally():
    log = []
    for i in range(3):
        try:
            if i == 1:
                break
            log.append(i)
        finally:
            log.append("f%d" % i)
    return log


def continue_runs_finally():
    log = []
    for i in range(3):
        try:
            if i == 1:
                continue
            log.append(i)
        finally:
            log.append("f%d" % i)
    else:
        log.append("else")
    return log


def return_value_kept():
    x = 1
    try:
        return x
    finally:
        x = 2


def nested_returns():
    log = []
    try:
        try:
            try:
                return log
            finally:
                log.append(1)
        finally:
            log.append(2)
    finally:
        log.append(3)


def loop_in_finally():
    log = []
    try:
        log.append("body")
    finally:
        for i in range(5):
            if i == 2:
                continue
            if i == 4:
                break
            log.append(i)
    return log


def exception_through():
    log = []
    try:
        for i in range(3):
            try:
                log.append(1 // (1 - i))
            finally:
                log.append("f")
    except ZeroDivisionError as error:
        log.append(str(error))
    else:
        log.append("never")
    finally:
        log.append("last")
    return log


def while_with_return():
    n = 0
    while True:
        try:
            n += 1
            if n > 2:
                return n
        except ValueError:
            pass
        else:
            n += 10
        finally:
            n += 100


def break_from_except():
    for i in range(3):
        try:
            raise ValueError(i)
        except ValueError as error:
            if error.args[0] == 1:
                break
    return i, "error" in locals()


print(break_runs_finally())
print(continue_runs_finally())
print(return_value_kept())
print(nested_returns())
print(loop_in_finally())
print(exception_through())
print(while_with_return())
print(break_from_except())
