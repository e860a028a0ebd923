//! Addresses of sockets: as Python has them, by family, and as the system has them.

use super::object::PySocket;
use super::{lookup, plain_error};
use crate::os::{self, quick};
use std::ffi::{CStr, CString};
use std::mem::{offset_of, zeroed};
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// An address as the system has it.
#[derive(Clone, Copy)]
pub struct Address {
    storage: libc::sockaddr_storage,
    len: libc::socklen_t,
}

/// What addresses of a family look like to the system.
///
/// # Safety
/// The type is a plain C struct, no larger than `sockaddr_storage`, of which any bytes are a value.
unsafe trait Plain: Copy {}
// SAFETY: C structs of numbers.
unsafe impl Plain for libc::sockaddr_in {}
// SAFETY: as above.
unsafe impl Plain for libc::sockaddr_in6 {}
// SAFETY: as above.
unsafe impl Plain for libc::sockaddr_un {}
// SAFETY: as above.
unsafe impl Plain for libc::sockaddr_nl {}
// SAFETY: as above.
unsafe impl Plain for libc::sockaddr_ll {}
// SAFETY: as above.
unsafe impl Plain for libc::sockaddr_vm {}

impl Address {
    /// Room for an address that the system gives.
    pub fn empty() -> Address {
        // SAFETY: all zeros are a value.
        Address { storage: unsafe { zeroed() }, len: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    /// No address, for calls that give none back.
    pub fn none() -> Address {
        Address { len: 0, ..Address::empty() }
    }

    /// Copies what the system has made; what is too long is cut off.
    ///
    /// # Safety
    /// `len` bytes from `p` can be read.
    pub unsafe fn copied(p: *const libc::sockaddr, len: libc::socklen_t) -> Address {
        let mut address = Address::empty();
        address.len = len.min(address.len);
        let to = (&raw mut address.storage).cast::<u8>();
        // SAFETY: as the caller promises, and no more than there is room for.
        unsafe { std::ptr::copy_nonoverlapping(p.cast::<u8>(), to, address.len as usize) };
        address
    }

    fn of<T: Plain>(value: T, len: usize) -> Address {
        let mut address = Address::empty();
        address.len = len as libc::socklen_t;
        // SAFETY: the storage is large enough for all of them, and aligned for them.
        unsafe { (&raw mut address.storage).cast::<T>().write(value) };
        address
    }

    fn view<T: Plain>(&self) -> T {
        // SAFETY: the storage is larger, and any bytes are a value.
        unsafe { (&raw const self.storage).cast::<T>().read() }
    }

    pub fn family(&self) -> i32 {
        self.storage.ss_family as i32
    }

    /// For calls that write an address: all the room there is.
    pub fn place(&mut self) -> (*mut libc::sockaddr, *mut libc::socklen_t) {
        self.len = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// For calls that read it.
    pub fn given(&self) -> (*const libc::sockaddr, libc::socklen_t) {
        ((&raw const self.storage).cast(), self.len)
    }

    /// Its length became known.
    pub fn set_len(&mut self, len: libc::socklen_t) {
        self.len = len;
    }

    /// Where a socket is.
    pub fn local(fd: i32) -> Result<Address, i32> {
        let mut address = Address::empty();
        let (place, len) = address.place();
        quick!(libc::getsockname(fd, place, len)).map(|_| address)
    }

    /// Where the other end of a socket is.
    pub fn remote(fd: i32) -> Result<Address, i32> {
        let mut address = Address::empty();
        let (place, len) = address.place();
        quick!(libc::getpeername(fd, place, len)).map(|_| address)
    }

    /// An internet address with another port, in the host's order; and the same for the rest of IPv6's.
    pub fn with_port(self, port: u16, flow: u32, scope: u32) -> Address {
        match self.family() {
            libc::AF_INET => {
                let mut v: libc::sockaddr_in = self.view();
                v.sin_port = port.to_be();
                Address::of(v, size_of_val(&v))
            }
            libc::AF_INET6 => {
                let mut v: libc::sockaddr_in6 = self.view();
                v.sin6_port = port.to_be();
                v.sin6_flowinfo = flow.to_be();
                if scope != 0 {
                    v.sin6_scope_id = scope;
                }
                Address::of(v, size_of_val(&v))
            }
            _ => self,
        }
    }

    pub fn of_v4(bytes: [u8; 4]) -> Address {
        // SAFETY: plain numbers.
        let mut v: libc::sockaddr_in = unsafe { zeroed() };
        v.sin_family = libc::AF_INET as u16;
        v.sin_addr.s_addr = u32::from_ne_bytes(bytes);
        Address::of(v, size_of_val(&v))
    }

    pub fn of_v6(bytes: [u8; 16]) -> Address {
        // SAFETY: plain numbers.
        let mut v: libc::sockaddr_in6 = unsafe { zeroed() };
        v.sin6_family = libc::AF_INET6 as u16;
        v.sin6_addr.s6_addr = bytes;
        Address::of(v, size_of_val(&v))
    }

    /// The bytes of an internet address, without port.
    pub fn ip_bytes(&self) -> Vec<u8> {
        match self.family() {
            libc::AF_INET => self.view::<libc::sockaddr_in>().sin_addr.s_addr.to_ne_bytes().to_vec(),
            libc::AF_INET6 => self.view::<libc::sockaddr_in6>().sin6_addr.s6_addr.to_vec(),
            _ => Vec::new(),
        }
    }

    /// The text of an internet address: numbers.
    pub fn ip_text(&self) -> String {
        let bytes = self.ip_bytes();
        if let Ok(v4) = <[u8; 4]>::try_from(bytes.as_slice()) {
            return std::net::Ipv4Addr::from(v4).to_string();
        }
        let scope =
            if self.family() == libc::AF_INET6 { self.view::<libc::sockaddr_in6>().sin6_scope_id } else { 0 };
        match <[u8; 16]>::try_from(bytes.as_slice()) {
            Ok(v6) if scope == 0 => super::convert::v6_text(v6),
            Ok(v6) => {
                let interface = super::interface::name_of(scope);
                let interface = interface.unwrap_or_else(|| scope.to_string());
                format!("{}%{interface}", super::convert::v6_text(v6))
            }
            Err(_) => String::new(),
        }
    }
}

/// The items of an address that is a tuple.
fn items<'a>(cx: &mut Cx, v: Ref<'a>, caller: &str, family: &str) -> R<&'a [Ref<'a>]> {
    match v.downcast::<PyTuple>(cx) {
        Some(tuple) => Ok(tuple.items()),
        None => {
            let got = cx.type_name(v);
            Err(cx.type_error(format!("{caller}(): {family} address must be tuple, not {got}")))
        }
    }
}

/// The name of a host: bytes as they are, strings in ASCII or as internationalised names.
pub fn host_text(cx: &mut Cx, v: Ref<'_>, wrong: impl FnOnce(&str) -> String) -> R<CString> {
    let bytes = if let Some(s) = v.downcast::<PyStr>(cx) {
        if s.as_bytes().is_ascii() {
            s.as_bytes().to_vec()
        } else {
            let encoded = ungil_runtime::objects::codec::encode(cx, v, "idna", "strict");
            match encoded.map(|b| b.downcast::<PyBytes>(cx).map(|b| b.as_bytes().to_vec())) {
                Ok(Some(bytes)) => bytes,
                _ => return Err(cx.type_error("encoding of hostname failed")),
            }
        }
    } else if v.downcast::<PyBytes>(cx).is_some()
        || v.downcast::<ungil_runtime::objects::bytes::PyByteArray>(cx).is_some()
    {
        buffer::bytes_of(cx, v)?.into_owned()
    } else {
        let got = cx.type_name(v);
        return Err(cx.type_error(wrong(&got)));
    };
    CString::new(bytes).map_err(|_| cx.type_error("host name must not contain null character"))
}

/// A port; whether it is in range is told after the host was looked up.
fn in_range(cx: &mut Cx, port: i32, caller: &str) -> R<u16> {
    u16::try_from(port).map_err(|_| cx.overflow_error(format!("{caller}(): port must be 0-65535.")))
}

fn unsigned(cx: &mut Cx, v: Option<&Ref<'_>>) -> R<u32> {
    match v {
        None => Ok(0),
        Some(&v) => {
            let n = cx.to_i64(v)?;
            Ok(n as u32)
        }
    }
}

/// The part of IPv6's addresses that has 20 bits.
pub fn flow_arg(cx: &mut Cx, v: Option<&Ref<'_>>, caller: &str) -> R<u32> {
    match unsigned(cx, v)? {
        n if n > 0xf_ffff => Err(cx.overflow_error(format!("{caller}(): flowinfo must be 0-1048575."))),
        n => Ok(n),
    }
}

fn not_a_host(got: &str) -> String {
    format!("str, bytes or bytearray expected, not {got}")
}

fn parse_inet(cx: &mut Cx, v: Ref<'_>, caller: &str) -> R<Address> {
    let &[host, port] = items(cx, v, caller, "AF_INET")? else {
        return Err(cx.type_error("AF_INET address must be a pair (host, port)"));
    };
    let host = host_text(cx, host, not_a_host)?;
    let port = os::c_int(cx, port)?;
    let address = lookup::resolve(cx, &host, libc::AF_INET)?;
    let port = in_range(cx, port, caller)?;
    Ok(address.with_port(port, 0, 0))
}

fn parse_inet6(cx: &mut Cx, v: Ref<'_>, caller: &str) -> R<Address> {
    let parts = items(cx, v, caller, "AF_INET6")?;
    if !(2..=4).contains(&parts.len()) {
        return Err(cx.type_error("AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"));
    }
    let host = host_text(cx, parts[0], not_a_host)?;
    let port = os::c_int(cx, parts[1])?;
    let (flow, scope) = (unsigned(cx, parts.get(2))?, unsigned(cx, parts.get(3))?);
    let address = lookup::resolve(cx, &host, libc::AF_INET6)?;
    let port = in_range(cx, port, caller)?;
    if flow > 0xf_ffff {
        return Err(cx.overflow_error(format!("{caller}(): flowinfo must be 0-1048575.")));
    }
    Ok(address.with_port(port, flow, scope))
}

fn parse_unix(cx: &mut Cx, v: Ref<'_>) -> R<Address> {
    let path = match v.downcast::<PyStr>(cx) {
        Some(s) => os::fs_encode(cx, s)?,
        None => buffer::bytes_of(cx, v)?.into_owned(),
    };
    // SAFETY: plain numbers.
    let mut address: libc::sockaddr_un = unsafe { zeroed() };
    address.sun_family = libc::AF_UNIX as u16;
    let room = address.sun_path.len();
    // A name that begins with a zero is no path, and needs no zero at its end.
    let is_abstract = path.first() == Some(&0);
    if path.len() > room || path.len() == room && !is_abstract {
        return Err(plain_error(cx, "AF_UNIX path too long"));
    }
    for (to, &from) in address.sun_path.iter_mut().zip(&path) {
        *to = from as libc::c_char;
    }
    let len = offset_of!(libc::sockaddr_un, sun_path) + path.len() + !is_abstract as usize;
    Ok(Address::of(address, len))
}

fn parse_netlink(cx: &mut Cx, v: Ref<'_>, caller: &str) -> R<Address> {
    let &[pid, groups] = items(cx, v, caller, "AF_NETLINK")? else {
        return Err(cx.type_error("AF_NETLINK address must be a pair (pid, groups)"));
    };
    // SAFETY: plain numbers.
    let mut address: libc::sockaddr_nl = unsafe { zeroed() };
    address.nl_family = libc::AF_NETLINK as u16;
    address.nl_pid = unsigned(cx, Some(&pid))?;
    address.nl_groups = unsigned(cx, Some(&groups))?;
    Ok(Address::of(address, size_of_val(&address)))
}

fn parse_packet(cx: &mut Cx, v: Ref<'_>, caller: &str) -> R<Address> {
    let parts = items(cx, v, caller, "AF_PACKET")?;
    if !(2..=5).contains(&parts.len()) {
        let wanted = "AF_PACKET address must be a tuple of two to five elements";
        return Err(cx.type_error(wanted));
    }
    let name = os::fs_text(cx, parts[0])?;
    let protocol = os::c_int(cx, parts[1])? as u16;
    let kind = os::c_int_or(cx, parts.get(2).copied(), 0)?;
    let hardware = os::c_int_or(cx, parts.get(3).copied(), 0)?;
    let bytes = match parts.get(4) {
        Some(&v) => buffer::bytes_of(cx, v)?.into_owned(),
        None => Vec::new(),
    };
    if bytes.len() > 8 {
        return Err(cx.value_error("hardware address must be 8 bytes or less"));
    }
    let index = super::interface::index_of(&name).map_err(|e| os::error(cx, e))?;
    // SAFETY: plain numbers.
    let mut address: libc::sockaddr_ll = unsafe { zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = index as i32;
    address.sll_pkttype = kind as u8;
    address.sll_hatype = hardware as u16;
    address.sll_halen = bytes.len() as u8;
    address.sll_addr[..bytes.len()].copy_from_slice(&bytes);
    Ok(Address::of(address, size_of_val(&address)))
}

fn parse_vsock(cx: &mut Cx, v: Ref<'_>) -> R<Address> {
    let parts = v.downcast::<PyTuple>(cx).map(|t| t.items());
    let Some(&[cid, port]) = parts else {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("getsockaddrarg: AF_VSOCK address must be tuple, not {got}")));
    };
    // SAFETY: plain numbers.
    let mut address: libc::sockaddr_vm = unsafe { zeroed() };
    address.svm_family = libc::AF_VSOCK as u16;
    address.svm_cid = unsigned(cx, Some(&cid))?;
    address.svm_port = unsigned(cx, Some(&port))?;
    Ok(Address::of(address, size_of_val(&address)))
}

/// The address that an argument of the method `caller` stands for.
///
/// # Errors
/// `TypeError`, `OverflowError`, `OSError`; of a look-up `gaierror`.
pub fn parse(cx: &mut Cx, socket: &PySocket, v: Ref<'_>, caller: &str) -> R<Address> {
    match socket.family() {
        libc::AF_INET => parse_inet(cx, v, caller),
        libc::AF_INET6 => parse_inet6(cx, v, caller),
        libc::AF_UNIX => parse_unix(cx, v),
        libc::AF_NETLINK => parse_netlink(cx, v, caller),
        libc::AF_PACKET => parse_packet(cx, v, caller),
        libc::AF_VSOCK => parse_vsock(cx, v),
        _ => Err(plain_error(cx, &format!("{caller}(): bad family"))),
    }
}

fn unix_object(cx: &Cx, address: &Address) -> Obj {
    let path = address.view::<libc::sockaddr_un>().sun_path.map(|c| c as u8);
    let len = (address.len as usize).saturating_sub(offset_of!(libc::sockaddr_un, sun_path)).min(path.len());
    match path[..len].first() {
        Some(0) => new_bytes(cx, &path[..len]),
        _ => {
            let text = path[..len].split(|&b| b == 0).next().unwrap_or_default();
            os::fs_decode(cx, text)
        }
    }
}

fn packet_object(cx: &Cx, v: libc::sockaddr_ll) -> Obj {
    let name = super::interface::name_of(v.sll_ifindex as u32).unwrap_or_default();
    let bytes = &v.sll_addr[..(v.sll_halen as usize).min(v.sll_addr.len())];
    cx.tuple(vec![
        cx.str(&name),
        cx.int(u16::from_be(v.sll_protocol) as i64),
        cx.int(v.sll_pkttype as i64),
        cx.int(v.sll_hatype as i64),
        new_bytes(cx, bytes),
    ])
}

/// An address as Python has it; `None` for none.
pub fn to_object(cx: &Cx, address: &Address) -> Obj {
    if address.len == 0 {
        return cx.none();
    }
    match address.family() {
        libc::AF_INET => {
            let port = u16::from_be(address.view::<libc::sockaddr_in>().sin_port);
            cx.tuple(vec![cx.str(&address.ip_text()), cx.int(port as i64)])
        }
        libc::AF_INET6 => {
            let v: libc::sockaddr_in6 = address.view();
            let numbers = [
                u16::from_be(v.sin6_port) as i64,
                u32::from_be(v.sin6_flowinfo) as i64,
                v.sin6_scope_id as i64,
            ];
            let mut parts = vec![cx.str(&address.ip_text())];
            parts.extend(numbers.map(|n| cx.int(n)));
            cx.tuple(parts)
        }
        libc::AF_UNIX => unix_object(cx, address),
        libc::AF_NETLINK => {
            let v: libc::sockaddr_nl = address.view();
            cx.tuple(vec![cx.int(v.nl_pid as i64), cx.int(v.nl_groups as i64)])
        }
        libc::AF_PACKET => packet_object(cx, address.view()),
        libc::AF_VSOCK => {
            let v: libc::sockaddr_vm = address.view();
            cx.tuple(vec![cx.int(v.svm_cid as i64), cx.int(v.svm_port as i64)])
        }
        family => {
            // SAFETY: the storage is longer than what was given.
            let bytes = unsafe {
                let start = (&raw const address.storage).cast::<u8>().add(size_of::<libc::sa_family_t>());
                let len = (address.len as usize).saturating_sub(size_of::<libc::sa_family_t>());
                std::slice::from_raw_parts(start, len.min(size_of::<libc::sockaddr_storage>() - 2))
            };
            cx.tuple(vec![cx.int(family as i64), new_bytes(cx, bytes)])
        }
    }
}

/// A C text as a string, empty for null.
///
/// # Safety
/// Null, or a text that lives through the call.
pub unsafe fn text(cx: &Cx, p: *const libc::c_char) -> Obj {
    // SAFETY: as the caller promises.
    let bytes = if p.is_null() { &[] } else { unsafe { CStr::from_ptr(p) }.to_bytes() };
    os::fs_decode(cx, bytes)
}
