"""struct: formats, values and messages."""
import _struct; struct=_struct
for n in dir(_struct):
    continue
    f=getattr(_struct,n); print(n, getattr(f,"__text_signature__",f), type(f))
S=_struct.Struct
for n in dir(S):
    pass
def t(f):
    try: print(repr(f()))
    except Exception as e: print(type(e).__name__,e)
p=struct.pack
for fmt,args in [("b",(128,)),("b",(-129,)),("B",(-1,)),("B",(256,)),("h",(40000,)),("H",(70000,)),("i",(2**31,)),("I",(2**32,)),("I",(-1,)),("q",(2**63,)),("Q",(-1,)),("Q",(2**64,)),("l",(2**63,)),("L",(2**64,)),("n",(2**63,)),("N",(-1,)),("P",(2**64,)),("P",(-1,)),("<b",(128,)),("<B",(-1,)),("<h",(40000,)),("<H",(-1,)),("<i",(2**31,)),("<I",(-1,)),("<q",(2**63,)),("<Q",(2**64,)),(">Q",(-1,)),("b",("x",)),("b",(1.5,)),("<i",(1.5,)),("f",("x",)),("<f",("x",)),("f",(1e39,)),("e",(1e6,)),("e",("x",)),("d",(None,)),("?",([],)),("c",(1,)),("c",(b"ab",)),("s",("x",)),("p",("x",)),("3s",(b"abcdef",)),("3p",(b"abcdef",)),("300p",(b"a"*300,)),("0s",(b"",)),("0p",(b"",)),("x",()),("2x",(1,)),("i",()),("i",(1,2)),("F",(1j,)),("D",(1j,)),("<F",(1+2j,)),("D",("x",)),("z",(1,)),("5",()),("<n",(1,)),("@n",(1,)),(" i i",(1,2)),("i\0",(1,)),("bi",(1,2)),("ib",(1,2)),("ib0i",(1,2)),("=ib0i",(1,2)),("3b",(1,2,3)),("9999999999999999999i",()),("<P",(1,)),("P",(5,)),("b",(2**100,)),("q",(2**100,)),("<q",(2**100,)),("e",(float("nan"),)),("e",(float("inf"),)),("e",(65519.0,)),("e",(65520.0,)),("<d",(1.5,)),(">f",(1.5,)),("!H",(1,)),("g",(1,)),("hé",(1,))]:
    t(lambda: p(fmt,*args))
t(lambda: p()); t(lambda: p(1)); t(lambda: p("i")); t(lambda: p(b"<i",1))
t(lambda: struct.unpack("i",b"abc")); t(lambda: struct.unpack("<i",b"abcd")); t(lambda: struct.unpack("i","abcd"));t(lambda: struct.unpack("i"));
t(lambda: struct.unpack("<bBhHiIqQ?c3s4p", bytes(range(200,238)))); t(lambda: struct.unpack("<efd", bytes(range(14))))
t(lambda: struct.unpack_from("i",b"abc")); t(lambda: struct.unpack_from("i",b"abcdef",3)); t(lambda: struct.unpack_from("i",b"abcdef",-3)); t(lambda: struct.unpack_from("i",b"abcdef",-8)); t(lambda: struct.unpack_from("<h",b"abcdef",offset=-2)); t(lambda: struct.unpack_from("<h",buffer=b"abcdef")); t(lambda: struct.unpack_from("<h",b"a",10**30)); t(lambda:struct.unpack_from("<i",b"abcdefgh",6))
b=bytearray(8)
t(lambda: struct.pack_into("i",b,6,1)); t(lambda: struct.pack_into("i",b,-2,1)); t(lambda: struct.pack_into("i",b,-10,1)); t(lambda: struct.pack_into("i",b,1,7)); print(b); t(lambda: struct.pack_into("i",b"abcd",0,1)); t(lambda: struct.pack_into("i",b)); t(lambda: struct.pack_into("i")); t(lambda: struct.pack_into("i",b,0)); t(lambda: struct.pack_into("i",b,"x",1)); t(lambda: struct.pack_into("i",b,10**30,1)); t(lambda: struct.pack_into("2i",bytearray(2),0,1,2)); t(lambda: struct.pack_into("<i",b,9,1)); t(lambda: struct.pack_into("i",b,1.5,1)); t(lambda:struct.pack_into("<i",b,0,2**40))
t(lambda: struct.calcsize("iq")); t(lambda: struct.calcsize("zz")); t(lambda: struct.calcsize(5)); t(lambda: struct.calcsize("9"*30+"i")); t(lambda: struct.calcsize(str(2**62)+"i"+str(2**62)+"i"))
it=struct.iter_unpack("<h",b"abcdef"); print(type(it), it.__length_hint__()); print(list(it), it.__length_hint__()); t(lambda: next(it))
s=S("<hb"); print(s.format,s.size,repr(s), s.pack(1,2), s.unpack(b"abc"), s.unpack_from(b"xabc",1)); t(lambda: s.pack(1)); t(lambda: s.unpack(b"a")); t(lambda: s.pack_into(b,0,5,6)); print(b); t(lambda: list(s.iter_unpack(b"abcdef")))
t(lambda: S()); t(lambda: S("z")); t(lambda: S(b"<i").format); t(lambda: S(format="i").size); t(lambda: S(1)); t(lambda: S("\udc80")); t(lambda: setattr(s,"size",1)); t(lambda: s.nope)
t(lambda: type(it)()); t(lambda: struct._clearcache())
class X(S): pass
x=X("i"); x.a=1; print(x.size, x.a)
t(lambda: S.__new__(S).size); t(lambda: S.__new__(S).pack(1)); t(lambda: S.__new__(S).format); t(lambda: S.__new__(S).unpack(b"")); 
class I:
    def __index__(self): return 5
class F:
    def __float__(self): return 5.0
t(lambda: p("i",I())); t(lambda: p("<i",I())); t(lambda:p("f",F())); t(lambda: p("?",I())); t(lambda: p("c",bytearray(b"a"))); t(lambda: p("s",bytearray(b"a"))); t(lambda: p("P",I())); t(lambda: p("10s",b"ab"));
t(lambda: struct.unpack("<?", b"\x02")); t(lambda: struct.unpack("P", b"\xff"*8)); t(lambda: struct.unpack("nN", b"\xff"*16)); t(lambda: struct.unpack("lL", b"\xff"*16)); t(lambda: struct.unpack("FD", bytes(24)));  t(lambda: struct.unpack("<5p", b"\x09abcd")); t(lambda: struct.unpack("<0p1p", b"\x05"))
