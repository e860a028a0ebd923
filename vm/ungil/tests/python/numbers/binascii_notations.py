"""binascii: notations, checksums, messages."""
import binascii as B
def t(f,*a,**k):
    try: print(f.__name__, a, k, repr(f(*a,**k)))
    except Exception as e: print(f.__name__, a,k,type(e).__module__,type(e).__name__,e)
print(B.Error.__mro__, B.Incomplete.__mro__)
for s in (b"",b"YQ==",b"YWI=",b"YWJj",b"YQ=",b"YQ",b"Y",b"YWJjZ",b"YW Jj\n",b"YW!Jj",b"=YWJj",b"==",b"=",b"YQ==YQ==",b"YQ==x",b"YQ=x=",b"Y=Q=",b"YWJj=",b"YWJj==",b"YWJj====",b"YQ===",b"YQ\n==",b"+/+/",b"-_-_",b"YQ==\n",b"\nYQ==",b"Y===",b"YW=",b"YW=J",b"YWI=\n=",b"YWJjYQ=",b"Y Q = =", b"YQ=!=", b"AAAA=AAA", b"A=AAA", "YQ==", "Y\u00e9==", 1, bytearray(b"YQ==")):
    t(B.a2b_base64,s); t(B.a2b_base64,s,strict_mode=True)
t(B.b2a_base64,b"abc"); t(B.b2a_base64,b"ab",newline=False); t(B.b2a_base64,b""); t(B.b2a_base64,"x"); t(B.b2a_base64,bytes(range(256)))
for s in (b"",b"0a1B",b"0",b"zz",b"0g",b" 0a","0a","\u00e9a",1,b"0a 1b"): t(B.unhexlify,s); t(B.a2b_hex,s)
t(B.hexlify,b"\x01\xab"); t(B.hexlify,b"abcdef",":"); t(B.hexlify,b"abcdef",b"-",2); t(B.hexlify,b"abcde",":",-2); t(B.hexlify,b"abc","::"); t(B.hexlify,b"abc",1); t(B.hexlify,b"abc",sep=":",bytes_per_sep=2); t(B.hexlify,b"abc",":",0); t(B.hexlify,"x"); t(B.b2a_hex,b"\xff"); t(B.hexlify,b"abc",":","x"); t(B.hexlify,b"abc",":",100); t(B.hexlify,b"abc","")
for d in (b"",b"abc",b"hello world"*10): t(B.crc32,d); t(B.crc32,d,5); t(B.crc_hqx,d,0); t(B.crc_hqx,d,12345678)
t(B.crc32,b"a",-1); t(B.crc32,b"a",2**40); t(B.crc32,"x"); t(B.crc32,b"a","x"); t(B.crc_hqx,b"a"); t(B.crc32); t(B.crc_hqx,b"a",-1); t(B.crc32,b"a",2**70); t(B.crc32,b"a",1.0)
for d in (b"",b"abc",b"a"*45,b"a"*46,bytes(range(45)),b"\0\0\0"): t(B.b2a_uu,d); t(B.b2a_uu,d,backtick=True)
for s in (b"#86)C\n",b"#86)C",b" \n",b"",b"#8",b"#86)C!!",b"#\x7f\x7f\x7f\x7f",b"M",b"\x01abc",b"#86)C\r\n",b"#86)C    ",b"#86)C``\n",b"#86)Cx\n",b"`\n","#86)C\n", b"$86)C86)C\n",b"#8 )C", b"!  \n"): t(B.a2b_uu,s)
for d in (b"",b"abc",b"a=b",b"a b ",b"a b\t\n",b"a\r\nb",b"a\nb",b"\xff\x00",b"x"*100,b".",b"\n.\nx",b"..",b"a_b c",b"x"*75+b"=",b"x"*74+b"=",b" \n",b"\t",b"a\rb",b"From me",b"x"*73+b"\xff\xff",b"line \r\nx \n",b"=\n",b"a"*76+b"\n"): 
    t(B.b2a_qp,d); t(B.b2a_qp,d,quotetabs=True); t(B.b2a_qp,d,istext=False); t(B.b2a_qp,d,header=True)
for s in (b"",b"abc",b"a=3Db",b"a=\nb",b"a=\r\nb",b"a=",b"a==",b"a=3",b"a=zz",b"a_b",b"=00=ff=FF",b"a= \nb",b"=3d=3D","=41",b"a=\n",b"==41",b"a=\rb",b"a=\r\n",b"= =\n"): t(B.a2b_qp,s); t(B.a2b_qp,s,header=True)
