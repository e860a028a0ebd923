"""Codecs of the library and of the VM: encoding, decoding, error handlers, messages; string.Formatter."""
import codecs, encodings
print(codecs.lookup('utf-8').name, codecs.lookup('latin-1').name)
print('äö'.encode('cp1252'), b'\xe4'.decode('cp1252'), 'x'.encode('cp437'), 'äß'.encode('iso8859_15'))
try: 'x'.encode('nope')
except LookupError as e: print(e)
try: 'x'.encode('rot13')
except LookupError as e: print(e)
print(codecs.encode('hello','rot13'))
try: 'x€'.encode('cp437')
except UnicodeError as e: print(e)
print('x€'.encode('cp437','xmlcharrefreplace'))
print('bücher.example'.encode('idna') if 0 else '')
print('bücher'.encode('punycode'))
print('aé€𝒳+-\\'.encode('utf-7'), b'+AOk-x+2DXcsw-'.decode('utf-7'))
for e in ['utf-8','utf-16','utf-32','utf-8-sig','utf-16-le','ascii','latin-1','cp1252','mac_roman','koi8-r','utf_7','unicode_escape','raw_unicode_escape','charmap']:
    for h in ['strict','ignore','replace','backslashreplace','surrogateescape']:
        try: print(e,h,'aé€𝒳\udc80'.encode(e,h))
        except Exception as x: print(e,h,type(x).__name__,x)
        try: print(e,h,ascii(b'abc\xff\xfe+\x80\\u12\\x00'.decode(e,h)))
        except Exception as x: print(e,h,type(x).__name__,x)
d = codecs.getincrementaldecoder('utf-8')()
print(ascii(d.decode(b'\xe2\x82')), ascii(d.decode(b'\xac')))
print(codecs.charmap_build('abc'))
print(codecs.escape_decode(rb'\x41\n\101'), codecs.escape_encode(b"a'\n\x80"))
print(codecs.readbuffer_encode('é'), codecs.lookup_error('strict'))
for bad in [lambda: codecs.lookup(3), lambda: codecs.utf_8_decode('x'), lambda: codecs.utf_8_encode(3), lambda: codecs.utf_8_encode('x',3), lambda: codecs.lookup('a\0b'), lambda: codecs.register(3), lambda: codecs.register_error(1,2), lambda: codecs.lookup_error('zz'), lambda:codecs.charmap_build(3), lambda:codecs.escape_encode('x')]:
    try: print(bad())
    except Exception as x: print(type(x).__name__, x)
import string
print(list(string.Formatter().parse('a{b!r:>{w}}c{{}}')))
print(string.Formatter().format('{0[x].real:>5}|{k!r}', {'x':3}, k='q'), string.Formatter().vformat('{}{}', (1,2), {}))
