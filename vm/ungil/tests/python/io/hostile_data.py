"""Damaged and hostile pickles, marshal data and XML: an exception, in little time and memory."""

import io
import marshal
import pickle
import random
from xml.parsers import expat


class Plain:
    def __init__(self):
        self.x = [1, {"a": (2, 3)}]


def outcome(f):
    try:
        f()
    except RecursionError:
        return "RecursionError"
    except Exception as e:
        return type(e).__name__
    return "ok"


rnd = random.Random(7)


def damaged(data):
    data = bytearray(data)
    for _ in range(rnd.choice((1, 1, 2, 5))):
        at = rnd.randrange(len(data) + 1)
        match rnd.randrange(3):
            case 0:
                data[at : at + 1] = bytes([rnd.randrange(256)])
            case 1:
                del data[at : at + rnd.randrange(1, 4)]
            case 2:
                data[at:at] = rnd.choice((b"(", b"<", b"&x;", b"]]>", b"\x94", b"\xff", b"0", b"e", b"t"))
    return bytes(data)


class Careful(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("__main__", "Plain"):
            return Plain
        raise pickle.UnpicklingError("refused")


values = [1, 2**70, "text", b"bytes", [1, [2]], {"a": (1, 2, 3)}, {1, 2}, Plain()]
pickles = [pickle.dumps(v, protocol) for v in values for protocol in range(6)]
for _ in range(1500):
    data = damaged(rnd.choice(pickles))
    outcome(lambda: Careful(io.BytesIO(data)).load())
for _ in range(1500):
    data = marshal.dumps(rnd.choice(values[:7]))
    data = data[: rnd.randrange(len(data))]
    outcome(lambda: marshal.loads(data))
document = b'<!DOCTYPE a [<!ENTITY x "y"><!ATTLIST a k CDATA "v">]><a b="1&x;"><!-- c -->&x;<c>&lt;\xc3\xa9</c></a>'
for _ in range(500):
    data = damaged(document)
    parser = expat.ParserCreate()
    parser.StartElementHandler = parser.CharacterDataHandler = lambda *given: None
    outcome(lambda: [parser.Parse(data[i : i + 7]) for i in range(0, len(data), 7)])
print("damaged data is refused or read")

# Lengths that are lies, stacks of marks, structures that are deep.
for code in (b"\x8d", b"\x8e", b"\x95"):
    data = b"\x80\x04" + code + (2**62).to_bytes(8, "little") + b"abc."
    print(outcome(lambda: pickle.loads(data)) in ("UnpicklingError", "MemoryError"))
lies = b"".join(b"Nr" + (i * 6000 + 2**16).to_bytes(4, "little") for i in range(100))
print(outcome(lambda: pickle.loads(b"\x80\x02" + lies + b".")))
print(outcome(lambda: pickle.loads(b"\x80\x04" + b"(" * 100000 + b".")))
print(outcome(lambda: marshal.loads(b"[\x01\0\0\0" * 100000)))
digits = 100000
print(outcome(lambda: marshal.loads(b"l" + digits.to_bytes(4, "little") + b"\xff\x7f" * digits)))


# What is pickled changes what is being pickled.
class Changes:
    def __init__(self, owner, change):
        self.owner, self.change = owner, change

    def __reduce__(self):
        self.change(self.owner)
        return int, ()


def grow(owner):
    owner.clear()
    owner.extend(range(3000))


items = [1, 2]
items.append(Changes(items, grow))
print(outcome(lambda: pickle.dumps(items)) in ("ok", "RuntimeError"))


class Meddles(pickle.Pickler):
    def persistent_id(self, obj):
        self.clear_memo()
        self.memo.copy()


print(outcome(lambda: Meddles(io.BytesIO()).dump(["a", ("b", "a")])))
pickler = pickle.Pickler(io.BytesIO(), 4)
known = [1]
pickler.memo = {id(known): (5, known)}
print(pickler.memo.copy() == {id(known): (5, known)})


# Entities within entities, many attributes, a token in very small pieces.
def parse(pieces, **handlers):
    parser = expat.ParserCreate()
    for name, handler in handlers.items():
        setattr(parser, name, handler)
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as e:
        return str(e).partition(":")[0]
    return "ok"


laughs = b'<!DOCTYPE l [<!ENTITY a0 "lol">'
laughs += b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10)) + b"]>"
print(parse([laughs + b"<l>&a9;</l>"]))
print(parse([laughs + b'<l k="&a9;"/>']))
names = b" ".join(b'a%d="1"' % i for i in range(10000))
print(parse([b"<l " + names + b"/>"], StartElementHandler=lambda *given: None))
print(parse([b"<l " + names + b' a5="2"/>']))
print(parse([b"<l><!--"] + [b"x"] * 20000 + [b"--></l>"]))
print(parse([b"<a>" * 20000 + b"</a>" * 20000]))


# A handler raises in the text of an entity; the parser is given more.
def fails(text):
    raise KeyError(text)


parser = expat.ParserCreate()
parser.CharacterDataHandler = fails
for piece in (b'<!DOCTYPE a [<!ENTITY x "y<b/>z">]><a>&x;', b"more</a>"):
    print(outcome(lambda: parser.Parse(piece)))


# Handlers that use their parser.
def uses(name, attributes):
    print(outcome(lambda: parser.Parse(b"<z/>")), parser.CurrentLineNumber)
    parser.StartElementHandler = None


parser = expat.ParserCreate()
parser.StartElementHandler = uses
print(outcome(lambda: parser.Parse(b"<a>\n<b/></a>", True)))
