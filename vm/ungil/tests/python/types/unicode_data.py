"""unicodedata: both versions compared by checksums over many characters, and the messages."""
import unicodedata as u, sys, hashlib
def t(f,*a):
    try: print(ascii(f(*a)))
    except BaseException as e: print(type(e), e.args)
t(u.category,'ab');t(u.category,1);t(u.category,'');t(u.decimal,'x');t(u.digit,'x');t(u.numeric,'x');t(u.name,'\0');t(u.name,'\0',5);t(u.decimal,'x',5);t(u.decimal,'5');t(u.digit,'²');t(u.numeric,'½');t(u.decimal,'²');t(u.lookup,'nosuch');t(u.lookup,'space');t(u.lookup,1);t(u.lookup,'LATIN SMALL LETTER GHA')
t(u.normalize,'x','a');t(u.normalize,'NFC',1);t(u.is_normalized,'NFX','a');t(u.name,'가');t(u.name,'一');t(u.UCD);t(u.ucd_3_2_0.name,'\u20ac');t(u.ucd_3_2_0.name,'\U0001f600');t(u.decimal,'ab');t(u.decimal,1); t(u.name,'ab'); t(u.numeric,'一'); t(u.numeric,'ab')
for d in (u,u.ucd_3_2_0):
    for f in ('category','bidirectional','combining','mirrored','east_asian_width','decomposition'):
        h=hashlib.md5(); g=getattr(d,f)
        for i in range(0,0x3200): h.update(str(g(chr(i))).encode())
        print(f,h.hexdigest())
    for f in ('decimal','digit','numeric','name'):
        h=hashlib.md5(); g=getattr(d,f)
        for i in range(0,0x3200): h.update(str(g(chr(i),None)).encode())
        print(f,h.hexdigest())
    for f in 'NFC','NFD','NFKC','NFKD':
        h=hashlib.md5()
        for i in range(0,0x1200): h.update(d.normalize(f,chr(i)+'\u0301\u0323'+chr(i)).encode('utf8','surrogatepass'))
        print(f,h.hexdigest())
