//! Functions of `_socket` that only compute: byte orders, addresses as texts and as bytes.

use super::plain_error;
use crate::os;
use crate::posix::Table;
use std::net::{Ipv4Addr, Ipv6Addr};
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::str::PyStr;
use ungil_runtime::objects::{buffer, int};
use ungil_runtime::prelude::*;

pub const FUNCTIONS: Table = &[
    ("htons", "($module, integer, /)", Full(swap_short)),
    ("ntohs", "($module, integer, /)", Full(swap_short)),
    ("htonl", "($module, integer, /)", Full(swap_long)),
    ("ntohl", "($module, integer, /)", Full(swap_long)),
    ("inet_aton", "($module, ip_addr, /)", Full(inet_aton)),
    ("inet_ntoa", "($module, packed_ip, /)", Full(inet_ntoa)),
    ("inet_pton", "($module, address_family, ip_string, /)", Full(inet_pton)),
    ("inet_ntop", "($module, address_family, packed_ip, /)", Full(inet_ntop)),
];

/// An unsigned argument of a C type.
fn unsigned_arg(cx: &mut Cx, v: Ref<'_>, most: i64, c_type: &str) -> R<u32> {
    let index = cx.index(v)?;
    if int::is_negative(cx, index.r()) {
        return Err(cx.value_error("Cannot convert negative int"));
    }
    match int::to_i64(cx, index.r()) {
        Some(n) if n <= most => Ok(n as u32),
        _ => Err(cx.overflow_error(format!("Python int too large for C {c_type}"))),
    }
}

fn swap_short(cx: &mut Cx, a: Args<'_>) -> R {
    let n = unsigned_arg(cx, a.get(0), u16::MAX as i64, "uint16_t")?;
    Ok(cx.int((n as u16).to_be() as i64))
}

fn swap_long(cx: &mut Cx, a: Args<'_>) -> R {
    let n = unsigned_arg(cx, a.get(0), u32::MAX as i64, "uint32_t")?;
    Ok(cx.int(n.to_be() as i64))
}

/// A text argument.
fn text_arg(cx: &mut Cx, v: Ref<'_>, function: &str, number: usize) -> R<String> {
    match v.downcast::<PyStr>(cx) {
        Some(s) if s.as_bytes().contains(&0) => Err(cx.value_error("embedded null character")),
        Some(_) => Ok(cx.text_of(v)),
        None => {
            let got = cx.type_name(v);
            let argument = if number == 0 { "argument".to_string() } else { format!("argument {number}") };
            Err(cx.type_error(format!("{function}() {argument} must be str, not {got}")))
        }
    }
}

/// A number as `inet_aton` takes it: decimal, octal after 0, hexadecimal after 0x.
fn c_number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    let plain = !digits.is_empty() && digits.bytes().all(|b| (b as char).is_digit(radix));
    if plain { u64::from_str_radix(digits, radix).ok() } else { None }
}

/// One to four numbers with dots between them, the last of which fills what is left; white space ends the text.
fn parse_aton(text: &str) -> Option<[u8; 4]> {
    let text = text.split([' ', '\t', '\n', '\r', '\x0b', '\x0c']).next()?;
    let parts: Vec<u64> = text.split('.').map(c_number).collect::<Option<_>>()?;
    let (last, firsts) = parts.split_last()?;
    if firsts.len() > 3 || firsts.iter().any(|&n| n > 255) || *last >> (8 * (4 - firsts.len())) != 0 {
        return None;
    }
    let mut bytes = (*last as u32).to_be_bytes();
    for (to, &n) in bytes.iter_mut().zip(firsts) {
        *to = n as u8;
    }
    Some(bytes)
}

fn inet_aton(cx: &mut Cx, a: Args<'_>) -> R {
    let text = text_arg(cx, a.get(0), "inet_aton", 0)?;
    match parse_aton(&text) {
        Some(bytes) => Ok(new_bytes(cx, &bytes)),
        None => Err(plain_error(cx, "illegal IP address string passed to inet_aton")),
    }
}

fn inet_ntoa(cx: &mut Cx, a: Args<'_>) -> R {
    let bytes = buffer::bytes_of(cx, a.get(0))?;
    match <[u8; 4]>::try_from(&*bytes) {
        Ok(bytes) => Ok(cx.str(&Ipv4Addr::from(bytes).to_string())),
        Err(_) => Err(plain_error(cx, "packed IP wrong length for inet_ntoa")),
    }
}

fn inet_pton(cx: &mut Cx, a: Args<'_>) -> R {
    let family = os::c_int(cx, a.get(0))?;
    let text = text_arg(cx, a.get(1), "inet_pton", 2)?;
    let parsed = match family {
        libc::AF_INET => text.parse::<Ipv4Addr>().map(|ip| ip.octets().to_vec()),
        libc::AF_INET6 => text.parse::<Ipv6Addr>().map(|ip| ip.octets().to_vec()),
        _ => return Err(os::error(cx, libc::EAFNOSUPPORT)),
    };
    match parsed {
        Ok(bytes) => Ok(new_bytes(cx, &bytes)),
        Err(_) => Err(plain_error(cx, "illegal IP address string passed to inet_pton")),
    }
}

/// An address of IPv6 as the C library writes it.
pub fn v6_text(bytes: [u8; 16]) -> String {
    let ip = Ipv6Addr::from(bytes);
    // The C library shows all addresses with 96 zero bits in front as those of IPv4, but `::` and `::n`.
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            format!("::{}.{}.{}.{}", high >> 8, high & 0xff, low >> 8, low & 0xff)
        }
        _ => ip.to_string(),
    }
}

fn inet_ntop(cx: &mut Cx, a: Args<'_>) -> R {
    let family = os::c_int(cx, a.get(0))?;
    let bytes = buffer::bytes_of(cx, a.get(1))?;
    let text = match family {
        libc::AF_INET => <[u8; 4]>::try_from(&*bytes).ok().map(|b| Ipv4Addr::from(b).to_string()),
        libc::AF_INET6 => <[u8; 16]>::try_from(&*bytes).ok().map(v6_text),
        _ => return Err(cx.value_error(format!("unknown address family {family}"))),
    };
    match text {
        Some(text) => Ok(cx.str(&text)),
        None => Err(cx.value_error("invalid length of packed IP address string")),
    }
}
