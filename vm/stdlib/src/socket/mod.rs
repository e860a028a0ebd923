//! `_socket`: what `socket` takes from the system. Every call that may block runs detached.
//!
//! - `object.rs`: the type `socket`, its making and its end; `wait.rs`: how its calls wait, with and without a time-out
//! - `calls.rs`: connections, names and options; `transfer.rs`, `message.rs`: sending and receiving
//! - `address.rs`: addresses as Python and as the system has them; `convert.rs`: numbers and addresses as texts
//! - `lookup.rs`: names of hosts and services, which the system looks up; `interface.rs`: network interfaces
//! - `constants.rs`: the system's numbers

mod address;
mod calls;
mod constants;
mod convert;
mod interface;
mod lookup;
mod message;
mod object;
mod transfer;
mod wait;

use crate::os;
use std::sync::OnceLock;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// `socket.gaierror`.
static GAI_ERROR: OnceLock<SharedValue> = OnceLock::new();
/// `socket.herror`.
static H_ERROR: OnceLock<SharedValue> = OnceLock::new();

/// An `OSError` that has a text alone.
fn plain_error(cx: &mut Cx, text: &str) -> Err {
    cx.error(Builtin::OSError, text)
}

/// An exception of one of the two classes of look-ups.
fn lookup_error(cx: &mut Cx, class: &OnceLock<SharedValue>, number: i32, text: &str) -> Err {
    let Some(class) = class.get() else { return os::error(cx, number) };
    let (number, text) = (cx.int(number as i64), cx.str(text));
    match cx.call(class.get(), &[number.r(), text.r()]) {
        Ok(exception) => ungil_runtime::Raised(exception),
        Err(err) => err,
    }
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    for table in
        [convert::FUNCTIONS, lookup::FUNCTIONS, interface::FUNCTIONS, object::FUNCTIONS, message::FUNCTIONS]
    {
        add_functions(cx, module, table);
    }
    for &(name, n) in constants::CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    let (yes, base) = (cx.bool(true), cx.builtin(Builtin::OSError));
    add(cx, module, "has_ipv6", yes);
    for (name, full_name, place) in
        [("gaierror", "socket.gaierror", &GAI_ERROR), ("herror", "socket.herror", &H_ERROR)]
    {
        let class = os::new_exception_class(cx, full_name, base)?;
        let _ = place.set(SharedValue::new(class.clone()));
        add(cx, module, name, class);
    }
    let error = base.as_ref().own(cx);
    add(cx, module, "error", error);
    let timeout = cx.builtin(Builtin::TimeoutError).as_ref().own(cx);
    add(cx, module, "timeout", timeout);
    for (name, text) in [("BDADDR_ANY", "00:00:00:00:00:00"), ("BDADDR_LOCAL", "00:00:00:FF:FF:FF")] {
        let text = cx.str(text);
        add(cx, module, name, text);
    }
    object::init(cx, module);
    Ok(())
}
