# exit: 1
"""A plain uncaught error in a function three calls deep, after output to stdout."""

def a(x):
    return b(x) + 1

def b(x):
    y = x * 2; return c(y)

def c(x):
    return {"one": 1}[
        x
    ]

print("start")
print(a("t"))
