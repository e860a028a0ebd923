"""`_hashlib`: keyed hashes, keys derived from passwords, and what is wrong with their arguments."""

import _hashlib
import hashlib
import hmac


def show(function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except Exception as error:
        print(type(error).__name__, error)
    else:
        print(result.hex() if isinstance(result, bytes) else result.hexdigest())


derive = hashlib.pbkdf2_hmac
for name in "md5", "sha1", "sha224", "sha256", "SHA384", "sha512", "sha3_256":
    show(derive, name, b"password", b"salt", 100)
show(derive, "sha256", bytearray(b"password"), memoryview(b"salt"), 1, dklen=70)
show(derive, "none", b"p", b"s", 1)
show(derive, b"sha256", b"p", b"s", 1)
show(derive, "sha256", "p", b"s", 1)
for rounds in 0, -1, 2**80, "1":
    show(derive, "sha256", b"p", b"s", rounds)
for length in 0, -1, 2**80, "1":
    show(derive, "sha256", b"p", b"s", 1, length)

derive = hashlib.scrypt
show(derive, b"password", salt=b"salt", n=16, r=8, p=1)
show(derive, b"password", salt=b"salt", n=4, r=1, p=2, dklen=10)
for n, r, p, more in [
    (15, 8, 1, {}), (1, 1, 1, {}), (-2, 1, 1, {}), (2, 0, 1, {}), (2**20, 8, 1, {}), (2, 1, 1, {"maxmem": 1}),
    (2, 1, 1, {"maxmem": -1}), (2, 1, 1, {"dklen": 0}), (2, 1, 1, {"dklen": 2**31}), ("2", 1, 1, {}),
]:
    show(derive, b"p", salt=b"s", n=n, r=r, p=p, **more)
show(derive, b"p")
show(derive, b"p", salt=b"s", n=2)

for name in sorted(hashlib.algorithms_guaranteed):
    if not name.startswith("shake"):
        show(hmac.new, b"key", b"message", name)
show(hmac.digest, b"k" * 300, b"message", "sha256")
show(hmac.new, b"key", b"message", hashlib.sha512)
show(hmac.new, b"key", b"message", lambda data=b"": hashlib.md5(data))
keyed = _hashlib.hmac_new(b"key", b"a", "sha256")
other = keyed.copy()
keyed.update(b"b")
print(keyed.name, keyed.digest_size, keyed.block_size, keyed.hexdigest() != other.hexdigest())
for digest in None, "none", len, 3, "shake_128":
    show(_hashlib.hmac_new, b"key", b"message", digest)
show(_hashlib.hmac_new, "key", b"message", "md5")
show(_hashlib.hmac_digest, b"key", "message", "md5")
print(type(hashlib.sha256()), type(hashlib.shake_256()).__mro__, hashlib.new("sha1").name)
for call in type(keyed), type(hashlib.sha256()):
    show(call)
show(_hashlib.new, "sha256", "text")
show(_hashlib.new, 3)
show(hashlib.new, "none")
