//! What programs do with a mapping: the methods of files, and items and slices.

use super::{Access, Mapping, PyMmap, closed_error};
use crate::os;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::bytes::{new_bytes, try_new_bytes};
use ungil_runtime::objects::slice::{PySlice, adjust};
use ungil_runtime::prelude::*;

/// Runs `f` with an open mapping.
fn open<T>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&mut Mapping) -> T) -> R<T> {
    let mut mapping = a.this::<PyMmap>().mapping();
    if mapping.start.is_null() {
        drop(mapping);
        return Err(closed_error(cx));
    }
    Ok(f(&mut mapping))
}

/// As [`open`] for a mapping that may be written to.
fn writable<T>(cx: &mut Cx, a: Args<'_>, f: impl FnOnce(&mut Mapping) -> T) -> R<T> {
    match open(cx, a, |mapping| (mapping.access != Access::Read).then(|| f(mapping)))? {
        Some(result) => Ok(result),
        None => Err(cx.type_error("mmap can't modify a readonly memory map.")),
    }
}

fn close(cx: &mut Cx, a: Args<'_>) -> R {
    let mut mapping = a.this::<PyMmap>().mapping();
    if mapping.exports > 0 {
        drop(mapping);
        return Err(cx.error(Builtin::BufferError, "cannot close exported pointers exist"));
    }
    mapping.close();
    Ok(cx.none())
}

fn closed(cx: &mut Cx, a: Args<'_>) -> R {
    let closed = a.this::<PyMmap>().mapping().start.is_null();
    Ok(cx.bool(closed))
}

fn read(cx: &mut Cx, a: Args<'_>) -> R {
    let wanted = match a.opt_not_none(1) {
        Some(v) => os::size(cx, v)?,
        None => -1,
    };
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    let taken = open(cx, a, |mapping| {
        let rest = mapping.bytes().get(mapping.position..).unwrap_or(&[]);
        let taken = rest[..rest.len().min(wanted)].to_vec();
        mapping.position += taken.len();
        taken
    })?;
    try_new_bytes(cx, &taken)
}

fn read_byte(cx: &mut Cx, a: Args<'_>) -> R {
    let byte = open(cx, a, |mapping| {
        let byte = mapping.bytes().get(mapping.position).copied();
        mapping.position += byte.is_some() as usize;
        byte
    })?;
    match byte {
        Some(byte) => Ok(cx.int(i64::from(byte))),
        None => Err(cx.value_error("read byte out of range")),
    }
}

fn read_line(cx: &mut Cx, a: Args<'_>) -> R {
    let line = open(cx, a, |mapping| {
        let rest = mapping.bytes().get(mapping.position..).unwrap_or(&[]);
        let len = rest.iter().position(|&b| b == b'\n').map_or(rest.len(), |at| at + 1);
        let line = rest[..len].to_vec();
        mapping.position += len;
        line
    })?;
    try_new_bytes(cx, &line)
}

fn write(cx: &mut Cx, a: Args<'_>) -> R {
    let data = buffer::bytes_of(cx, a.get(1))?;
    let written = writable(cx, a, |mapping| {
        let position = mapping.position;
        let end = position.checked_add(data.len())?;
        mapping.bytes_mut().get_mut(position..end)?.copy_from_slice(&data);
        mapping.position = end;
        Some(data.len())
    })?;
    match written {
        Some(n) => Ok(cx.int(n as i64)),
        None => Err(cx.value_error("data out of range")),
    }
}

/// A byte as an argument.
fn byte(cx: &mut Cx, v: Ref<'_>) -> R<u8> {
    let n = os::size(cx, v)?;
    u8::try_from(n).map_err(|_| cx.value_error("mmap item value must be in range(0, 256)"))
}

fn write_byte(cx: &mut Cx, a: Args<'_>) -> R {
    let byte = os::size(cx, a.get(1))? as u8;
    let written = writable(cx, a, |mapping| {
        let position = mapping.position;
        *mapping.bytes_mut().get_mut(position)? = byte;
        mapping.position += 1;
        Some(())
    })?;
    match written {
        Some(()) => Ok(cx.none()),
        None => Err(cx.value_error("write byte out of range")),
    }
}

fn seek(cx: &mut Cx, a: Args<'_>) -> R {
    let (distance, whence) = (os::size(cx, a.get(1))?, os::c_int_or(cx, a.opt(2), 0)?);
    if !(0..=2).contains(&whence) {
        return Err(cx.value_error("unknown seek type"));
    }
    let place = open(cx, a, |mapping| {
        let from = [0, mapping.position, mapping.len][whence as usize];
        let place = from.checked_add_signed(distance).filter(|&place| place <= mapping.len)?;
        mapping.position = place;
        Some(place)
    })?;
    match place {
        Some(place) => Ok(cx.int(place as i64)),
        None => Err(cx.value_error("seek out of range")),
    }
}

fn tell(cx: &mut Cx, a: Args<'_>) -> R {
    let position = open(cx, a, |mapping| mapping.position)?;
    Ok(cx.int(position as i64))
}

fn size(cx: &mut Cx, a: Args<'_>) -> R {
    let result = open(cx, a, |mapping| {
        // SAFETY: the status is written before it is read.
        unsafe {
            let mut status = std::mem::zeroed::<libc::stat>();
            os::checked(libc::fstat(mapping.fd, &mut status)).map(|_| status.st_size)
        }
    })?;
    match result {
        Ok(n) => Ok(cx.int(n)),
        Err(number) => Err(os::error(cx, number)),
    }
}

fn flush(cx: &mut Cx, a: Args<'_>) -> R {
    let offset = a.opt(1).map_or(Ok(0), |v| os::size(cx, v))?;
    let wanted = a.opt_not_none(2).map(|v| os::size(cx, v)).transpose()?;
    let result = open(cx, a, |mapping| {
        let offset = usize::try_from(offset).ok()?;
        let count = match wanted {
            Some(n) => usize::try_from(n).ok()?,
            None => mapping.len.checked_sub(offset)?,
        };
        if offset.checked_add(count)? > mapping.len {
            return None;
        }
        if matches!(mapping.access, Access::Read | Access::Copy) {
            return Some(Ok(0));
        }
        // SAFETY: within the mapping.
        Some(unsafe { os::checked(libc::msync(mapping.start.add(offset).cast(), count, libc::MS_SYNC)) })
    })?;
    match result {
        Some(result) => os::done(cx, result),
        None => Err(cx.value_error("flush values out of range")),
    }
}

fn find_with(cx: &mut Cx, a: Args<'_>, search: fn(&[u8], &[u8]) -> Option<usize>) -> R {
    let wanted = buffer::bytes_of(cx, a.get(1))?;
    let bound = |cx: &mut Cx, i: usize| a.opt_not_none(i).map(|v| os::size(cx, v)).transpose();
    let (start, end) = (bound(cx, 2)?, bound(cx, 3)?);
    let found = open(cx, a, |mapping| {
        let clip = |n: isize| {
            if n < 0 { mapping.len.saturating_sub(n.unsigned_abs()) } else { mapping.len.min(n as usize) }
        };
        let (start, end) = (start.map_or(mapping.position, clip), end.map_or(mapping.len, clip));
        search(mapping.bytes().get(start..end)?, &wanted).map(|at| at + start)
    })?;
    Ok(cx.int(found.map_or(-1, |at| at as i64)))
}

fn find(cx: &mut Cx, a: Args<'_>) -> R {
    find_with(cx, a, memchr::memmem::find)
}

fn rfind(cx: &mut Cx, a: Args<'_>) -> R {
    find_with(cx, a, memchr::memmem::rfind)
}

fn move_bytes(cx: &mut Cx, a: Args<'_>) -> R {
    let [to, from, count] = [os::size(cx, a.get(1))?, os::size(cx, a.get(2))?, os::size(cx, a.get(3))?];
    let moved = writable(cx, a, |mapping| {
        let [to, from, count] = [to, from, count].map(|n| usize::try_from(n).ok());
        let (to, from, count) = (to?, from?, count?);
        if to.checked_add(count)? > mapping.len {
            return None;
        }
        let range = from..from.checked_add(count).filter(|&end| end <= mapping.len)?;
        mapping.bytes_mut().copy_within(range, to);
        Some(())
    })?;
    match moved {
        Some(()) => Ok(cx.none()),
        None => Err(cx.value_error("source, destination, or count out of range")),
    }
}

/// Why a mapping was not resized.
enum Refused {
    Exported,
    Kind,
    Untracked,
    Shared,
    System(i32),
}

fn resize_mapping(mapping: &mut Mapping, len: usize) -> Result<(), Refused> {
    if mapping.exports > 0 {
        return Err(Refused::Exported);
    }
    if matches!(mapping.access, Access::Read | Access::Copy) {
        return Err(Refused::Kind);
    }
    if mapping.fd >= 0 {
        // SAFETY: a call with numbers.
        let result = unsafe { os::checked(libc::ftruncate(mapping.fd, mapping.offset + len as i64)) };
        result.map_err(Refused::System)?;
    } else if !mapping.anonymous {
        return Err(Refused::Untracked);
    } else if mapping.shared && len > mapping.len {
        return Err(Refused::Shared);
    }
    // SAFETY: mapped by us, and nobody has a pointer into it.
    let moved = unsafe { libc::mremap(mapping.start.cast(), mapping.len, len, libc::MREMAP_MAYMOVE) };
    if moved == libc::MAP_FAILED {
        return Err(Refused::System(os::errno()));
    }
    (mapping.start, mapping.len) = (moved.cast(), len);
    Ok(())
}

fn resize(cx: &mut Cx, a: Args<'_>) -> R {
    let Ok(len) = usize::try_from(os::size(cx, a.get(1))?) else {
        return Err(cx.value_error("new size out of range"));
    };
    match open(cx, a, |mapping| resize_mapping(mapping, len))? {
        Ok(()) => Ok(cx.none()),
        Err(Refused::Exported) => {
            Err(cx.error(Builtin::BufferError, "mmap can't resize with extant buffers exported."))
        }
        Err(Refused::Kind) => Err(cx.type_error("mmap can't resize a readonly or copy-on-write memory map.")),
        Err(Refused::Untracked) => Err(cx.value_error("mmap can't resize with trackfd=False.")),
        Err(Refused::Shared) => Err(cx.value_error("mmap: can't expand a shared anonymous mapping")),
        Err(Refused::System(number)) => Err(os::error(cx, number)),
    }
}

fn advise(cx: &mut Cx, a: Args<'_>) -> R {
    let option = os::c_int(cx, a.get(1))?;
    let start = a.opt(2).map_or(Ok(0), |v| os::size(cx, v))?;
    let wanted = a.opt_not_none(3).map(|v| os::size(cx, v)).transpose()?;
    let result = open(cx, a, |mapping| {
        let start = usize::try_from(start).ok().filter(|&start| start < mapping.len).ok_or("start")?;
        let count = wanted.unwrap_or(mapping.len as isize);
        let count = usize::try_from(count).map_err(|_| "length")?.min(mapping.len - start);
        // SAFETY: within the mapping; what the advice loses the program has asked to lose.
        Ok(unsafe { os::checked(libc::madvise(mapping.start.add(start).cast(), count, option)) })
    })?;
    match result {
        Ok(result) => os::done(cx, result),
        Err("start") => Err(cx.value_error("madvise start out of bounds")),
        Err(_) => Err(cx.value_error("madvise length invalid")),
    }
}

fn len(cx: &mut Cx, a: Args<'_>) -> R {
    let n = open(cx, a, |mapping| mapping.len)?;
    Ok(cx.int(n as i64))
}

/// The place that an index means; `None` for what is no index.
fn index(cx: &mut Cx, v: Ref<'_>) -> R<isize> {
    match cx.class_of(v).special(cx, Special::Index) {
        Some(_) => cx.index_isize(v, Builtin::IndexError),
        None => Err(cx.type_error("mmap indices must be integers")),
    }
}

fn place(i: isize, len: usize) -> Option<usize> {
    let at = if i < 0 { len.checked_add_signed(i)? } else { i as usize };
    (at < len).then_some(at)
}

fn get_item(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(slice) = a.get(1).downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        let taken: Vec<u8> = open(cx, a, |mapping| {
            let all = mapping.bytes();
            let range = adjust(all.len(), parts);
            match range.step {
                1 => all[range.start as usize..][..range.count].to_vec(),
                _ => range.indices().map(|i| all[i]).collect(),
            }
        })?;
        return try_new_bytes(cx, &taken);
    }
    let i = index(cx, a.get(1))?;
    match open(cx, a, |mapping| place(i, mapping.len).map(|at| mapping.bytes()[at]))? {
        Some(byte) => Ok(cx.int(i64::from(byte))),
        None => Err(cx.error(Builtin::IndexError, "mmap index out of range")),
    }
}

fn set_item(cx: &mut Cx, a: Args<'_>) -> R {
    if let Some(slice) = a.get(1).downcast::<PySlice>(cx) {
        let parts = slice.unpack(cx)?;
        let data = buffer::bytes_of(cx, a.get(2))?;
        let set = writable(cx, a, |mapping| {
            let range = adjust(mapping.len, parts);
            let fits = range.count == data.len();
            if fits {
                let all = mapping.bytes_mut();
                range.indices().zip(&*data).for_each(|(at, &byte)| all[at] = byte);
            }
            fits
        })?;
        return match set {
            true => Ok(cx.none()),
            false => Err(cx.error(Builtin::IndexError, "mmap slice assignment is wrong size")),
        };
    }
    let i = index(cx, a.get(1))?;
    if cx.class_of(a.get(2)).special(cx, Special::Index).is_none() {
        return Err(cx.type_error("mmap item value must be an int"));
    }
    let byte = byte(cx, a.get(2))?;
    let set = writable(cx, a, |mapping| {
        let at = place(i, mapping.len)?;
        mapping.bytes_mut()[at] = byte;
        Some(())
    })?;
    match set {
        Some(()) => Ok(cx.none()),
        None => Err(cx.error(Builtin::IndexError, "mmap index out of range")),
    }
}

fn delete_item(cx: &mut Cx, _: Args<'_>) -> R {
    Err(cx.type_error("mmap object doesn't support item deletion"))
}

fn enter(cx: &mut Cx, a: Args<'_>) -> R {
    open(cx, a, |_| ())?;
    Ok(a.get(0).own(cx))
}

fn exit(cx: &mut Cx, a: Args<'_>) -> R {
    cx.call_method(a.get(0), "close", &[])
}

fn repr(cx: &mut Cx, a: Args<'_>) -> R {
    let name = cx.class_of(a.get(0)).tp_name();
    let mapping = a.this::<PyMmap>().mapping();
    let access = match mapping.access {
        Access::Default => "ACCESS_DEFAULT",
        Access::Read => "ACCESS_READ",
        Access::Write => "ACCESS_WRITE",
        Access::Copy => "ACCESS_COPY",
    };
    let text = match mapping.start.is_null() {
        true => format!("<{name} closed=True>"),
        false => format!(
            "<{name} closed=False, access={access}, length={}, pos={}, offset={}>",
            mapping.len, mapping.position, mapping.offset
        ),
    };
    drop(mapping);
    Ok(cx.str(&text))
}

fn iterate(cx: &mut Cx, a: Args<'_>) -> R {
    // Iteration gives bytes objects of length one.
    let all = open(cx, a, |mapping| mapping.bytes().to_vec())?;
    let items = all.iter().map(|&b| new_bytes(cx, &[b])).collect();
    let list = cx.list(items);
    cx.iter(list.r())
}

pub fn add_methods(t: &mut TypeBuilder, cx: &mut Cx) {
    t.method(cx, "close", "($self, /)", Full(close))
        .method(cx, "find", "($self, view, start=None, end=None, /)", Full(find))
        .method(cx, "rfind", "($self, view, start=None, end=None, /)", Full(rfind))
        .method(cx, "flush", "($self, offset=0, size=None, /)", Full(flush))
        .method(cx, "madvise", "($self, option, start=0, length=None, /)", Full(advise))
        .method(cx, "move", "($self, dest, src, count, /)", Full(move_bytes))
        .method(cx, "read", "($self, n=None, /)", Full(read))
        .method(cx, "read_byte", "($self, /)", Full(read_byte))
        .method(cx, "readline", "($self, /)", Full(read_line))
        .method(cx, "resize", "($self, newsize, /)", Full(resize))
        .method(cx, "seek", "($self, pos, whence=0, /)", Full(seek))
        .method(cx, "seekable", "($self, /)", Full(|cx, _| Ok(cx.bool(true))))
        .method(cx, "size", "($self, /)", Full(size))
        .method(cx, "tell", "($self, /)", Full(tell))
        .method(cx, "write", "($self, bytes, /)", Full(write))
        .method(cx, "write_byte", "($self, byte, /)", Full(write_byte))
        .method(cx, "__enter__", "($self, /)", Full(enter))
        .method(cx, "__exit__", "($self, exc_type, exc_value, traceback, /)", Full(exit))
        .getset(cx, "closed", Full(closed), None)
        .special(cx, Special::Iter, Full(iterate))
        .special(cx, Special::Len, Full(len))
        .special(cx, Special::GetItem, Full(get_item))
        .special(cx, Special::SetItem, Full(set_item))
        .special(cx, Special::DelItem, Full(delete_item))
        .special(cx, Special::Repr, Full(repr));
}
