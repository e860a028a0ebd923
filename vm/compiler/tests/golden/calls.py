def f(a, *b, c=1, **d):
    g(1, a, x=2)
    a.method(1, 2)
    a.method(1, key=2)
    g(*b)
    g(1, *b, 2, c=3, **d)
    g(x for x in b)
    return a.b.c(1).d(2)[3]


class C(B):
    def m(self, x):
        return super().m(x) + super(C, self).attr
