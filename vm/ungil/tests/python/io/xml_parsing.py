"""XML: events and their positions, errors, namespaces, entities, encodings, handlers; ElementTree and minidom on top."""
import io
import pyexpat
import xml.etree.ElementTree as ET
from xml.dom import minidom

HANDLERS = """StartElement EndElement CharacterData ProcessingInstruction Comment StartCdataSection EndCdataSection
XmlDecl StartDoctypeDecl EndDoctypeDecl EntityDecl NotationDecl UnparsedEntityDecl ElementDecl AttlistDecl
ExternalEntityRef SkippedEntity NotStandalone StartNamespaceDecl EndNamespaceDecl"""


def show(pieces, handlers=HANDLERS, namespace=None, **settings):
    parser = pyexpat.ParserCreate(None, namespace)
    for name in handlers.split():
        def report(*args, name=name):
            print("  ", name, *args, parser.CurrentLineNumber, parser.CurrentColumnNumber, parser.CurrentByteIndex)
            return 1
        setattr(parser, name if name.startswith("Default") else name + "Handler", report)
    for name, value in settings.items():
        setattr(parser, name, value)
    pieces = pieces if isinstance(pieces, list) else [pieces]
    print(ascii(pieces))
    try:
        for piece in pieces[:-1]:
            parser.Parse(piece)
        parser.Parse(pieces[-1], True)
    except pyexpat.ExpatError as error:
        print("   error", error, error.code, error.lineno, error.offset, parser.ErrorCode, parser.ErrorByteIndex)


DOCUMENTS = [
    '<a b="1" c=\'2\'>te<b>x</b>\nt\r\nu\rv</a>',
    '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<a><!-- c --><?pi da ta?><![CDATA[x<y\n]]></a>\n',
    '<!DOCTYPE a [<!ENTITY e "val<b>x</b>"><!ENTITY f SYSTEM "f.xml"><!ENTITY g PUBLIC "pub" "sys" NDATA n>'
    '<!NOTATION n SYSTEM "nn"><!ELEMENT a (b|c)*><!ELEMENT b (#PCDATA|x)*><!ELEMENT c EMPTY><!ELEMENT d ANY>'
    '<!ELEMENT e (a,(b|c)+,d?)><!ATTLIST a x CDATA "dx" y (p|q) #REQUIRED z ID #IMPLIED w CDATA #FIXED "ww">]>'
    '<a y="p">&e;&f;&amp;&#65;&#x42;</a>',
    '<!DOCTYPE a PUBLIC "-//x//y" "a.dtd" [ <!-- c --> %pe; ]><a>&x;</a>',
    '<!DOCTYPE a [<!ENTITY a "&b;"><!ENTITY b "&a;">]><a>&a;</a>',
    '<a  x = "a\tb\nc&lt;&#10;"  />',
    b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>',
    '<?xml version="1.0" encoding="utf-16"?><a>\u4e2d</a>'.encode("utf-16"),
    '<?xml version="1.0" encoding="cp1252"?><a>\u20ac</a>'.encode("cp1252"),
]
BROKEN = ['<a><b></a>', '<a', '', '<a>', 'x', '<a></a>x', '<a b="1" b="2"/>', '<a>&undef;</a>', '<a>&#0;</a>',
          '<a><</a>', '<a b=1/>', '<a>]]></a>', '<a b="<"/>', '<a><![CDATA[x', '<a><!-- -- --></a>', '<a>\x01</a>',
          ' <?xml version="1.0"?><a/>', '<a>x&amp', '</a>', '<a/><b/>', '<!DOCTYPE a><!DOCTYPE b><a/>', b'<a>\xff</a>',
          b'<a>\xc3', '<a b/>', '<1a/>', '<a><?xml x?></a>']
for document in DOCUMENTS + BROKEN:
    show(document)
for document in DOCUMENTS[:3]:
    show(document, "DefaultHandler StartElement")
    show(document, "DefaultHandlerExpand CharacterData")
for document in ['<a xmlns="u" xmlns:x="v" x:y="1" z="2"><x:b/><c xmlns=""/></a>', '<x:a/>', '<a xmlns:x=""/>',
                 '<a xml:lang="e"/>', '<a xmlns:xml="b"/>', '<a x:b="1" y:b="2" xmlns:x="u" xmlns:y="u"/>']:
    show(document, namespace=" ")
    show(document, namespace="!", namespace_prefixes=True, ordered_attributes=True)
show('<a x="1">abc\ndef&amp;gh<b/>i\nj</a>', buffer_text=True)
show([b'<a>ab', b'c\n\r', b'\nde&am', b'p;f]', b']g<b x="', b'1"/></', b'a>'])


def stop(*args):
    raise KeyError("stop")


parser = pyexpat.ParserCreate()
parser.StartElementHandler = stop
try:
    parser.Parse("<a><b/></a>", True)
except KeyError as error:
    print(error, parser.StartElementHandler)

tree = ET.fromstring('<r a="1"><x>t</x>u<y><z/></y>v<!-- no --></r>')
print([(e.tag, e.attrib, e.text, e.tail) for e in tree.iter()], ET.tostring(tree))
print([(kind, e.tag) for kind, e in ET.iterparse(io.BytesIO(b"<a><b>c</b><d/></a>"), ("start", "end"))])
try:
    ET.fromstring("<a><b></a>")
except ET.ParseError as error:
    print(error, error.position, error.code)
print(minidom.parseString('<a b="c">d<e/><!--f--></a>').toxml())
