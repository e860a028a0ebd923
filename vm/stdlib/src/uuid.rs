//! `_uuid`: identifiers made of the time and the machine, unique among all threads of the program.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use ungil_runtime::objects::bytes::new_bytes;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// Steps of 100 nanoseconds from the beginning of the Gregorian calendar to that of Unix.
const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;

/// What two identifiers of one process must not have in common.
struct Clock {
    last: u64,
    /// The clock sequence and the node, drawn once; none before the first identifier.
    origin: Option<[u8; 8]>,
}

static CLOCK: Mutex<Clock> = Mutex::new(Clock { last: 0, origin: None });

const FUNCTIONS: &[(&str, &str, NativeFn)] =
    &[("generate_time_safe", "($module, /)", Full(generate_time_safe))];

/// The address of a network device, as the system tells it.
fn device() -> Option<[u8; 6]> {
    let mut names: Vec<_> = std::fs::read_dir("/sys/class/net").ok()?.flatten().map(|e| e.path()).collect();
    names.sort();
    names.iter().find_map(|path| {
        let text = std::fs::read_to_string(path.join("address")).ok()?;
        let mut address = [0; 6];
        let mut parts = text.trim().split(':');
        for byte in &mut address {
            *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
        }
        (parts.next().is_none() && address != [0; 6]).then_some(address)
    })
}

/// A clock sequence, drawn at random, and the node: a device's address, or what cannot be one.
fn origin() -> [u8; 8] {
    let mut drawn = [0u8; 8];
    // SAFETY: there is room for so many bytes. What the system cannot give stays zero.
    unsafe { libc::getrandom(drawn.as_mut_ptr().cast(), drawn.len(), 0) };
    drawn[0] = drawn[0] & 0x3f | 0x80;
    drawn[2] |= 1;
    if let Some(address) = device() {
        drawn[2..].copy_from_slice(&address);
    }
    drawn
}

fn generate() -> [u8; 16] {
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = (since.as_nanos() / 100) as u64 + GREGORIAN;
    let now = now.max(clock.last + 1);
    clock.last = now;
    let origin = *clock.origin.get_or_insert_with(origin);
    let mut made = [0; 16];
    made[..4].copy_from_slice(&(now as u32).to_be_bytes());
    made[4..6].copy_from_slice(&((now >> 32) as u16).to_be_bytes());
    made[6..8].copy_from_slice(&((now >> 48) as u16 & 0x0fff | 0x1000).to_be_bytes());
    made[8..].copy_from_slice(&origin);
    made
}

/// An identifier, and -1: other processes are not asked whether they make the same.
fn generate_time_safe(cx: &mut Cx, _: Args<'_>) -> R {
    let made = cx.detached(generate);
    let made = new_bytes(cx, &made);
    Ok(cx.tuple(vec![made, cx.int(-1)]))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for (name, value) in [("has_uuid_generate_time_safe", 1), ("has_stable_extractable_node", 0)] {
        let value = cx.int(value);
        add(cx, module, name, value);
    }
    Ok(())
}
