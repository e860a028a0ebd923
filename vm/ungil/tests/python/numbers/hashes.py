"""The algorithms behind hashlib, piece by piece and with their parameters."""
import _md5,_sha1,_sha2,_sha3,_blake2
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e), e.args)
h=_md5.md5(b"abc"); print(h.name,h.digest_size,h.block_size,h.hexdigest()); t(h.update,"x"); t(h.update,1); t(_md5.md5,"x"); t(_md5.md5,b"a",string=b"b");t(_md5.md5,None)
s=_sha3.shake_128(b"x"); print(s.name,s.digest_size,s.block_size); t(s.hexdigest,10); t(s.digest,-1);t(s.digest); t(s.digest,2**40);t(s.digest,2**29)
s=_sha3.sha3_256(b"x"); print(s.name,s.digest_size,s.block_size,s._capacity_bits,s._rate_bits,s._suffix)
b=_blake2.blake2b(b"x"); print(b.name,b.digest_size,b.block_size,b.MAX_KEY_SIZE)
t(_blake2.blake2b,digest_size=0); t(_blake2.blake2b,digest_size=65); t(_blake2.blake2b,key=b"x"*65); t(_blake2.blake2b,salt=b"x"*17); t(_blake2.blake2b,person=b"x"*17);t(_blake2.blake2b,fanout=-1); t(_blake2.blake2b,fanout=256);t(_blake2.blake2b,depth=0);t(_blake2.blake2b,depth=256);t(_blake2.blake2b,leaf_size=-1);t(_blake2.blake2b,leaf_size=2**32);t(_blake2.blake2b,node_offset=-1);t(_blake2.blake2b,node_offset=2**64);t(_blake2.blake2s,node_offset=2**48);t(_blake2.blake2b,node_depth=-1);t(_blake2.blake2b,node_depth=256);t(_blake2.blake2b,inner_size=-1);t(_blake2.blake2b,inner_size=65);t(_blake2.blake2b,b"x",string=b"")
print(_blake2.blake2b(b"abc",digest_size=20,key=b"k",salt=b"s",person=b"p",fanout=3,depth=2,leaf_size=100,node_offset=7,node_depth=1,inner_size=20,last_node=True).hexdigest())
print(_blake2.blake2s(b"abc",digest_size=20,key=b"k",salt=b"s",person=b"p",fanout=3,depth=2,leaf_size=100,node_offset=7,node_depth=1,inner_size=20,last_node=True).hexdigest())
for f in (_sha1.sha1,_sha2.sha224,_sha2.sha256,_sha2.sha384,_sha2.sha512,_sha3.sha3_224,_sha3.sha3_384,_sha3.sha3_512,_blake2.blake2b,_blake2.blake2s):
    h=f(b"abc"); h.update(bytearray(b"d"*5000)); g=h.copy(); g.update(memoryview(b"e")); print(h.name,h.digest_size,h.block_size,h.hexdigest(),g.digest())
