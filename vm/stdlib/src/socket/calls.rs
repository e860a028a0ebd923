//! Methods of sockets about connections, names and options.

use super::address::{self, Address};
use super::object::PySocket;
use super::{plain_error, wait};
use crate::os::{self, quick};
use crate::posix::Table;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::int;
use ungil_runtime::prelude::*;

pub const METHODS: Table = &[
    ("_accept", "($self, /)", Full(accept)),
    ("bind", "($self, object, /)", Full(bind)),
    ("connect", "($self, object, /)", Full(connect)),
    ("connect_ex", "($self, object, /)", Full(connect_ex)),
    ("listen", "($self, backlog=128, /)", Full(listen)),
    ("shutdown", "($self, object, /)", Full(shutdown)),
    ("getpeername", "($self, /)", Full(getpeername)),
    ("getsockname", "($self, /)", Full(getsockname)),
    ("getsockopt", "($self, level, option, buflen=0, /)", Full(getsockopt)),
    ("setsockopt", "($self, level, option, value, optlen=<unrepresentable>, /)", Full(setsockopt)),
];

fn accept(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    let mut from = Address::empty();
    let fd = wait::run(cx, socket, libc::POLLIN, |fd| {
        let (address, len) = from.place();
        // SAFETY: room for an address of any family.
        os::checked(unsafe { libc::accept4(fd, address, len, libc::SOCK_CLOEXEC) })
    })?;
    let address = address::to_object(cx, &from);
    Ok(cx.tuple(vec![cx.int(fd), address]))
}

fn bind(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    let address = address::parse(cx, socket, a.get(1), "bind")?;
    let fd = socket.fd();
    let (place, len) = address.given();
    // SAFETY: the address lives through the call.
    let result = cx.detached(|| os::checked(unsafe { libc::bind(fd, place, len) }));
    os::done(cx, result)
}

/// Connects; the inner result is the system's error, `EWOULDBLOCK` if the time is over.
fn connect_to(cx: &mut Cx, socket: &PySocket, address: &Address) -> R<Result<(), i32>> {
    let (place, len) = address.given();
    let fd = socket.fd();
    // SAFETY: the address lives through the call.
    let result = cx.detached(|| os::checked(unsafe { libc::connect(fd, place, len) }));
    let timeout = socket.timeout();
    match result {
        Ok(_) => return Ok(Ok(())),
        // Starting the call again would be another connection: the one that was begun goes on by itself.
        Err(libc::EINTR) => {
            cx.safepoint()?;
            if timeout == 0 {
                return Ok(Err(libc::EINTR));
            }
        }
        Err(libc::EINPROGRESS) if timeout > 0 => {}
        Err(number) => return Ok(Err(number)),
    }
    let deadline = wait::limit_of(socket).unwrap_or(os::Deadline::never());
    if !wait::wait_for(cx, fd, libc::POLLOUT, &deadline)? {
        return Ok(Err(libc::EWOULDBLOCK));
    }
    match int_option(fd, libc::SOL_SOCKET, libc::SO_ERROR) {
        Ok(0 | libc::EISCONN) => Ok(Ok(())),
        Ok(number) | Err(number) => Ok(Err(number)),
    }
}

fn connect(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    let address = address::parse(cx, socket, a.get(1), "connect")?;
    match connect_to(cx, socket, &address)? {
        Ok(()) => Ok(cx.none()),
        Err(libc::EWOULDBLOCK) if socket.timeout() > 0 => Err(wait::timed_out(cx)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn connect_ex(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    let address = address::parse(cx, socket, a.get(1), "connect_ex")?;
    let result = connect_to(cx, socket, &address)?;
    Ok(cx.int(result.err().unwrap_or(0) as i64))
}

fn listen(cx: &mut Cx, a: Args<'_>) -> R {
    let backlog = os::c_int_or(cx, a.opt(1), 128)?.max(0);
    let fd = a.this::<PySocket>().fd();
    os::done(cx, quick!(libc::listen(fd, backlog)))
}

fn shutdown(cx: &mut Cx, a: Args<'_>) -> R {
    let how = os::c_int(cx, a.get(1))?;
    let fd = a.this::<PySocket>().fd();
    os::done(cx, quick!(libc::shutdown(fd, how)))
}

fn getpeername(cx: &mut Cx, a: Args<'_>) -> R {
    let address = Address::remote(a.this::<PySocket>().fd()).map_err(|e| os::error(cx, e))?;
    Ok(address::to_object(cx, &address))
}

fn getsockname(cx: &mut Cx, a: Args<'_>) -> R {
    let address = Address::local(a.this::<PySocket>().fd()).map_err(|e| os::error(cx, e))?;
    Ok(address::to_object(cx, &address))
}

/// An option that is a number.
pub fn int_option(fd: i32, level: i32, option: i32) -> Result<i32, i32> {
    let mut value: libc::c_int = 0;
    let mut len = size_of::<libc::c_int>() as libc::socklen_t;
    let place = (&raw mut value).cast();
    quick!(libc::getsockopt(fd, level, option, place, &raw mut len)).map(|_| value)
}

/// The longest option that can be read.
const MOST: i32 = 1024;

fn getsockopt(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = a.this::<PySocket>().fd();
    let (level, option) = (os::c_int(cx, a.get(1))?, os::c_int(cx, a.get(2))?);
    let len = os::c_int_or(cx, a.opt(3), 0)?;
    if len == 0 {
        let value = int_option(fd, level, option).map_err(|e| os::error(cx, e))?;
        return Ok(cx.int(value as i64));
    }
    if !(0..=MOST).contains(&len) {
        return Err(plain_error(cx, "getsockopt buflen out of range"));
    }
    let mut value = [0u8; MOST as usize];
    let mut len = len as libc::socklen_t;
    let place = value.as_mut_ptr().cast();
    let result = quick!(libc::getsockopt(fd, level, option, place, &raw mut len));
    os::done(cx, result)?;
    Ok(new_bytes(cx, &value[..len as usize]))
}

/// The value of an option if it is a C `int`.
fn int_value(cx: &Cx, v: Ref<'_>) -> Option<i32> {
    let is_int = cx.is_instance_of(v, Builtin::Int);
    if is_int { int::to_i64(cx, v).and_then(|n| i32::try_from(n).ok()) } else { None }
}

fn setsockopt(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = a.this::<PySocket>().fd();
    let (level, option) = (os::c_int(cx, a.get(1))?, os::c_int(cx, a.get(2))?);
    let value = a.get(3);
    if let Some(len) = a.opt(4) {
        if !value.value().is_none() {
            let got = cx.type_name(value);
            return Err(cx.type_error(format!("setsockopt() argument 3 must be None, not {got}")));
        }
        let len = cx.to_i64(len)?;
        let Ok(len) = libc::socklen_t::try_from(len) else {
            return Err(cx.overflow_error("unsigned int is out of range"));
        };
        return os::done(cx, quick!(libc::setsockopt(fd, level, option, std::ptr::null(), len)));
    }
    if let Some(n) = int_value(cx, value) {
        let (place, len) = ((&raw const n).cast(), size_of::<i32>() as libc::socklen_t);
        return os::done(cx, quick!(libc::setsockopt(fd, level, option, place, len)));
    }
    let data = buffer::bytes_of(cx, value)?;
    let (place, len) = (data.as_ptr().cast(), data.len() as libc::socklen_t);
    os::done(cx, quick!(libc::setsockopt(fd, level, option, place, len)))
}
