//! `termios`: settings of terminals, by the system's own calls, which take any speed as a number.
//!
//! - `constants.rs`: the names of bits, characters and requests

mod constants;

use crate::exceptions::Class;
use crate::os::{self, syscall};
use ungil_runtime::objects::bytes::{PyBytes, new_bytes};
use ungil_runtime::objects::list::PyList;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("tcgetattr", "($module, fd, /)", Full(tcgetattr)),
    ("tcsetattr", "($module, fd, when, attributes, /)", Full(tcsetattr)),
    ("tcsendbreak", "($module, fd, duration, /)", Full(tcsendbreak)),
    ("tcdrain", "($module, fd, /)", Full(tcdrain)),
    ("tcflush", "($module, fd, queue, /)", Full(tcflush)),
    ("tcflow", "($module, fd, action, /)", Full(tcflow)),
    ("tcgetwinsize", "($module, fd, /)", Full(tcgetwinsize)),
    ("tcsetwinsize", "($module, fd, winsize, /)", Full(tcsetwinsize)),
];

static ERROR: Class = Class::new();

/// Control characters that Python shows; the system keeps fewer.
const CHARACTERS: usize = 32;
/// Items of a list of attributes.
const ATTRIBUTES: usize = 7;
/// The bits of the control modes that say how the input speed is told.
const INPUT_SPEED_BITS: u32 = libc::CBAUD << libc::IBSHIFT;

/// Speeds that bits can tell: the first sixteen by their place, the others by their place behind them and one more bit.
const SPEEDS: [u32; 31] = [
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115_200,
    230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000,
    3_000_000, 3_500_000, 4_000_000,
];

/// The bits for a speed.
fn speed_bits(speed: u32) -> u32 {
    match SPEEDS.iter().position(|&known| known == speed) {
        Some(i @ 0..16) => i as u32,
        Some(i) => libc::CBAUDEX | (i as u32 - 15),
        None => libc::BOTHER,
    }
}

/// A result, or `termios.error` with number and text.
fn checked(cx: &mut Cx, result: Result<i64, i32>) -> R<i64> {
    match result {
        Ok(n) => Ok(n),
        Err(number) => {
            let (n, text) = (cx.int(number.into()), cx.str(&os::strerror(number)));
            let error = cx.call(ERROR.get(), &[n.r(), text.r()])?;
            Err(ungil_runtime::raise_object(error))
        }
    }
}

fn done(cx: &mut Cx, result: Result<i64, i32>) -> R {
    checked(cx, result)?;
    Ok(cx.none())
}

fn settings(cx: &mut Cx, fd: i32) -> R<libc::termios2> {
    // SAFETY: plain numbers.
    let mut settings: libc::termios2 = unsafe { std::mem::zeroed() };
    let result = syscall!(cx, libc::ioctl(fd, libc::TCGETS2, &mut settings));
    checked(cx, result)?;
    Ok(settings)
}

fn tcgetattr(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let t = settings(cx, fd)?;
    let character = |cx: &Cx, i: usize| new_bytes(cx, &[t.c_cc.get(i).copied().unwrap_or(0)]);
    let mut characters: Vec<_> = (0..CHARACTERS).map(|i| character(cx, i)).collect();
    // Without line editing two of them are numbers.
    if t.c_lflag & libc::ICANON == 0 {
        for i in [libc::VMIN, libc::VTIME] {
            characters[i] = cx.int(t.c_cc[i].into());
        }
    }
    // As the C library shows it, however the speeds were told.
    let cflag = t.c_cflag & !(libc::CBAUD | INPUT_SPEED_BITS)
        | speed_bits(t.c_ospeed)
        | speed_bits(t.c_ispeed) << libc::IBSHIFT;
    let numbers = [t.c_iflag, t.c_oflag, cflag, t.c_lflag, t.c_ispeed, t.c_ospeed];
    let mut attributes: Vec<_> = numbers.iter().map(|&n| cx.int(n.into())).collect();
    attributes.push(cx.list(characters));
    Ok(cx.list(attributes))
}

/// The items of a list of this length.
fn list_of(cx: &Cx, v: Ref<'_>, len: usize) -> Option<Vec<Obj>> {
    let items = v.downcast::<PyList>(cx)?.snapshot(cx);
    (items.len() == len).then_some(items)
}

fn tcsetattr(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let when = os::c_int(cx, a.get(1))?;
    let Some(attributes) = list_of(cx, a.get(2), ATTRIBUTES) else {
        return Err(cx.type_error("tcsetattr, arg 3: must be 7 element list"));
    };
    // What Python does not show stays as it is.
    let mut t = settings(cx, fd)?;
    let mut numbers = [0u32; ATTRIBUTES - 1];
    for (n, v) in numbers.iter_mut().zip(&attributes) {
        *n = os::c_long(cx, v.r())? as u32;
    }
    let [iflag, oflag, cflag, lflag, input, output] = numbers;
    let Some(characters) = list_of(cx, attributes[ATTRIBUTES - 1].r(), CHARACTERS) else {
        return Err(cx.type_error("tcsetattr: attributes[6] must be 32 element list"));
    };
    for (i, v) in characters.iter().enumerate() {
        let c = character_arg(cx, v.r())?;
        if let Some(place) = t.c_cc.get_mut(i) {
            *place = c;
        }
    }
    (t.c_iflag, t.c_oflag, t.c_lflag) = (iflag, oflag, lflag);
    // The speeds are told as numbers, whatever the bits say; an input speed of 0 is that of the output.
    t.c_cflag = cflag & !(libc::CBAUD | INPUT_SPEED_BITS) | libc::BOTHER | libc::BOTHER << libc::IBSHIFT;
    t.c_ospeed = output;
    t.c_ispeed = if input == 0 { output } else { input };
    let request = match when {
        libc::TCSANOW => libc::TCSETS2,
        libc::TCSADRAIN => libc::TCSETSW2,
        libc::TCSAFLUSH => libc::TCSETSF2,
        _ => return done(cx, Err(libc::EINVAL)),
    };
    let result = syscall!(cx, libc::ioctl(fd, request, &t));
    done(cx, result)
}

/// A control character: one byte, or its number.
fn character_arg(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    if let Some(bytes) = v.downcast::<PyBytes>(cx)
        && let &[c] = bytes.as_bytes()
    {
        return Ok(c);
    }
    if !cx.is_instance_of(v, Builtin::Int) {
        return Err(
            cx.type_error("tcsetattr: elements of attributes must be bytes objects of length 1 or integers")
        );
    }
    Ok(os::c_long(cx, v)? as u8)
}

fn tcsendbreak(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, duration) = (os::fileno(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let result = syscall!(cx, libc::tcsendbreak(fd, duration));
    done(cx, result)
}

fn tcdrain(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let result = syscall!(cx, libc::tcdrain(fd));
    done(cx, result)
}

fn tcflush(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, queue) = (os::fileno(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let result = syscall!(cx, libc::tcflush(fd, queue));
    done(cx, result)
}

fn tcflow(cx: &mut Cx, a: Args<'_>) -> R {
    let (fd, action) = (os::fileno(cx, a.get(0))?, os::c_int(cx, a.get(1))?);
    let result = syscall!(cx, libc::tcflow(fd, action));
    done(cx, result)
}

fn window(cx: &mut Cx, fd: i32) -> R<libc::winsize> {
    // SAFETY: plain numbers.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    let result = syscall!(cx, libc::ioctl(fd, libc::TIOCGWINSZ, &mut size));
    checked(cx, result)?;
    Ok(size)
}

fn tcgetwinsize(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let size = window(cx, fd)?;
    Ok(cx.tuple(vec![cx.int(size.ws_row.into()), cx.int(size.ws_col.into())]))
}

fn tcsetwinsize(cx: &mut Cx, a: Args<'_>) -> R {
    let fd = os::fileno(cx, a.get(0))?;
    let is_sequence = cx.class_of(a.get(1)).special(cx, Special::GetItem).is_some()
        && cx.class_of(a.get(1)).special(cx, Special::Len).is_some()
        && !cx.is_instance_of(a.get(1), Builtin::Dict);
    let items = if is_sequence { cx.collect(a.get(1))? } else { Vec::new() };
    let [rows, columns] = items.as_slice() else {
        return Err(cx.type_error("tcsetwinsize, arg 2: must be a two-item sequence"));
    };
    let (rows, columns) = (os::c_long(cx, rows.r())?, os::c_long(cx, columns.r())?);
    let (Ok(rows), Ok(columns)) = (u16::try_from(rows), u16::try_from(columns)) else {
        return Err(cx.overflow_error("winsize value(s) out of range."));
    };
    // The size in points stays as it is.
    let mut size = window(cx, fd)?;
    (size.ws_row, size.ws_col) = (rows, columns);
    let result = syscall!(cx, libc::ioctl(fd, libc::TIOCSWINSZ, &size));
    done(cx, result)
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in constants::CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    ERROR.init(cx, module, "termios", "error", Builtin::Exception)
}
