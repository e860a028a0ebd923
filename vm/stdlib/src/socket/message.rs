//! `sendmsg` and `recvmsg`: bytes in several pieces, with control messages beside them (file descriptors, for instance).

use super::address::{self, Address};
use super::object::PySocket;
use super::transfer::room;
use super::{plain_error, wait};
use crate::os;
use crate::posix::Table;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::int;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

pub const METHODS: Table = &[
    ("recvmsg", "($self, bufsize, ancbufsize=0, flags=0, /)", Full(recvmsg)),
    ("recvmsg_into", "($self, buffers, ancbufsize=0, flags=0, /)", Full(recvmsg_into)),
    ("sendmsg", "($self, buffers, ancdata=(), flags=0, address=<unrepresentable>, /)", Full(sendmsg)),
];

pub const FUNCTIONS: Table = &[
    ("CMSG_LEN", "($module, length, /)", Full(|cx, a| control_size(cx, a, "CMSG_LEN"))),
    ("CMSG_SPACE", "($module, length, /)", Full(|cx, a| control_size(cx, a, "CMSG_SPACE"))),
];

/// The most that lengths may be.
const MOST: usize = i32::MAX as usize;

/// The bytes of a control message with so many bytes of data, and of the room for it; `None` if it is too long.
fn control_len(len: usize) -> Option<(usize, usize)> {
    if len > MOST - 64 {
        return None;
    }
    // SAFETY: they only compute.
    unsafe { Some((libc::CMSG_LEN(len as u32) as usize, libc::CMSG_SPACE(len as u32) as usize)) }
}

fn control_size(cx: &mut Cx, a: Args<'_>, function: &str) -> R {
    let len = cx.index(a.get(0))?;
    let len = int::to_i64(cx, len.r()).and_then(|n| usize::try_from(n).ok());
    match len.and_then(control_len) {
        Some((len, _)) if function == "CMSG_LEN" => Ok(cx.int(len as i64)),
        Some((_, space)) => Ok(cx.int(space as i64)),
        None => Err(cx.overflow_error(format!("{function}() argument out of range"))),
    }
}

/// What `recvmsg` of the system gives besides the bytes.
struct Received {
    len: usize,
    control: Obj,
    flags: i32,
    from: Address,
}

/// The control messages that the system has left.
///
/// # Safety
/// `header` is as the system has left it, with its control memory.
unsafe fn control_messages(cx: &Cx, header: &libc::msghdr) -> Obj {
    let mut found = Vec::new();
    let end = header.msg_control as usize + header.msg_controllen;
    // SAFETY: as the caller promises; lengths are checked against the end of the memory.
    unsafe {
        let mut at =
            if header.msg_controllen > 0 { libc::CMSG_FIRSTHDR(header) } else { std::ptr::null_mut() };
        while !at.is_null() {
            let data = libc::CMSG_DATA(at);
            if data as usize > end {
                break;
            }
            let len = ((*at).cmsg_len).saturating_sub(libc::CMSG_LEN(0) as usize).min(end - data as usize);
            let data = new_bytes(cx, std::slice::from_raw_parts(data, len));
            let (level, kind) = ((*at).cmsg_level as i64, (*at).cmsg_type as i64);
            found.push(cx.tuple(vec![cx.int(level), cx.int(kind), data]));
            at = libc::CMSG_NXTHDR(header, at);
        }
    }
    cx.list(found)
}

/// Receives into pieces of memory.
fn receive(cx: &mut Cx, socket: &PySocket, pieces: &mut [libc::iovec], a: Args<'_>) -> R<Received> {
    let control_len = match a.opt(2) {
        Some(v) => os::size(cx, v)?,
        None => 0,
    };
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    let Some(control_len) = usize::try_from(control_len).ok().filter(|&n| n <= MOST) else {
        return Err(cx.value_error("invalid ancillary data buffer length"));
    };
    let mut control: Vec<u64> = Vec::new();
    if control.try_reserve_exact(control_len.div_ceil(8)).is_err() {
        return Err(cx.memory_error());
    }
    control.resize(control_len.div_ceil(8), 0);
    let mut from = Address::empty();
    // SAFETY: numbers and null pointers.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    let n = wait::run(cx, socket, libc::POLLIN, |fd| {
        let (address, len) = from.place();
        header.msg_name = address.cast();
        // SAFETY: the length of our own.
        header.msg_namelen = unsafe { *len };
        header.msg_iov = pieces.as_mut_ptr();
        header.msg_iovlen = pieces.len();
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control_len;
        // SAFETY: all of it lives through the call, with as much room as said.
        os::checked(unsafe { libc::recvmsg(fd, &mut header, flags) } as i64)
    })?;
    from.set_len(header.msg_namelen);
    // SAFETY: as the system has left it.
    let control = unsafe { control_messages(cx, &header) };
    Ok(Received { len: n as usize, control, flags: header.msg_flags, from })
}

fn recvmsg(cx: &mut Cx, a: Args<'_>) -> R {
    let len = os::size(cx, a.get(1))?;
    let Ok(len) = usize::try_from(len) else {
        return Err(cx.value_error("negative buffer size in recvmsg()"));
    };
    let mut data = room(cx, len)?;
    let mut pieces = [libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: len }];
    let got = receive(cx, a.this(), &mut pieces, a)?;
    // SAFETY: so many were written.
    unsafe { data.set_len(got.len.min(len)) };
    let data = try_new_bytes(cx, &data)?;
    Ok(received_object(cx, data, got))
}

fn received_object(cx: &Cx, first: Obj, got: Received) -> Obj {
    let address = address::to_object(cx, &got.from);
    cx.tuple(vec![first, got.control, cx.int(got.flags as i64), address])
}

fn recvmsg_into(cx: &mut Cx, a: Args<'_>) -> R {
    let buffers = iterable(cx, a.get(1), "recvmsg_into() argument 1")?;
    let mut rooms = Vec::with_capacity(buffers.len());
    for buffer in &buffers {
        let len = buffer::writable_len(cx, buffer.r());
        let Some(len) = cx.catch(len, Builtin::TypeError)? else {
            let wanted = "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers";
            return Err(cx.type_error(wanted));
        };
        rooms.push((room(cx, len)?, len));
    }
    let mut pieces: Vec<libc::iovec> = rooms
        .iter_mut()
        .map(|(room, len)| libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: *len })
        .collect();
    let got = receive(cx, a.this(), &mut pieces, a)?;
    let mut left = got.len;
    for ((room, len), buffer) in rooms.iter_mut().zip(&buffers) {
        let n = left.min(*len);
        // SAFETY: pieces are filled one after the other.
        unsafe { room.set_len(n) };
        buffer::copy_into(cx, buffer.r(), 0, room)?;
        left -= n;
    }
    let len = cx.int(got.len as i64);
    Ok(received_object(cx, len, got))
}

/// The items of an argument.
fn iterable(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<Vec<Obj>> {
    let items = cx.iter(v);
    match cx.catch(items, Builtin::TypeError)? {
        Some(iterator) => cx.collect(iterator.r()),
        None => Err(cx.type_error(format!("{what} must be an iterable"))),
    }
}

/// One control message to send: level, type, and data.
fn control_item(cx: &mut Cx, v: Ref<'_>) -> R<(i32, i32, Vec<u8>)> {
    const WHAT: &str = "[sendmsg() ancillary data items]() argument must be";
    let Some(parts) = v.downcast::<PyTuple>(cx).map(|t| t.items()) else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{WHAT} 3-item tuple, not {got}")));
    };
    let &[level, kind, data] = parts else {
        return Err(cx.type_error(format!("{WHAT} tuple of length 3, not {}", parts.len())));
    };
    let (level, kind) = (os::c_int(cx, level)?, os::c_int(cx, kind)?);
    Ok((level, kind, buffer::bytes_of(cx, data)?.into_owned()))
}

/// Control messages one after the other, as the system takes them.
fn control_memory(cx: &mut Cx, v: Option<Ref<'_>>) -> R<(Vec<u64>, usize)> {
    let items = match v {
        Some(v) => iterable(cx, v, "sendmsg() argument 2")?,
        None => Vec::new(),
    };
    let (mut messages, mut total) = (Vec::new(), 0usize);
    for item in &items {
        let message = control_item(cx, item.r())?;
        let Some((_, space)) = control_len(message.2.len()).filter(|(_, space)| total + space <= MOST) else {
            return Err(plain_error(cx, "ancillary data item too large"));
        };
        total += space;
        messages.push(message);
    }
    let mut memory: Vec<u64> = Vec::new();
    if memory.try_reserve_exact(total.div_ceil(8)).is_err() {
        return Err(cx.memory_error());
    }
    memory.resize(total.div_ceil(8), 0);
    let mut at = 0;
    for (level, kind, data) in messages {
        let (len, space) = control_len(data.len()).unwrap_or_default();
        // SAFETY: the memory has room for the spaces of all of them, each a multiple of the alignment.
        unsafe {
            let header = memory.as_mut_ptr().cast::<u8>().add(at).cast::<libc::cmsghdr>();
            (*header).cmsg_level = level;
            (*header).cmsg_type = kind;
            (*header).cmsg_len = len;
            std::ptr::copy_nonoverlapping(data.as_ptr(), libc::CMSG_DATA(header), data.len());
        }
        at += space;
    }
    Ok((memory, total))
}

fn sendmsg(cx: &mut Cx, a: Args<'_>) -> R {
    let socket = a.this::<PySocket>();
    let buffers = iterable(cx, a.get(1), "sendmsg() argument 1")?;
    let mut data: Vec<buffer::Steady<'_>> = Vec::with_capacity(buffers.len());
    for buffer in &buffers {
        data.push(buffer::steady_bytes_of(cx, buffer.r())?);
    }
    let flags = os::c_int_or(cx, a.opt(3), 0)?;
    let address = match a.opt_not_none(4) {
        Some(v) => address::parse(cx, socket, v, "sendmsg")?,
        None => Address::none(),
    };
    let (mut control, control_len) = control_memory(cx, a.opt(2))?;
    let mut pieces: Vec<libc::iovec> = data
        .iter()
        .map(|d| libc::iovec { iov_base: d.as_ptr() as *mut libc::c_void, iov_len: d.len() })
        .collect();
    // SAFETY: numbers and null pointers.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    let (name, name_len) = address.given();
    if name_len > 0 {
        (header.msg_name, header.msg_namelen) = (name as *mut libc::c_void, name_len);
    }
    (header.msg_iov, header.msg_iovlen) = (pieces.as_mut_ptr(), pieces.len());
    if control_len > 0 {
        (header.msg_control, header.msg_controllen) = (control.as_mut_ptr().cast(), control_len);
    }
    let n = wait::run(cx, socket, libc::POLLOUT, |fd| {
        // SAFETY: all of it lives through the call, and the system only reads it.
        os::checked(unsafe { libc::sendmsg(fd, &header, flags) } as i64)
    })?;
    Ok(cx.int(n))
}
