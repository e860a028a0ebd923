"""Private names: where they are mangled and where not."""


class Account:
    __rate = 2

    def __init__(self, balance):
        self.__balance = balance
        self.__dunder__ = "kept"
        self._single = 1

    def __private(self, __param=5):
        __local = __param
        return __local * self.__rate

    def public(self):
        return self.__private(), self.__balance, sorted(self.__dict__)

    def strings(self):
        return hasattr(self, "__balance"), getattr(self, "_Account__balance")

    class __Inner:
        def show(self):
            return __class__.__name__

    def inner(self):
        return self.__Inner().show()

    def globals_too(self):
        try:
            return __global_name
        except NameError as error:
            return str(error)

    def keyword(self):
        return self.__private(_Account__param=7)


a = Account(10)
print(a.public(), a.strings(), a.inner(), a.globals_too(), a.keyword())
print(sorted(n for n in vars(Account) if n.startswith("_Account")))
try:
    a.__balance
except AttributeError as error:
    print(error)


class _Leading:
    def m(self):
        self.__x = 1
        return list(self.__dict__)


class ___:
    def m(self):
        self.__x = 1
        return list(self.__dict__)


class Sub(Account):
    def get(self):
        try:
            return self.__balance
        except AttributeError as error:
            return str(error)


print(_Leading().m(), ___().m(), Sub(1).get())


class Imports:
    import sys as __sys
    try:
        raise ValueError
    except ValueError as __e:
        pass
    for __i in range(1):
        pass

    def __f():
        pass


print(sorted(n for n in vars(Imports) if n.startswith("_Imports")), Imports._Imports__f.__name__)
