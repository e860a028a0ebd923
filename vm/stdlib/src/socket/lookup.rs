//! Names of hosts and services, which the system looks up: detached, since that may take long.
//!
//! The C library's tables of services and protocols share one place each, which a mutex guards.

use super::address::{self, Address};
use super::{GAI_ERROR, H_ERROR, lookup_error, plain_error};
use crate::os;
use crate::posix::Table;
use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr::{null, null_mut};
use std::sync::PoisonError;
use ungil_locks::primitive::Mutex;
use ungil_runtime::objects::bytes::PyBytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::objects::{codec, int};
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("getaddrinfo", "($module, /, host, port, family=0, type=0, proto=0, flags=0)", Full(getaddrinfo)),
    ("getnameinfo", "($module, sockaddr, flags, /)", Full(getnameinfo)),
    ("gethostbyname", "($module, name, /)", Full(gethostbyname)),
    ("gethostbyname_ex", "($module, name, /)", Full(gethostbyname_ex)),
    ("gethostbyaddr", "($module, host, /)", Full(gethostbyaddr)),
    ("getservbyname", "($module, servicename, protocolname=<unrepresentable>, /)", Full(getservbyname)),
    ("getservbyport", "($module, port, protocolname=<unrepresentable>, /)", Full(getservbyport)),
    ("getprotobyname", "($module, name, /)", Full(getprotobyname)),
];

unsafe extern "C" {
    fn gethostbyname_r(
        name: *const libc::c_char,
        entry: *mut libc::hostent,
        texts: *mut libc::c_char,
        len: libc::size_t,
        found: *mut *mut libc::hostent,
        trouble: *mut libc::c_int,
    ) -> libc::c_int;
    fn gethostbyaddr_r(
        address: *const libc::c_void,
        address_len: libc::socklen_t,
        family: libc::c_int,
        entry: *mut libc::hostent,
        texts: *mut libc::c_char,
        len: libc::size_t,
        found: *mut *mut libc::hostent,
        trouble: *mut libc::c_int,
    ) -> libc::c_int;
}

/// One that is found by `getaddrinfo`.
struct Found {
    family: i32,
    kind: i32,
    protocol: i32,
    name: Vec<u8>,
    address: Address,
}

/// What a look-up asks for.
#[derive(Clone, Copy, Default)]
struct Hints {
    family: i32,
    kind: i32,
    protocol: i32,
    flags: i32,
}

/// `getaddrinfo` of the C library, detached. The inner error is the exception for the user.
fn look_up(cx: &mut Cx, host: Option<&CStr>, service: Option<&CStr>, hints: Hints) -> R<Vec<Found>> {
    // SAFETY: plain numbers and null pointers.
    let mut wanted: libc::addrinfo = unsafe { std::mem::zeroed() };
    wanted.ai_family = hints.family;
    wanted.ai_socktype = hints.kind;
    wanted.ai_protocol = hints.protocol;
    wanted.ai_flags = hints.flags;
    let (host, service) = (host.map_or(null(), CStr::as_ptr), service.map_or(null(), CStr::as_ptr));
    let result = cx.detached(|| {
        let mut first = null_mut();
        // SAFETY: texts and hints live through the call.
        match unsafe { libc::getaddrinfo(host, service, &wanted, &mut first) } {
            0 => {
                // SAFETY: the list is the call's.
                let found = unsafe { entries(first) };
                // SAFETY: given back once.
                unsafe { libc::freeaddrinfo(first) };
                Ok(found)
            }
            number => Err((number, os::errno())),
        }
    });
    result.map_err(|(number, errno)| gai_error(cx, number, errno))
}

/// # Safety
/// A list that `getaddrinfo` has made.
unsafe fn entries(first: *const libc::addrinfo) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = first;
    while !at.is_null() {
        // SAFETY: as the caller promises.
        let entry = unsafe { &*at };
        // SAFETY: as above.
        let (name, address) = unsafe {
            let name = entry.ai_canonname;
            let name = if name.is_null() { Vec::new() } else { CStr::from_ptr(name).to_bytes().to_vec() };
            (name, Address::copied(entry.ai_addr, entry.ai_addrlen))
        };
        found.push(Found {
            family: entry.ai_family,
            kind: entry.ai_socktype,
            protocol: entry.ai_protocol,
            name,
            address,
        });
        at = entry.ai_next;
    }
    found
}

/// A `gaierror`, or an `OSError` if the system has failed.
fn gai_error(cx: &mut Cx, number: i32, errno: i32) -> Err {
    if number == libc::EAI_SYSTEM {
        return os::error(cx, errno);
    }
    // SAFETY: the text is the C library's own.
    let text = unsafe { CStr::from_ptr(libc::gai_strerror(number)) }.to_string_lossy();
    lookup_error(cx, &GAI_ERROR, number, &text)
}

/// The address of a host by its name, of one family or any (0), with port 0.
///
/// # Errors
/// `gaierror`, `OSError`.
pub fn resolve(cx: &mut Cx, name: &CStr, family: i32) -> R<Address> {
    let text = name.to_str().unwrap_or_default();
    let (v4, v6) = (family != libc::AF_INET6, family != libc::AF_INET);
    match text {
        "" if !name.to_bytes().is_empty() => {}
        "" if family == libc::AF_INET6 => return Ok(Address::of_v6([0; 16])),
        "" if family == libc::AF_INET => return Ok(Address::of_v4([0; 4])),
        "<broadcast>" | "255.255.255.255" => {
            if !v4 {
                return Err(plain_error(cx, "address family mismatched"));
            }
            return Ok(Address::of_v4([255; 4]));
        }
        _ => {}
    }
    if let (true, Ok(ip)) = (v4, text.parse::<Ipv4Addr>()) {
        return Ok(Address::of_v4(ip.octets()));
    }
    if let (true, Ok(ip)) = (v6, text.parse::<Ipv6Addr>()) {
        return Ok(Address::of_v6(ip.octets()));
    }
    let passive = text.is_empty() && name.to_bytes().is_empty();
    let hints = match passive {
        true => Hints { family, kind: libc::SOCK_DGRAM, flags: libc::AI_PASSIVE, protocol: 0 },
        false => Hints { family, ..Hints::default() },
    };
    let found = match passive {
        true => look_up(cx, None, Some(c"0"), hints)?,
        false => look_up(cx, Some(name), None, hints)?,
    };
    match found.first() {
        Some(found) => Ok(found.address),
        None => Err(gai_error(cx, libc::EAI_NONAME, 0)),
    }
}

/// Whether a name is one that the codec for internationalised names leaves as it is.
fn is_plain_name(name: &[u8]) -> bool {
    let body = name.strip_suffix(b".").unwrap_or(name);
    name.is_ascii() && (body.is_empty() || body.split(|&b| b == b'.').all(|l| (1..64).contains(&l.len())))
}

fn host_arg(cx: &mut Cx, v: Ref<'_>) -> R<Option<CString>> {
    if v.value().is_none() {
        return Ok(None);
    }
    let bytes = match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(s), _) if is_plain_name(s.as_bytes()) => s.as_bytes().to_vec(),
        (Some(_), _) => {
            let encoded = codec::encode(cx, v, "idna", "strict")?;
            encoded.downcast::<PyBytes>(cx).map(|b| b.as_bytes().to_vec()).unwrap_or_default()
        }
        (_, Some(b)) => b.as_bytes().to_vec(),
        _ => return Err(cx.type_error("getaddrinfo() argument 1 must be string or None")),
    };
    c_text(cx, bytes).map(Some)
}

/// A text for the C library, which takes it up to the first zero.
fn c_text(cx: &mut Cx, mut bytes: Vec<u8>) -> R<CString> {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    CString::new(bytes).map_err(|_| cx.value_error("embedded null byte"))
}

fn service_arg(cx: &mut Cx, v: Ref<'_>) -> R<Option<CString>> {
    if v.value().is_none() {
        return Ok(None);
    }
    let bytes = match (v.downcast::<PyStr>(cx), v.downcast::<PyBytes>(cx)) {
        (Some(s), _) if s.as_str().is_some() => s.as_bytes().to_vec(),
        (Some(_), _) => {
            codec::encode(cx, v, "utf-8", "strict")?;
            Vec::new()
        }
        (_, Some(b)) => b.as_bytes().to_vec(),
        _ if cx.is_instance_of(v, Builtin::Int) => int::repr_string(cx, v).into_bytes(),
        _ => return Err(plain_error(cx, "Int or String expected")),
    };
    c_text(cx, bytes).map(Some)
}

fn getaddrinfo(cx: &mut Cx, a: Args<'_>) -> R {
    let hints = Hints {
        family: os::c_int_or(cx, a.opt(2), 0)?,
        kind: os::c_int_or(cx, a.opt(3), 0)?,
        protocol: os::c_int_or(cx, a.opt(4), 0)?,
        flags: os::c_int_or(cx, a.opt(5), 0)?,
    };
    let host = host_arg(cx, a.get(0))?;
    let service = service_arg(cx, a.get(1))?;
    let found = look_up(cx, host.as_deref(), service.as_deref(), hints)?;
    let rows = found.iter().map(|f| {
        cx.tuple(vec![
            cx.int(f.family as i64),
            cx.int(f.kind as i64),
            cx.int(f.protocol as i64),
            os::fs_decode(cx, &f.name),
            address::to_object(cx, &f.address),
        ])
    });
    let rows = rows.collect();
    Ok(cx.list(rows))
}

/// The address that `getnameinfo` is asked for.
fn name_target(cx: &mut Cx, v: Ref<'_>) -> R<Address> {
    let Some(parts) = v.downcast::<PyTuple>(cx).map(|t| t.items()) else {
        return Err(cx.type_error("getnameinfo() argument 1 must be a tuple"));
    };
    let host = parts.first().and_then(|h| h.downcast::<PyStr>(cx));
    let (Some(host), 2..=4) = (host, parts.len()) else {
        return Err(cx.type_error("getnameinfo(): illegal sockaddr argument"));
    };
    let port = os::c_int(cx, parts[1])?;
    let flow = address::flow_arg(cx, parts.get(2), "getnameinfo")?;
    let scope = os::c_int_or(cx, parts.get(3).copied(), 0)?;
    let host = c_text(cx, host.as_bytes().to_vec())?;
    let service = c_text(cx, port.to_string().into_bytes())?;
    let hints = Hints { kind: libc::SOCK_DGRAM, flags: libc::AI_NUMERICHOST, ..Hints::default() };
    let found = look_up(cx, Some(&host), Some(&service), hints)?;
    let [found] = found.as_slice() else {
        return Err(plain_error(cx, "sockaddr resolved to multiple addresses"));
    };
    if found.family == libc::AF_INET && parts.len() != 2 {
        return Err(plain_error(cx, "IPv4 sockaddr must be 2 tuple"));
    }
    Ok(found.address.with_port(port as u16, flow, scope as u32))
}

fn getnameinfo(cx: &mut Cx, a: Args<'_>) -> R {
    let flags = os::c_int(cx, a.get(1))?;
    let address = name_target(cx, a.get(0))?;
    let mut host = [0 as libc::c_char; libc::NI_MAXHOST as usize];
    let mut service = [0 as libc::c_char; 32];
    let (place, len) = address.given();
    let (to_host, to_service) = (host.as_mut_ptr(), service.as_mut_ptr());
    let (host_len, service_len) = (host.len() as u32, service.len() as u32);
    let (number, errno) = cx.detached(|| {
        // SAFETY: room for so many bytes, and an address that lives through the call.
        let number =
            unsafe { libc::getnameinfo(place, len, to_host, host_len, to_service, service_len, flags) };
        (number, os::errno())
    });
    if number != 0 {
        return Err(gai_error(cx, number, errno));
    }
    // SAFETY: the call has written texts.
    let (host, service) = unsafe { (address::text(cx, host.as_ptr()), address::text(cx, service.as_ptr())) };
    Ok(cx.tuple(vec![host, service]))
}

fn name_arg(cx: &mut Cx, v: Ref<'_>, function: &str) -> R<CString> {
    address::host_text(cx, v, |got| {
        format!("{function}() argument 1 must be str, bytes or bytearray, not {got}")
    })
}

fn gethostbyname(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(0), "gethostbyname")?;
    let address = resolve(cx, &name, libc::AF_INET)?;
    Ok(cx.str(&address.ip_text()))
}

/// An entry of the table of hosts: name, other names, addresses.
type Host = (Vec<u8>, Vec<Vec<u8>>, Vec<Vec<u8>>);

/// # Safety
/// An entry that a look-up has filled.
unsafe fn host_of(entry: &libc::hostent) -> Host {
    let mut lists = [Vec::new(), Vec::new()];
    for (list, first) in lists.iter_mut().zip([entry.h_aliases, entry.h_addr_list]) {
        let mut at = first;
        // SAFETY: as the caller promises: the lists end with null.
        unsafe {
            while !at.is_null() && !(*at).is_null() {
                let bytes = match std::ptr::eq(first, entry.h_aliases) {
                    true => CStr::from_ptr(*at).to_bytes(),
                    false => std::slice::from_raw_parts((*at).cast::<u8>(), entry.h_length as usize),
                };
                list.push(bytes.to_vec());
                at = at.add(1);
            }
        }
    }
    let [aliases, addresses] = lists;
    // SAFETY: as above.
    (unsafe { CStr::from_ptr(entry.h_name) }.to_bytes().to_vec(), aliases, addresses)
}

/// Bytes for the texts of an entry of the table of hosts.
const ROOM: usize = 16384;

/// Looks up an entry of the table of hosts, detached; `call` gets entry, room, and where to leave what it found and its
/// trouble.
fn host_entry(
    cx: &mut Cx,
    call: impl FnOnce(*mut libc::hostent, *mut libc::c_char, *mut *mut libc::hostent, *mut libc::c_int),
) -> R<Host> {
    let found = cx.detached(|| {
        // SAFETY: numbers and null pointers.
        let mut entry: libc::hostent = unsafe { std::mem::zeroed() };
        let mut texts = vec![0 as libc::c_char; ROOM];
        let (mut found, mut trouble) = (null_mut(), 0);
        call(&mut entry, texts.as_mut_ptr(), &mut found, &mut trouble);
        // SAFETY: what was found is the entry, and its texts are alive.
        if found.is_null() { Err(trouble) } else { Ok(unsafe { host_of(&*found) }) }
    });
    found.map_err(|trouble| {
        // SAFETY: the text is the C library's own.
        let text = unsafe { CStr::from_ptr(libc::hstrerror(trouble)) }.to_string_lossy();
        lookup_error(cx, &H_ERROR, trouble, &text)
    })
}

fn host_object(cx: &Cx, (name, aliases, addresses): Host) -> Obj {
    let aliases = aliases.iter().map(|alias| os::fs_decode(cx, alias)).collect();
    let addresses = addresses.iter().map(|bytes| {
        let v4 = <[u8; 4]>::try_from(bytes.as_slice()).map(|b| Ipv4Addr::from(b).to_string());
        let v6 = <[u8; 16]>::try_from(bytes.as_slice()).map(super::convert::v6_text);
        cx.str(&v4.or(v6).unwrap_or_default())
    });
    let addresses = addresses.collect();
    cx.tuple(vec![os::fs_decode(cx, &name), cx.list(aliases), cx.list(addresses)])
}

fn gethostbyname_ex(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(0), "gethostbyname_ex")?;
    resolve(cx, &name, libc::AF_INET)?;
    let host = host_entry(cx, |entry, texts, found, trouble| {
        // SAFETY: so much room as said.
        unsafe { gethostbyname_r(name.as_ptr(), entry, texts, ROOM, found, trouble) };
    })?;
    Ok(host_object(cx, host))
}

fn gethostbyaddr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a.get(0), "gethostbyaddr")?;
    let address = resolve(cx, &name, libc::AF_UNSPEC)?;
    let bytes = address.ip_bytes();
    if bytes.is_empty() {
        return Err(plain_error(cx, "unsupported address family"));
    }
    let (first, len, family) = (bytes.as_ptr().cast(), bytes.len() as libc::socklen_t, address.family());
    let host = host_entry(cx, |entry, texts, found, trouble| {
        // SAFETY: so much room as said, and an address of its family.
        unsafe { gethostbyaddr_r(first, len, family, entry, texts, ROOM, found, trouble) };
    })?;
    Ok(host_object(cx, host))
}

static TABLES: Mutex<()> = Mutex::new(());

/// Runs a look-up in the C library's tables, detached, and alone among such.
fn in_tables<T>(cx: &mut Cx, f: impl FnOnce() -> T) -> T {
    cx.detached(|| {
        let _alone = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
        f()
    })
}

fn text_arg(cx: &mut Cx, v: Ref<'_>, function: &str, number: usize) -> R<CString> {
    if v.downcast::<PyStr>(cx).is_none() {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{function}() argument {number} must be str, not {got}")));
    }
    let bytes = cx.text_of(v).into_bytes();
    CString::new(bytes).map_err(|_| cx.value_error("embedded null character"))
}

fn protocol_arg(cx: &mut Cx, v: Option<Ref<'_>>, function: &str) -> R<Option<CString>> {
    v.map(|v| text_arg(cx, v, function, 2)).transpose()
}

fn getservbyname(cx: &mut Cx, a: Args<'_>) -> R {
    let name = text_arg(cx, a.get(0), "getservbyname", 1)?;
    let protocol = protocol_arg(cx, a.opt(1), "getservbyname")?;
    let port = in_tables(cx, || {
        // SAFETY: texts that live through the call; the entry lives until the next one.
        unsafe {
            let entry = libc::getservbyname(name.as_ptr(), protocol.as_deref().map_or(null(), CStr::as_ptr));
            entry.as_ref().map(|e| u16::from_be(e.s_port as u16))
        }
    });
    match port {
        Some(port) => Ok(cx.int(port as i64)),
        None => Err(plain_error(cx, "service/proto not found")),
    }
}

fn getservbyport(cx: &mut Cx, a: Args<'_>) -> R {
    let port = os::c_int(cx, a.get(0))?;
    let protocol = protocol_arg(cx, a.opt(1), "getservbyport")?;
    let Ok(port) = u16::try_from(port) else {
        return Err(cx.overflow_error("getservbyport: port must be 0-65535."));
    };
    let name = in_tables(cx, || {
        let protocol = protocol.as_deref().map_or(null(), CStr::as_ptr);
        // SAFETY: as in `getservbyname`.
        unsafe {
            let entry = libc::getservbyport(port.to_be() as i32, protocol);
            entry.as_ref().map(|e| CStr::from_ptr(e.s_name).to_bytes().to_vec())
        }
    });
    match name {
        Some(name) => Ok(os::fs_decode(cx, &name)),
        None => Err(plain_error(cx, "port/proto not found")),
    }
}

fn getprotobyname(cx: &mut Cx, a: Args<'_>) -> R {
    let name = text_arg(cx, a.get(0), "getprotobyname", 1)?;
    // SAFETY: as in `getservbyname`.
    let number = in_tables(cx, || unsafe { libc::getprotobyname(name.as_ptr()).as_ref().map(|e| e.p_proto) });
    match number {
        Some(number) => Ok(cx.int(number as i64)),
        None => Err(plain_error(cx, "protocol not found")),
    }
}
