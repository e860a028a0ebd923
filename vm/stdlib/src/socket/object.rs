//! The type `socket`. Its fields are atomics: what a thread does with a socket that another one closes meanwhile ends in an
//! error of the system, as in CPython.

use super::{calls, message, transfer};
use crate::os::{self, quick, syscall};
use crate::posix::Table;
use std::sync::OnceLock;
use ungil_locks::primitive::{AtomicI32, AtomicI64, Ordering::Relaxed};
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// A socket.
// ORD: every access to its fields is relaxed: each is a word of its own.
#[repr(C)]
pub struct PySocket {
    h: Header,
    /// -1 if there is none.
    fd: AtomicI32,
    family: AtomicI32,
    kind: AtomicI32,
    protocol: AtomicI32,
    /// In nanoseconds: 0 does not block, a negative one blocks for ever.
    timeout: AtomicI64,
}

static SOCKET_OPS: TypeOps = TypeOps {
    name: "socket",
    size: |_| size_of::<PySocket>(),
    trace: None,
    drop_fields: Some(|h, _| {
        // SAFETY: called once, with an object that nobody reaches any more.
        let fd = unsafe { &*h.cast::<PySocket>() }.fd.swap(-1, Relaxed);
        if fd >= 0 {
            // SAFETY: the descriptor was the socket's.
            unsafe { libc::close(fd) };
        }
    }),
    needs_finalizer,
};

unsafe fn needs_finalizer(h: *mut Header) -> bool {
    // SAFETY: the object is a socket, and the thread has a context.
    unsafe { (*h.cast::<PySocket>()).fd() >= 0 && ungil_runtime::finalize::has_del(h) || derived_has_del(h) }
}

/// Whether the class of a closed socket is another one than the module's, which may have a `__del__` of its own.
///
/// # Safety
/// As `needs_finalizer`.
unsafe fn derived_has_del(h: *mut Header) -> bool {
    // SAFETY: as the caller promises; shapes of the runtime are `Shape`s.
    unsafe {
        let shape = Mutator::current().shape(h).cast::<ungil_runtime::class::Shape>();
        let own = CLASS.get().is_some_and(|class| std::ptr::eq((*shape).class, *class));
        !own && ungil_runtime::finalize::has_del(h)
    }
}

// SAFETY: `repr(C)` with the header first.
unsafe impl Object for PySocket {
    const OPS: &'static TypeOps = &SOCKET_OPS;
}

static CLASS: OnceLock<&'static PyType> = OnceLock::new();
/// The time-out of new sockets.
// ORD: relaxed; a setting.
static DEFAULT_TIMEOUT: AtomicI64 = AtomicI64::new(-1);

pub const FUNCTIONS: Table = &[
    (
        "socketpair",
        "($module, family=<unrepresentable>, type=<unrepresentable>, proto=0, /)",
        Full(socketpair),
    ),
    ("close", "($module, object, /)", Full(close_fd)),
    ("dup", "($module, object, /)", Full(dup)),
    (
        "getdefaulttimeout",
        "($module, /)",
        Leaf(|cx, _| Ok(timeout_object(cx, DEFAULT_TIMEOUT.load(Relaxed)))),
    ),
    ("setdefaulttimeout", "($module, object, /)", Full(setdefaulttimeout)),
];

impl PySocket {
    fn closed(h: Header) -> PySocket {
        PySocket {
            h,
            fd: AtomicI32::new(-1),
            family: AtomicI32::new(0),
            kind: AtomicI32::new(0),
            protocol: AtomicI32::new(0),
            timeout: AtomicI64::new(-1),
        }
    }

    pub fn fd(&self) -> i32 {
        self.fd.load(Relaxed)
    }

    pub fn family(&self) -> i32 {
        self.family.load(Relaxed)
    }

    pub fn protocol(&self) -> i32 {
        self.protocol.load(Relaxed)
    }

    /// In nanoseconds: 0 does not block, a negative one blocks for ever.
    pub fn timeout(&self) -> i64 {
        self.timeout.load(Relaxed)
    }

    /// Takes over a file descriptor. On an error it is still the caller's.
    fn adopt(&self, cx: &mut Cx, fd: i32, family: i32, kind: i32, protocol: i32) -> R<()> {
        let default = DEFAULT_TIMEOUT.load(Relaxed);
        let timeout = if kind & libc::SOCK_NONBLOCK != 0 { 0 } else { default };
        if kind & libc::SOCK_NONBLOCK == 0 && timeout >= 0 {
            set_blocking(cx, fd, false)?;
        }
        self.family.store(family, Relaxed);
        self.kind.store(kind & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC), Relaxed);
        self.protocol.store(protocol, Relaxed);
        self.timeout.store(timeout, Relaxed);
        self.fd.store(fd, Relaxed);
        Ok(())
    }
}

/// Tells the system whether calls with a file descriptor may block.
fn set_blocking(cx: &mut Cx, fd: i32, blocking: bool) -> R<()> {
    let mut flag = !blocking as libc::c_int;
    let result = quick!(libc::ioctl(fd, libc::FIONBIO, &raw mut flag));
    os::number(cx, result).map(drop)
}

fn new(cx: &mut Cx, a: Args<'_>) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    cx.alloc_for(class, PySocket::closed)
}

/// What the system says of a socket that is there already: family, type, protocol, unless they are given.
fn described(cx: &mut Cx, fd: i32, given: [i32; 3]) -> R<[i32; 3]> {
    let [mut family, mut kind, mut protocol] = given;
    let address = super::address::Address::local(fd);
    match address {
        Ok(address) if family == -1 => family = address.family(),
        Ok(_) => {}
        Err(number) if family == -1 || number == libc::EBADF || number == libc::ENOTSOCK => {
            return Err(os::error(cx, number));
        }
        Err(_) => {}
    }
    for (place, option) in [(&mut kind, libc::SO_TYPE), (&mut protocol, libc::SO_PROTOCOL)] {
        if *place == -1 {
            *place = calls::int_option(fd, libc::SOL_SOCKET, option).map_err(|e| os::error(cx, e))?;
        }
    }
    Ok([family, kind, protocol])
}

fn init_socket(cx: &mut Cx, a: Args<'_>) -> R {
    let [family, kind, protocol] =
        [os::c_int_or(cx, a.opt(1), -1)?, os::c_int_or(cx, a.opt(2), -1)?, os::c_int_or(cx, a.opt(3), -1)?];
    let this = a.this::<PySocket>();
    if let Some(fileno) = a.opt_not_none(4) {
        let fd = os::c_int(cx, fileno)?;
        if fd < 0 {
            return Err(cx.value_error("negative file descriptor"));
        }
        let [family, kind, protocol] = described(cx, fd, [family, kind, protocol])?;
        this.adopt(cx, fd, family, kind, protocol)?;
        return Ok(cx.none());
    }
    let family = if family == -1 { libc::AF_INET } else { family };
    let kind = if kind == -1 { libc::SOCK_STREAM } else { kind };
    let protocol = if protocol == -1 { 0 } else { protocol };
    let fd = os::number(cx, quick!(libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol)))? as i32;
    if let Err(err) = this.adopt(cx, fd, family, kind, protocol) {
        // SAFETY: made just now.
        unsafe { libc::close(fd) };
        return Err(err);
    }
    Ok(cx.none())
}

/// A new exact socket for a file descriptor, which is closed on an error.
fn wrap(cx: &mut Cx, fd: i32, family: i32, kind: i32, protocol: i32) -> R {
    let made = match CLASS.get() {
        Some(class) => cx.alloc_for(class, PySocket::closed),
        None => Err(cx.system_error("_socket is not initialised")),
    };
    let adopted = made.and_then(|made| {
        // SAFETY: made with this payload.
        let socket = unsafe { made.cast_unchecked::<PySocket>() };
        socket.adopt(cx, fd, family, kind, protocol)?;
        Ok(made)
    });
    if adopted.is_err() {
        // SAFETY: the caller gives it up.
        unsafe { libc::close(fd) };
    }
    adopted
}

fn socketpair(cx: &mut Cx, a: Args<'_>) -> R {
    let family = os::c_int_or(cx, a.opt(0), libc::AF_UNIX)?;
    let kind = os::c_int_or(cx, a.opt(1), libc::SOCK_STREAM)?;
    let protocol = os::c_int_or(cx, a.opt(2), 0)?;
    let mut fds = [0; 2];
    let result = quick!(libc::socketpair(family, kind | libc::SOCK_CLOEXEC, protocol, fds.as_mut_ptr()));
    os::done(cx, result)?;
    let first = wrap(cx, fds[0], family, kind, protocol);
    let second = wrap(cx, fds[1], family, kind, protocol);
    Ok(cx.tuple(vec![first?, second?]))
}

/// Closes a descriptor. A connection that the other side has reset is closed all the same.
fn close_number(cx: &mut Cx, fd: i32) -> R {
    // SAFETY: the call takes any number. After an interruption it is closed all the same.
    match cx.detached(|| os::checked(unsafe { libc::close(fd) })) {
        Err(number) if number != libc::ECONNRESET && number != libc::EINTR => Err(os::error(cx, number)),
        _ => Ok(cx.none()),
    }
}

fn close_fd(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    close_number(cx, fd)
}

fn dup(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::c_int(cx, a.get(0))?;
    let result = syscall!(cx, libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0));
    os::int_result(cx, result)
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    match a.this::<PySocket>().fd.swap(-1, Relaxed) {
        -1 => Ok(cx.none()),
        fd => close_number(cx, fd),
    }
}

fn detach(cx: &Cx, a: Args<'_>) -> R {
    Ok(cx.int(a.this::<PySocket>().fd.swap(-1, Relaxed) as i64))
}

fn finalize(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    if socket.fd() >= 0 {
        let text = format!("unclosed {}", cx.repr_string(a.get(0))?);
        crate::io::warn_resource(cx, &text, a.get(0))?;
        let fd = socket.fd.swap(-1, Relaxed);
        if fd >= 0 {
            // SAFETY: the descriptor was the socket's.
            cx.detached(|| unsafe { libc::close(fd) });
        }
    }
    Ok(cx.none())
}

/// A time-out argument in nanoseconds, -1 for `None`.
fn timeout_arg(cx: &mut Cx, v: Ref<'_>) -> R<i64> {
    if v.value().is_none() {
        return Ok(-1);
    }
    match os::nanoseconds(cx, v)? {
        nanos if nanos < 0 => Err(cx.value_error("Timeout value out of range")),
        nanos => Ok(nanos),
    }
}

fn timeout_object(cx: &Cx, nanos: i64) -> Obj {
    if nanos < 0 { cx.none() } else { cx.float(nanos as f64 / 1e9) }
}

fn setdefaulttimeout(cx: &mut Cx, a: Args<'_>) -> R {
    let nanos = timeout_arg(cx, a.get(0))?;
    DEFAULT_TIMEOUT.store(nanos, Relaxed);
    Ok(cx.none())
}

fn set_timeout(cx: &mut Cx, socket: &PySocket, nanos: i64) -> R {
    socket.timeout.store(nanos, Relaxed);
    set_blocking(cx, socket.fd(), nanos < 0)?;
    Ok(cx.none())
}

fn settimeout(cx: &mut Cx, a: Args<'_>) -> R {
    let nanos = timeout_arg(cx, a.get(1))?;
    set_timeout(cx, a.this(), nanos)
}

fn setblocking(cx: &mut Cx, a: Args<'_>) -> R {
    let blocking = cx.truth(a.get(1))?;
    set_timeout(cx, a.this(), if blocking { -1 } else { 0 })
}

fn gettimeout(cx: &Cx, a: Args<'_>) -> R {
    Ok(timeout_object(cx, a.this::<PySocket>().timeout()))
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let s = a.this::<PySocket>();
    let (fd, family, kind) = (s.fd(), s.family(), s.kind.load(Relaxed));
    Ok(cx.str(&format!("<socket object, fd={fd}, family={family}, type={kind}, proto={}>", s.protocol())))
}

const METHODS: Table = &[
    ("__init__", "($self, family=-1, type=-1, proto=-1, fileno=None)", Full(init_socket)),
    ("__del__", "($self, /)", Full(finalize)),
    ("close", "($self, /)", Full(close)),
    ("detach", "($self, /)", Leaf(detach)),
    ("fileno", "($self, /)", Leaf(|cx, a| Ok(cx.int(a.this::<PySocket>().fd() as i64)))),
    ("getblocking", "($self, /)", Leaf(|cx, a| Ok(cx.bool(a.this::<PySocket>().timeout() != 0)))),
    ("setblocking", "($self, object, /)", Full(setblocking)),
    ("gettimeout", "($self, /)", Leaf(gettimeout)),
    ("settimeout", "($self, object, /)", Full(settimeout)),
];

/// Makes the type.
pub fn init(cx: &mut Cx, module: &Obj) {
    let size = size_of::<PySocket>();
    let flags = class_flag::BASETYPE;
    let mut t = TypeBuilder::native_type(cx, "_socket.socket", &SOCKET_OPS, size, false, flags);
    t.doc(
        cx,
        "One end of a connection. It is made for a family of addresses, a type and a protocol, or for a file \
         descriptor, which says all three unless they are given.",
    )
    .constructor(cx, "($type, *args, **kwargs)", Full(new))
    .special(cx, Special::Repr, Full(repr))
    .methods(cx, METHODS)
    .methods(cx, calls::METHODS)
    .methods(cx, transfer::METHODS)
    .methods(cx, message::METHODS)
    .getset(cx, "family", Leaf(|cx, a| Ok(cx.int(a.this::<PySocket>().family() as i64))), None)
    .getset(cx, "type", Leaf(|cx, a| Ok(cx.int(a.this::<PySocket>().kind.load(Relaxed) as i64))), None)
    .getset(cx, "proto", Leaf(|cx, a| Ok(cx.int(a.this::<PySocket>().protocol() as i64))), None)
    .getset(cx, "timeout", Leaf(gettimeout), None);
    let class = *CLASS.get_or_init(|| t.class());
    for name in ["socket", "SocketType"] {
        let class = class.as_ref().own(cx);
        add(cx, module, name, class);
    }
}
