"""__getattr__, __getattribute__, __setattr__, __delattr__ and __dir__."""


class Fallback:
    there = 1

    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError("really no " + name)
        return "made " + name


f = Fallback()
print(f.there, f.anything, hasattr(f, "nothing"), getattr(f, "nope", "default"))
try:
    f.nope
except AttributeError as error:
    print(error)


class All:
    def __init__(self):
        self.x = 1

    def __getattribute__(self, name):
        if name == "secret":
            return "intercepted"
        value = super().__getattribute__(name)
        if not name.startswith("__"):
            print("reading", name)
        return value

    def method(self):
        return self.x


a = All()
print(a.x, a.secret, a.method())


class Both:
    def __getattribute__(self, name):
        print("getattribute", name)
        raise AttributeError

    def __getattr__(self, name):
        return "getattr " + name


print(Both().value)


class Setting:
    def __setattr__(self, name, value):
        print("set", name, value)
        object.__setattr__(self, name.upper(), value)

    def __delattr__(self, name):
        print("del", name)
        object.__delattr__(self, name.upper())

    def __dir__(self):
        return ["z", "a"]


s = Setting()
s.x = 1
print(s.X, vars(s))
del s.x
print(vars(s), dir(s))
try:
    del s.y
except AttributeError as error:
    print(error)
