"""Characters and parts of text that is not ASCII by number, and base64, against what is done one by one."""
import random,base64,binascii
random.seed(5)
al='abc \n'+'äöü€'+'\U0001F600'+'\ud800'+'z'*20
for n in (1,5,20,63,64,65,100,129,500):
    s=''.join(random.choice(al) for _ in range(n)); l=list(s)
    assert [s[i] for i in range(n)]==l and [s[-i] for i in range(1,n+1)]==l[::-1]
    for _ in range(300):
        a,b=random.randint(-n-3,n+3),random.randint(-n-3,n+3)
        assert s[a:b]==''.join(l[a:b]),(s,a,b)
    for bad in (n,-n-1,n+100):
        try: s[bad]; print('no')
        except IndexError as e: assert str(e)=='string index out of range'
    for ch in set(l): assert s.find(ch)==l.index(ch) and s.rfind(ch)==n-1-l[::-1].index(ch)
for n in list(range(0,70))+[300,3000]:
    b=random.randbytes(n); e=base64.b64encode(b); assert base64.b64decode(e)==b and len(e)==(n+2)//3*4
    assert base64.urlsafe_b64decode(base64.urlsafe_b64encode(b))==b
    m=base64.encodebytes(b); assert base64.decodebytes(m)==b
    j=b'-'.join(e[i:i+7] for i in range(0,len(e),7)); assert base64.b64decode(j)==b
t=bytes(random.sample(range(256),256))
b=random.randbytes(1000)
assert b.translate(t)==bytes(t[x] for x in b)==bytes(bytearray(b).translate(t)); assert b.translate(t,b'abc')==bytes(t[x] for x in b if x not in b'abc'); assert b.translate(None)==b
print(base64.b64encode(bytes(range(256))))
