"""encode and decode: codecs, error handlers, and the errors' positions."""

s = "aé日🎉"
for codec in ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32-be", "UTF8", "utf_8_sig"):
    encoded = s.encode(codec)
    print(codec, encoded, encoded.decode(codec) == s)
print("é".encode("latin-1"), "abc".encode("ascii"), "".encode(), s.encode(errors="strict") == s.encode())
for handler in ("ignore", "replace", "backslashreplace", "xmlcharrefreplace", "namereplace", "surrogateescape"):
    try:
        print(handler, s.encode("ascii", handler))
    except UnicodeEncodeError as error:
        print(handler, error)
for handler in ("ignore", "replace", "backslashreplace", "surrogateescape"):
    print(handler, ascii(b"a\xffb\xe9\x28".decode("utf-8", handler)), ascii(b"a\xff".decode("ascii", handler)))
for bad in (b"\xff", b"a\xc3", b"\xe6\x97", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"ab\xe9c", b"\xf0\x9f\x8e", b"\xe6A"):
    try:
        print(bad.decode())
    except UnicodeDecodeError as error:
        print(error, error.start, error.end)
    print(ascii(bad.decode("utf-8", "replace")))
for action in (
    lambda: "é".encode("ascii"),
    lambda: "日本".encode("latin-1"),
    lambda: "\ud800".encode(),
    lambda: "a".encode("no-such-codec"),
    lambda: b"a".decode("no-such-codec"),
    lambda: "é".encode("ascii", "no-such-handler"),
    lambda: b"\xe9".decode("ascii"),
    lambda: b"a".decode("utf-16"),
    lambda: "a".encode(5),
    lambda: str(5, "utf-8"),
):
    try:
        print(action())
    except (UnicodeError, LookupError, TypeError) as error:
        print(type(error).__name__, error)
print("\ud800".encode("utf-8", "surrogatepass"), ascii(b"\xed\xa0\x80".decode("utf-8", "surrogatepass")), "\udcff".encode("utf-8", "surrogateescape"))
print(bytes(range(128, 256)).decode("latin-1").encode("latin-1") == bytes(range(128, 256)), str(b"\xc3\xa9", "utf-8"), str(bytearray(b"x"), "ascii"))
print(b"\xff\xfea\x00".decode("utf-16"), b"a\x00".decode("utf-16-le"), b"\xef\xbb\xbfx".decode("utf-8-sig"), ascii(b"\xef\xbb\xbfx".decode()))
