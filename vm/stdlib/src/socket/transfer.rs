//! Methods of sockets that send and receive bytes. What is received lies in memory of the call's own until it is there; what is
//! sent is copied unless nobody can change it.

use super::address::{self, Address};
use super::object::PySocket;
use super::wait;
use crate::os;
use crate::posix::Table;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::try_new_bytes;
use ungil_runtime::prelude::*;

pub const METHODS: Table = &[
    ("recv", "($self, bufsize, flags=0, /)", Full(recv)),
    ("recv_into", "($self, buffer, nbytes=0, flags=0)", Full(recv_into)),
    ("recvfrom", "($self, bufsize, flags=0, /)", Full(recvfrom)),
    ("recvfrom_into", "($self, buffer, nbytes=0, flags=0)", Full(recvfrom_into)),
    ("send", "($self, data, flags=0, /)", Full(send)),
    ("sendall", "($self, data, flags=0, /)", Full(sendall)),
    ("sendto", "($self, data, flags_or_address, address=<unrepresentable>, /)", Full(sendto)),
];

/// Room for so many bytes, without contents.
///
/// # Errors
/// `MemoryError`.
pub fn room(cx: &mut Cx, len: usize) -> R<Vec<u8>> {
    let mut room = Vec::new();
    match room.try_reserve_exact(len) {
        Ok(()) => Ok(room),
        Err(_) => Err(cx.memory_error()),
    }
}

/// Receives at most `len` bytes; [`received`] makes an object of them.
fn receive(cx: &mut Cx, socket: &PySocket, len: usize, flags: i32, from: Option<&mut Address>) -> R<Vec<u8>> {
    let mut data = cx.thread_state.scratch.take();
    if data.try_reserve_exact(len).is_err() {
        return Err(cx.memory_error());
    }
    let start = data.as_mut_ptr();
    let (address, address_len) = match from {
        Some(from) => from.place(),
        None => (std::ptr::null_mut(), std::ptr::null_mut()),
    };
    let n = wait::run(cx, socket, libc::POLLIN, |fd| {
        // SAFETY: room for so many bytes, and for an address of any family.
        os::checked(unsafe { libc::recvfrom(fd, start.cast(), len, flags, address, address_len) } as i64)
    })?;
    // SAFETY: so many were written.
    unsafe { data.set_len((n as usize).min(len)) };
    Ok(data)
}

/// Bytes that the thread's memory for what is received keeps.
const SCRATCH: usize = 1 << 20;

/// What was received, as an object; the memory is used again.
fn received(cx: &mut Cx, mut data: Vec<u8>) -> R {
    let made = try_new_bytes(cx, &data);
    if data.capacity() <= SCRATCH {
        data.clear();
        cx.thread_state.scratch.set(data);
    }
    made
}

fn size_arg(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<usize> {
    let n = os::size(cx, v)?;
    usize::try_from(n).map_err(|_| cx.value_error(format!("negative buffersize in {function}")))
}

fn recv(cx: &mut Cx, a: Args<'_>) -> R {
    let len = size_arg(cx, a.get(1), "recv")?;
    let flags = os::c_int_or(cx, a.opt(2), 0)?;
    if len == 0 {
        return try_new_bytes(cx, &[]);
    }
    let data = receive(cx, a.this(), len, flags, None)?;
    received(cx, data)
}

fn recvfrom(cx: &mut Cx, a: Args<'_>) -> R {
    let len = size_arg(cx, a.get(1), "recvfrom")?;
    let flags = os::c_int_or(cx, a.opt(2), 0)?;
    let socket = a.this::<PySocket>();
    let mut from = Address::empty();
    let data = receive(cx, socket, len, flags, Some(&mut from))?;
    let data = received(cx, data)?;
    let address = address::to_object(cx, &from);
    Ok(cx.tuple(vec![data, address]))
}

/// The number of bytes to receive into a buffer: all that it has room for, if none is given.
fn into_len(cx: &mut Cx, a: Args<'_>, function: &str) -> R<usize> {
    let room = match buffer::writable_len(cx, a.get(1)) {
        Err(err) if cx.is_error(&err, Builtin::TypeError) => {
            let got = cx.type_name(a.get(1));
            let text = format!("{function}() argument 1 must be read-write bytes-like object, not {got}");
            return Err(cx.type_error(text));
        }
        result => result?,
    };
    let wanted = match a.opt(2) {
        Some(v) => size_arg(cx, v, function)?,
        None => 0,
    };
    match wanted {
        0 => Ok(room),
        n if n > room => {
            let what = if function == "recv_into" {
                "buffer too small for requested bytes"
            } else {
                "nbytes is greater than the length of the buffer"
            };
            Err(cx.value_error(what))
        }
        n => Ok(n),
    }
}

fn recv_into(cx: &mut Cx, a: Args<'_>) -> R {
    let len = into_len(cx, a, "recv_into")?;
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    if len == 0 {
        return Ok(cx.int(0));
    }
    let data = receive(cx, a.this(), len, flags, None)?;
    let n = buffer::copy_into(cx, a.get(1), 0, &data)?;
    Ok(cx.int(n as i64))
}

fn recvfrom_into(cx: &mut Cx, a: Args<'_>) -> R {
    let len = into_len(cx, a, "recvfrom_into")?;
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    let socket = a.this::<PySocket>();
    let mut from = Address::empty();
    let data = receive(cx, socket, len, flags, Some(&mut from))?;
    let n = buffer::copy_into(cx, a.get(1), 0, &data)?;
    let address = address::to_object(cx, &from);
    Ok(cx.tuple(vec![cx.int(n as i64), address]))
}

fn send(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int_or(cx, a.opt(2), 0)?;
    let data = buffer::steady_bytes_of(cx, a.get(1))?;
    let n = wait::run(cx, a.this(), libc::POLLOUT, |fd| {
        // SAFETY: nobody changes the bytes meanwhile.
        os::checked(unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags) } as i64)
    })?;
    Ok(cx.int(n))
}

fn sendall(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int_or(cx, a.opt(2), 0)?;
    let data = buffer::steady_bytes_of(cx, a.get(1))?;
    let socket = a.this::<PySocket>();
    // The time-out is that of all calls together.
    let limit = wait::limit_of(socket);
    let mut rest: &[u8] = &data;
    loop {
        let result = wait::attempt_until(cx, socket, libc::POLLOUT, limit, |fd| {
            // SAFETY: nobody changes the bytes meanwhile.
            os::checked(unsafe { libc::send(fd, rest.as_ptr().cast(), rest.len(), flags) } as i64)
        })?;
        let n = os::number(cx, result)?;
        rest = rest.get(n as usize..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(cx.none());
        }
        cx.poll()?;
    }
}

fn sendto(cx: &mut Cx, a: Args<'_>) -> R {
    let (flags, address) = match a.opt(3) {
        Some(address) => (os::c_int(cx, a.get(2))?, address),
        None => (0, a.get(2)),
    };
    let data = buffer::steady_bytes_of(cx, a.get(1))?;
    let socket = a.this::<PySocket>();
    let address = address::parse(cx, socket, address, "sendto")?;
    let (place, len) = address.given();
    let n = wait::run(cx, socket, libc::POLLOUT, |fd| {
        // SAFETY: bytes and address live through the call, and nobody changes them.
        os::checked(unsafe { libc::sendto(fd, data.as_ptr().cast(), data.len(), flags, place, len) } as i64)
    })?;
    Ok(cx.int(n))
}
