"""zlib: streams, dictionaries, copies, limits, checksums, errors."""
import copy
import pickle
import zlib


def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e), e.args)
d=b"hello world "*500
for w in (15,31,-15,9,-9,25,14):
    c=zlib.compress(d,6,w); print(w,zlib.decompress(c,w)==d)
t(zlib.compress,"x"); t(zlib.compress,b"x",99); t(zlib.compress,b"x",1,99); t(zlib.decompress,b"x"); t(zlib.decompress,b"xxxxxx"); t(zlib.decompress,b""); t(zlib.decompress,zlib.compress(d)[:-5]); t(zlib.decompress,b"x",99); t(zlib.decompress,b"x",15,0);t(zlib.decompress,b"x",15,-1)
t(zlib.decompress,zlib.compress(d)+b"extra")
t(lambda: len(zlib.decompress(zlib.compress(d)+b"extra")))
t(zlib.crc32,b"abc"); t(zlib.crc32,b"abc",2**40+5); t(zlib.adler32,b"abc"); t(zlib.adler32,b"abc",7); t(zlib.crc32,b"abc",-1); t(zlib.adler32,"x");t(zlib.crc32,b"a"*100000);t(zlib.adler32,b"a"*100000, 2**33+9)
t(zlib.compressobj,99); t(zlib.compressobj,6,7); t(zlib.compressobj,zdict="x"); t(zlib.compressobj, 6,8,15,99); t(zlib.decompressobj,99); t(zlib.decompressobj,zdict=5)
c=zlib.compressobj(); x=c.compress(d)+c.flush(zlib.Z_SYNC_FLUSH); y=c.copy(); x1=x+c.flush(); x2=x+y.compress(b"more")+y.flush(); print(zlib.decompress(x1)==d, zlib.decompress(x2)==d+b"more"); t(c.compress,b"x"); t(c.flush); t(c.flush,zlib.Z_NO_FLUSH); t(c.copy)
D=zlib.decompressobj(); t(D.decompress,x1+b"tail",10); print(len(D.unconsumed_tail)>0, D.unused_data, D.eof); r=D.decompress(D.unconsumed_tail); print(len(r), D.unconsumed_tail, D.unused_data, D.eof); t(D.decompress,b"zz"); print(D.unused_data); t(D.flush); t(D.flush,0); t(D.decompress,b"",-1); t(D.copy)
z=zlib.compressobj(zdict=b"hello world"); q=z.compress(d)+z.flush(); t(zlib.decompress,q); t(zlib.decompressobj(zdict=b"wrong").decompress,q); print(zlib.decompressobj(zdict=b"hello world").decompress(q)==d)
z=zlib.compressobj(wbits=-15,zdict=b"hello world"); q=z.compress(d)+z.flush(); print(zlib.decompressobj(wbits=-15,zdict=b"hello world").decompress(q)==d)
Z=zlib._ZlibDecompressor(); t(Z.decompress,x1[:10]); print(Z.needs_input,Z.eof); r=Z.decompress(x1[10:]+b"tail",100); print(len(r),Z.needs_input,Z.eof,Z.unused_data); r=Z.decompress(b""); print(len(r),Z.eof,Z.unused_data,Z.needs_input); t(Z.decompress,b"x")
t(zlib._ZlibDecompressor,99); t(zlib._ZlibDecompressor().decompress,b"xxxxxxx")

D=zlib.decompressobj(); D.decompress(x1[:20]); E=D.copy(); print(D.decompress(x1[20:])==E.decompress(x1[20:])); D=zlib.decompressobj(); D.decompress(x1,5); print(len(D.flush()), D.eof)
t(zlib.decompressobj().decompress, b"x\x9c"); D=zlib.decompressobj(); t(D.flush); t(D.decompress,"x")
t(type(zlib.compressobj())); import pickle; t(pickle.dumps,zlib.compressobj()); t(pickle.dumps,zlib._ZlibDecompressor())
