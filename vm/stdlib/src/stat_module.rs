//! `_stat`: the kinds and permissions in file modes.

use crate::posix::Table;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

/// A native that says whether a mode is of a kind.
macro_rules! kind {
    ($name:literal, $kind:expr) => {
        (
            $name,
            "($module, object, /)",
            Full(|cx, a| {
                let mode = mode_arg(cx, a.get(0))?;
                Ok(cx.bool(mode & libc::S_IFMT == $kind))
            }),
        )
    };
}

/// A native for a kind that Linux does not have.
macro_rules! never {
    ($name:literal) => {
        (
            $name,
            "($module, object, /)",
            Full(|cx, a| {
                mode_arg(cx, a.get(0))?;
                Ok(cx.bool(false))
            }),
        )
    };
}

const FUNCTIONS: Table = &[
    kind!("S_ISBLK", libc::S_IFBLK),
    kind!("S_ISCHR", libc::S_IFCHR),
    kind!("S_ISDIR", libc::S_IFDIR),
    kind!("S_ISFIFO", libc::S_IFIFO),
    kind!("S_ISLNK", libc::S_IFLNK),
    kind!("S_ISREG", libc::S_IFREG),
    kind!("S_ISSOCK", libc::S_IFSOCK),
    never!("S_ISDOOR"),
    never!("S_ISPORT"),
    never!("S_ISWHT"),
    ("S_IFMT", "($module, object, /)", Full(|cx, a| part(cx, a, libc::S_IFMT))),
    ("S_IMODE", "($module, object, /)", Full(|cx, a| part(cx, a, 0o7777))),
    ("filemode", "($module, object, /)", Full(filemode)),
];

const CONSTANTS: &[(&str, i64)] = &[
    ("SF_APPEND", 0o1000000),
    ("SF_ARCHIVED", 0o200000),
    ("SF_DATALESS", 0o10000000000),
    ("SF_FIRMLINK", 0o40000000),
    ("SF_IMMUTABLE", 0o400000),
    ("SF_NOUNLINK", 0o4000000),
    ("SF_SETTABLE", 0o37777600000),
    ("SF_SNAPSHOT", 0o10000000),
    ("ST_ATIME", 0o7),
    ("ST_CTIME", 0o11),
    ("ST_DEV", 0o2),
    ("ST_GID", 0o5),
    ("ST_INO", 0o1),
    ("ST_MODE", 0),
    ("ST_MTIME", 0o10),
    ("ST_NLINK", 0o3),
    ("ST_SIZE", 0o6),
    ("ST_UID", 0o4),
    ("S_ENFMT", 0o2000),
    ("S_IEXEC", 0o100),
    ("S_IFBLK", 0o60000),
    ("S_IFCHR", 0o20000),
    ("S_IFDIR", 0o40000),
    ("S_IFDOOR", 0),
    ("S_IFIFO", 0o10000),
    ("S_IFLNK", 0o120000),
    ("S_IFPORT", 0),
    ("S_IFREG", 0o100000),
    ("S_IFSOCK", 0o140000),
    ("S_IFWHT", 0),
    ("S_IREAD", 0o400),
    ("S_IRGRP", 0o40),
    ("S_IROTH", 0o4),
    ("S_IRUSR", 0o400),
    ("S_IRWXG", 0o70),
    ("S_IRWXO", 0o7),
    ("S_IRWXU", 0o700),
    ("S_ISGID", 0o2000),
    ("S_ISUID", 0o4000),
    ("S_ISVTX", 0o1000),
    ("S_IWGRP", 0o20),
    ("S_IWOTH", 0o2),
    ("S_IWRITE", 0o200),
    ("S_IWUSR", 0o200),
    ("S_IXGRP", 0o10),
    ("S_IXOTH", 0o1),
    ("S_IXUSR", 0o100),
    ("UF_APPEND", 0o4),
    ("UF_COMPRESSED", 0o40),
    ("UF_DATAVAULT", 0o200),
    ("UF_HIDDEN", 0o100000),
    ("UF_IMMUTABLE", 0o2),
    ("UF_NODUMP", 0o1),
    ("UF_NOUNLINK", 0o20),
    ("UF_OPAQUE", 0o10),
    ("UF_SETTABLE", 0o177777),
    ("UF_TRACKED", 0o100),
];

fn mode_arg(cx: &mut Cx, v: Ref<'_>) -> R<u32> {
    let index = cx.index(v)?;
    let v = index.r();
    match int::to_i64(cx, v) {
        Some(n) if n < 0 => Err(cx.overflow_error("can't convert negative value to unsigned int")),
        Some(n) => u32::try_from(n).map_err(|_| cx.overflow_error("mode out of range")),
        None if int::is_negative(cx, v) => {
            Err(cx.overflow_error("can't convert negative value to unsigned int"))
        }
        None => Err(cx.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn part(cx: &mut Cx, a: Args<'_>, mask: u32) -> R {
    let mode = mode_arg(cx, a.get(0))?;
    Ok(cx.int((mode & mask) as i64))
}

/// The ten characters that `ls -l` shows.
fn filemode(cx: &mut Cx, a: Args<'_>) -> R {
    let mode = mode_arg(cx, a.get(0))?;
    let kind = match mode & libc::S_IFMT {
        libc::S_IFREG => '-',
        libc::S_IFDIR => 'd',
        libc::S_IFLNK => 'l',
        libc::S_IFBLK => 'b',
        libc::S_IFCHR => 'c',
        libc::S_IFIFO => 'p',
        libc::S_IFSOCK => 's',
        _ => '?',
    };
    let mut text = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 != 0 { 'r' } else { '-' });
        text.push(if bits & 2 != 0 { 'w' } else { '-' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    Ok(cx.str(&text))
}

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    for &(name, n) in CONSTANTS {
        let n = cx.int(n);
        add(cx, module, name, n);
    }
    Ok(())
}
