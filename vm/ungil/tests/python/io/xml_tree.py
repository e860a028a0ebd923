# Elements of xml.etree: what they refuse, their children as a sequence, walks, searches, copies, states.
import copy, io, pickle, threading, warnings
import xml.etree.ElementTree as E


def show(f):
    try:
        r = f()
        print(E.tostring(r).decode() if isinstance(r, E.Element) else repr(r))
    except Exception as e:
        print(type(e).__module__, type(e).__name__, e, getattr(e, "code", None), getattr(e, "position", None))


el = E.fromstring('<a x="1">t<b>q</b>u<c/>v<!--c-->w</a>')
for args, kw in [((), {}), (("a", 1), {}), (("a", {"b": 1}), {"c": 3}), (("a",), {"attrib": {"b": 1}, "c": 3}),
                 (("a",), {"attrib": 3}), ((), {"tag": "a"}), (("a", {}, {}), {})]:
    show(lambda: E.Element(*args, **kw).attrib)
for args, kw in [((), {}), ((1, 2), {}), ((el,), {}), ((el, "a", 5), {}), ((el, "z", {"r": 1}), {"z": 5})]:
    show(lambda: E.SubElement(*args, **kw).attrib)
del el[-1]
show(lambda: el.append(5))
show(lambda: el.extend(5))
show(lambda: el.extend([5]))
show(lambda: el.insert("a", el))
show(lambda: el.insert(1, 5))
show(lambda: el.remove(5))
show(lambda: el.remove(E.Element("a")))
for key in ["a", 99, -99, 0.5, 1 << 100]:
    show(lambda: el[key])
    show(lambda: el.__setitem__(key, el))
    show(lambda: el.__delitem__(key))
show(lambda: el.__setitem__(0, 5))
show(lambda: el.__setitem__(slice(0, 1), 5))
show(lambda: el.__setitem__(slice(0, 1), [5]))
show(lambda: el.__setitem__(slice(0, 3, 2), [el] * 3))
for name in ["tag", "text", "tail", "attrib"]:
    show(lambda: delattr(el, name))
show(lambda: setattr(el, "attrib", 5))
show(lambda: el.makeelement("a", 5))
show(lambda: el.__deepcopy__(5))
show(lambda: E.Element("a").__getstate__())
for state in [5, {}, {"tag": 1, "zz": 2}, {"tag": 1, "_children": 2}, {"tag": 1, "_children": [2]}, {1: 1}]:
    show(lambda: E.Element("a").__setstate__(state))

items = E.Element("items")
for i in range(10):
    E.SubElement(items, f"i{i}")


def tags(e):
    return [c.tag for c in e]


print(tags(items[2:8:2]), tags(items[::-3]), len(items), items[-1].tag)
items[1:3] = [E.Element("new")]
del items[-1], items[::4]
items[5:5] = (E.Element(f"g{i}") for i in range(2))
print(tags(items))

el = E.fromstring('<a x="1">t<b>q</b>u<c/>v<!--c-->w</a>', E.XMLParser(target=E.TreeBuilder(insert_comments=True)))
print(list(el.itertext()), [e.tag if isinstance(e.tag, str) else "?" for e in el.iter()], [e.tag for e in el.iter("b")])
for path in ["b", "zz", ".//b", "*", "{*}c", b"b"]:
    show(lambda: el.find(path))
show(lambda: el.findtext("c"))
show(lambda: el.findtext("zz", 5))
show(lambda: tags(el.findall("c")) + tags(el.iterfind("b")))
show(lambda: (el.get("x"), el.get("y", 3), el.items(), el.keys()))
show(lambda: el.get([]))
with warnings.catch_warnings():
    warnings.simplefilter("error")
    show(lambda: bool(el))
for same in [copy.copy(el), copy.deepcopy(el), E.fromstring(E.tostring(el))]:
    print(E.tostring(same) == E.tostring(el), same is el)
plain = E.fromstring("<p><q r='s'>t</q>u</p>")
show(lambda: pickle.loads(pickle.dumps(plain, 2)))

# Builders and parsers.
tb = E.TreeBuilder()
show(lambda: tb.close())
show(lambda: tb.end("a"))
show(lambda: tb.start("a", 5))
tb.start("a", {})
tb.data("x")
tb.data("y")
tb.end("a")
show(lambda: tb.close().text)
show(lambda: tb.start("b", {}))
show(lambda: E.TreeBuilder(element_factory=5).start("a", {}))
for data in ["<a><b></a>", b"<a>&foo;</a>", b'<!DOCTYPE a SYSTEM "x"><a>&foo;</a>', "", "foobar<", 5, "<a>\ud800",
             b'<?xml version="1.0" encoding="cp1252"?><a>\x80</a>', b'<?xml version="1.0" encoding="utf-7"?><a>x</a>']:
    def parse():
        p = E.XMLParser()
        p.feed(data)
        return p.close()
    show(parse)


class Target:
    def __getattr__(self, name):
        return lambda *args: print(name, args)


text = ('<?xml version="1.0"?><!DOCTYPE a PUBLIC "p" "s"><a xmlns="u" xmlns:p="v" p:x="1" y="2">\nhello &amp; x\ny'
        "<p:b/><!--c--><?p q r?><?p?></a>")
p = E.XMLParser(target=Target())
p.feed(text)
p.close()
p = E.XMLPullParser(["start", "end", "start-ns", "end-ns", "comment", "pi"])
p.feed(text)
print([(what, e.tag if isinstance(e, E.Element) and isinstance(e.tag, str) else getattr(e, "text", e))
       for what, e in p.read_events()])
show(lambda: E.XMLParser(target=5)._setevents([], ["end"]))
show(lambda: E.XMLParser()._setevents([], ["endx"]))
show(lambda: E.XMLParser()._setevents([], [5]))
show(lambda: E.XMLParser.__new__(E.XMLParser).feed(""))
show(lambda: E.parse(io.StringIO("<a>\xe9</a>")).getroot().text)


# Children that change while they are compared.
class Hostile(E.Element):
    def __eq__(self, other):
        del root[:]
        return True


root = E.Element("r")
root.extend([Hostile("h"), Hostile("h")])
root.remove(E.Element("x"))
print(len(root))

# Deep trees are freed, and threads may share one.
e = root = E.Element("root")
for i in range(100000):
    e = E.SubElement(e, "x")
show(lambda: sum(1 for _ in root.iter()))
del e, root

shared = E.Element("shared")
walk = E.fromstring("<w>" + "<v/>" * 2000 + "</w>").iter("v")
seen = []


def work():
    for i in range(200):
        E.SubElement(shared, "s").text = str(i)
        shared.set(str(i), "v")
        shared[-1:] = shared[:1]
        shared.findall("s"), list(shared.itertext()), copy.copy(shared)
        if len(shared) > 20:
            del shared[5:]
    seen.extend(walk)


threads = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
print(len(shared.attrib), len(seen), len({id(e) for e in seen}))
