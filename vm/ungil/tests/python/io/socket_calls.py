"""Sockets: arguments, time-outs, options, messages with descriptors, addresses."""
import _socket as S
def t(f,*a,**k):
    try: print(repr(f(*a,**k)))
    except BaseException as e: print(type(e).__mro__[0], e.args if not isinstance(e,UnicodeError) else e)
s=S.socket()
t(s.connect, "x"); t(s.connect, ("a",)); t(s.connect,(1,2)); t(s.connect,("127.0.0.1","x")); t(s.connect,("127.0.0.1",70000)); t(s.connect,("127.0.0.1",-1))
t(s.connect,("a\0b",1)); t(s.connect,("é"*100,1)); t(s.connect, ("127.0.0.1", 1))
t(s.recv, -1); t(s.recv, "x"); t(s.recv_into, b"abc"); t(s.recv_into, bytearray(3), 5); t(s.recv_into, bytearray(3), -1)
t(s.send, "x"); t(s.sendto, b"x", 1); t(s.sendto, b"x", 0, 1); t(s.sendto,"x",("a",1))
t(s.settimeout, -1); t(s.settimeout, "x"); t(s.settimeout, 1.5); print(s.gettimeout(), s.timeout, s.getblocking()); t(s.settimeout, float("nan")); t(s.settimeout,1e300)
t(s.setblocking, 0); print(s.gettimeout()); t(s.setblocking, "x")
t(s.setsockopt, 1, 2, "x"); t(s.setsockopt, 1, 2, None); t(s.setsockopt,1,2,None,3); t(s.getsockopt,1,2); t(s.getsockopt,1,2,4); t(s.getsockopt,1,2,-1);t(s.getsockopt,1,2,5000)
t(s.setsockopt, 1, 2, 1);t(s.setsockopt, 1, 2, 2**40); t(s.setsockopt, 1, 2, b"\1\0\0\0")
s.settimeout(0.05); t(s.listen, "x"); t(s.listen); t(s.listen, -5); t(s._accept); t(s.shutdown, 2); t(s.shutdown, 77); 
s.detach(); print(s, s.fileno()); t(s.recv, 1); t(s.close); t(s.getpeername)
t(S.inet_aton, "1.2.3"); t(S.inet_aton,"x"); t(S.inet_ntoa, b"abc"); t(S.inet_ntoa, "abcd"); t(S.inet_pton, 2, "x"); t(S.inet_pton, 99, "x"); t(S.inet_ntop, 2, b"abc"); t(S.inet_ntop, 99, b"abcd"); t(S.inet_ntop,10,bytes(16)); t(S.inet_pton,10,"::1"); t(S.inet_ntoa, bytearray(4))
t(S.htons, -1); t(S.htons, 70000); t(S.htonl, -1); t(S.htonl, 2**40); t(S.htons, 1); t(S.htonl, 1); t(S.htons, "x");t(S.htonl,"x");t(S.ntohs,70000);t(S.ntohl,2**33);t(S.ntohs,2**70)
t(S.getnameinfo, ("127.0.0.1",80), 3); t(S.getnameinfo, 1, 2); t(S.getnameinfo, ("x",1), 0); t(S.getnameinfo,("127.0.0.1",1,2**30),0); t(S.getnameinfo,(),0);t(S.getnameinfo,("127.0.0.1",80,0,0),3)
t(S.CMSG_LEN, 4); t(S.CMSG_SPACE, 4); t(S.CMSG_LEN, -1); t(S.CMSG_SPACE, 2**63-1);t(S.CMSG_LEN,"x")
t(S.setdefaulttimeout, 3); t(S.getdefaulttimeout); s2=S.socket(); print(s2.gettimeout()); t(S.setdefaulttimeout, None); t(S.getdefaulttimeout);t(S.setdefaulttimeout,-1)
a,b=S.socketpair(); print(a.family,a.type,a.proto)
a.settimeout(None); t(a.send, b"hello"); t(b.recv, 3); x=bytearray(5); t(b.recv_into,x); print(x); t(a.sendall,b"x"*10); t(b.recvfrom, 100); t(a.send, b"zz"); t(b.recvfrom_into, x); 
b.settimeout(0.01); t(b.recv,1); t(b.recvfrom_into,x,1); b.setblocking(False); t(b.recv,1); t(b._accept); t(b.recvmsg,10)
t(a.sendmsg,[b"ab",b"cd"]); t(b.recvmsg,10); t(a.sendmsg,[b"q"],[(S.SOL_SOCKET,S.SCM_RIGHTS,b"\0\0\0\0")]); r=b.recvmsg(10,S.CMSG_SPACE(4)); print(r[0], len(r[1]), r[1][0][:2], len(r[1][0][2]), r[2:], )
t(a.sendmsg, [1]); t(a.sendmsg, 1); t(a.sendmsg,[b"x"],[1]); t(a.sendmsg,[b"x"],[(1,2)]); t(a.sendmsg,[b"x"],1);t(a.sendmsg,[b"x"],[],"x");t(a.sendmsg,[b"x"],[],0,5)
t(b.recvmsg,-1); t(b.recvmsg,1,-1); t(b.recvmsg_into, [b"x"]); t(b.recvmsg_into,1); z=[bytearray(2),bytearray(2)]; b.setblocking(True); t(a.send,b"abc"); t(b.recvmsg_into, z); print(z)
t(b.recvmsg,1,2**62); 
t(a.getpeername); t(a.getsockname); t(a.shutdown,1); t(b.recv,5);t(b.recvfrom,5); 
u=S.socket(S.AF_UNIX); t(u.bind,"x"*200); t(u.bind,1); t(u.bind,"\0abs-test-x"); t(u.getsockname); t(u.connect,"/nonexistent/x"); t(u.bind,"a\ud800")
v=S.socket(S.AF_INET6); t(v.bind,("::1",0,0,0)); t(v.bind,("::1",)); t(v.bind,("::1",1,2**30)); t(v.bind,"x"); t(v.connect,("127.0.0.1",1))
w=S.socket(S.AF_NETLINK,S.SOCK_RAW); t(w.bind,(0,0)); t(w.bind,1); t(w.getsockname()[1:].__len__);
t(S.close,"x"); t(S.close,-1); t(S.dup,-1); t(S.dup,9999);t(S.socketpair,2); t(S.socketpair,"x")
t(S.gethostname().__len__) if 0 else None
del s2
class Sub(S.socket):
    pass
q=Sub(); q.foo=1; print(q.foo); print(q.__class__); 
n=S.socket.__new__(S.socket); print(n); t(n.recv,1)
print(S.error, S.timeout, S.gaierror, S.herror, S.gaierror.__mro__)
