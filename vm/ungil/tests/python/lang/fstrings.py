"""f-strings: expressions, conversions, specs, nesting, = and escapes."""

name, n, x = "wörld", 42, 3.14159
print(f"hello {name}! {n} {x}")
print(f"{name!r} {name!s} {name!a} {n!r:>6}|")
print(f"{n:5d}|{n:<5}|{n:^5}|{n:05}|{n:+}|{n:x}|{n:#b}|{n:,}")
print(f"{x:.2f} {x:8.3f}| {x:e} {x:g} {x:%} {x:.0f}")
print(f"{name:>10}|{name:*^11}|{name:.3}|")
width, precision = 10, 3
print(f"{x:{width}.{precision}}|{x:{width}.{precision}f}|{name:{'>'}{width}}|")
print(f"{n=} {n = } {n=:>5} {n=!s} {name=} {name=!s} {x=:.2f} {n+1=} { n = }")
print(f"{{literal}} {{{n}}} {{}}")
print(f"{'nested ' + f'{n + 1} {f'{n + 2}'}'}")
print(f"{ {'a': 1}['a'] } {[i for i in range(3)]} {(lambda v: v * 2)(4)}")
print(f"{'yes' if n > 40 else 'no'} {n if n else 0:>4}")
print(f'{name + "!" + 'inner'}')
print(f"{'\n'.join(['a', 'b'])}")
print(f"""multi
{n
    + 1}
line""")
print(rf"raw \n {n}\t", f"\x41\u00e9\N{BULLET}{n}\tt")
print("plain " f"{n}" " joined " rf"\{n}")
print(f"{n!r}" f"{n}", f"", f"{''}", f"{n}{n}")
print(f"{n:{'0'}{5}}", f"{'x':{'a'}<{4}}", f"{n:>{width}}|")
print(f"{1 == 1} {1 != 2} {1 <= 2} {not n}")
print(f"{(y := 5)} {y} {y:=+6}")


class Formatted:
    def __format__(self, spec):
        return f"<{spec}>"

    def __repr__(self):
        return "repr"

    def __str__(self):
        return "str"


v = Formatted()
print(f"{v} {v:spec with spaces} {v!r} {v!s:>5} {v=} {v=!s} {v=:x}")
print(f"{n:%}", f"{1e10:,.2f}", f"{1_000_000:_}", f"{255:#x}", f"{True:d}", f"{True}", f"{None}")
print(f"{'a':>3}{'b':<3}|", f"{[1]!s:>5}")
try:
    f"{name:d}"
except ValueError as error:
    print(error)
try:
    f"{n:s}"
except ValueError as error:
    print(error)
try:
    f"{None:>5}"
except TypeError as error:
    print(error)
try:
    f"{v:{missing}}"
except NameError as error:
    print(error)


def local(a):
    return f"{a}{f'{a!r}'}"


print(local("q"))
print(f"{n # comment
}")
print(f"{x:{f'{width}'}.{2}f}", f"{'{'}{'}'}", f"{'a' 'b'}")
