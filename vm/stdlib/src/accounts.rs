//! `pwd` and `grp`: the databases of users and groups. The C library's calls that walk the databases share one place, which a
//! mutex guards.

use crate::os;
use crate::posix::{Table, add_class, class_of};
use std::ffi::{CStr, CString};
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::OnceLock;
use ungil_locks::primitive::Mutex;
use ungil_runtime::SharedValue;
use ungil_runtime::objects::int;
use ungil_runtime::objects::module::add_functions;
use ungil_runtime::objects::namespace::{Record, record_of};
use ungil_runtime::prelude::*;

const USERS: Table = &[
    ("getpwuid", "($module, uidobj, /)", Full(getpwuid)),
    ("getpwnam", "($module, name, /)", Full(getpwnam)),
    ("getpwall", "($module, /)", Full(getpwall)),
];

const GROUPS: Table = &[
    ("getgrgid", "($module, /, id)", Full(getgrgid)),
    ("getgrnam", "($module, /, name)", Full(getgrnam)),
    ("getgrall", "($module, /)", Full(getgrall)),
];

static PASSWD: OnceLock<SharedValue> = OnceLock::new();
static GROUP: OnceLock<SharedValue> = OnceLock::new();
static WALK: Mutex<()> = Mutex::new(());

/// The largest buffer that a look-up is given.
const MOST: usize = 1 << 20;

/// A user as the database has it.
struct User {
    texts: [Vec<u8>; 5],
    uid: u32,
    gid: u32,
}

/// A group as the database has it.
struct Group {
    name: Vec<u8>,
    password: Vec<u8>,
    gid: u32,
    members: Vec<Vec<u8>>,
}

/// The bytes of a C text; nothing for null.
///
/// # Safety
/// Null, or a text that lives through the call.
unsafe fn bytes(p: *const libc::c_char) -> Vec<u8> {
    // SAFETY: as the caller promises.
    if p.is_null() { Vec::new() } else { unsafe { CStr::from_ptr(p) }.to_bytes().to_vec() }
}

/// # Safety
/// The entry and its texts are alive.
unsafe fn user_of(p: &libc::passwd) -> User {
    // SAFETY: as the caller promises.
    let texts = unsafe {
        [bytes(p.pw_name), bytes(p.pw_passwd), bytes(p.pw_gecos), bytes(p.pw_dir), bytes(p.pw_shell)]
    };
    User { texts, uid: p.pw_uid, gid: p.pw_gid }
}

/// # Safety
/// The entry and its texts are alive.
unsafe fn group_of(g: &libc::group) -> Group {
    let mut members = Vec::new();
    // SAFETY: as the caller promises; the row of members ends with null.
    unsafe {
        let mut at = g.gr_mem;
        while !at.is_null() && !(*at).is_null() {
            members.push(bytes(*at));
            at = at.add(1);
        }
        Group { name: bytes(g.gr_name), password: bytes(g.gr_passwd), gid: g.gr_gid, members }
    }
}

/// Looks an entry up with a buffer that grows until it fits.
fn look_up<T>(
    mut call: impl FnMut(*mut libc::c_char, usize) -> Result<Option<T>, i32>,
) -> Result<Option<T>, i32> {
    let mut size = 4096;
    loop {
        let mut buffer = vec![0u8; size];
        match call(buffer.as_mut_ptr().cast(), size) {
            Err(libc::ERANGE) if size < MOST => size *= 4,
            // These say that there is no such entry, or no database.
            Err(libc::ENOENT | libc::ESRCH | libc::EBADF | libc::EPERM) => return Ok(None),
            result => return result,
        }
    }
}

fn user_record(cx: &mut Cx, user: &User) -> R {
    let [name, password, gecos, home, shell] = &user.texts;
    let values = vec![
        os::fs_decode(cx, name),
        os::fs_decode(cx, password),
        cx.int(user.uid as i64),
        cx.int(user.gid as i64),
        os::fs_decode(cx, gecos),
        os::fs_decode(cx, home),
        os::fs_decode(cx, shell),
    ];
    let class = class_of(cx, &PASSWD);
    record_of(cx, &class, values)
}

fn group_record(cx: &mut Cx, group: &Group) -> R {
    let members = group.members.iter().map(|m| os::fs_decode(cx, m)).collect();
    let values = vec![
        os::fs_decode(cx, &group.name),
        os::fs_decode(cx, &group.password),
        cx.int(group.gid as i64),
        cx.list(members),
    ];
    let class = class_of(cx, &GROUP);
    record_of(cx, &class, values)
}

fn found<T>(cx: &mut Cx, result: Result<Option<T>, i32>, missing: String) -> R<T> {
    match result {
        Ok(Some(entry)) => Ok(entry),
        Ok(None) => {
            let message = cx.str(&missing);
            Err(cx.key_error(message.r()))
        }
        Err(number) => Err(os::error(cx, number)),
    }
}

/// An id, `None` if no id is that large; the text of what was given for messages.
fn id_arg(cx: &mut Cx, v: Ref<'_>, what: &str) -> R<(Option<u32>, String)> {
    if !cx.is_instance_of(v, Builtin::Int) && cx.class_of(v).special(cx, Special::Index).is_none() {
        let got = cx.type_name(v);
        return Err(cx.type_error(format!("{what} should be integer, not {got}")));
    }
    let index = cx.index(v)?;
    let text = cx.repr_string(index.r())?;
    let id = match int::to_i64(cx, index.r()) {
        Some(-1) => Some(u32::MAX),
        n => n.and_then(|n| u32::try_from(n).ok()),
    };
    Ok((id, text))
}

fn name_arg(cx: &mut Cx, a: Args<'_>, function: &str) -> R<CString> {
    if !cx.is_instance_of(a.get(0), Builtin::Str) {
        let got = cx.type_name(a.get(0));
        let what = if function == "getpwnam" { "argument" } else { "argument 'name'" };
        return Err(cx.type_error(format!("{function}() {what} must be str, not {got}")));
    }
    os::fs_text(cx, a.get(0))
}

fn getpwuid(cx: &mut Cx, a: Args<'_>) -> R {
    let (id, text) = id_arg(cx, a.get(0), "uid")?;
    let result = match id {
        None => Ok(None),
        Some(id) => cx.detached(|| {
            // SAFETY: places of ours, a buffer with that room.
            look_up(|buffer, n| unsafe {
                let (mut entry, mut found): (libc::passwd, _) = (zeroed(), null_mut());
                match libc::getpwuid_r(id, &mut entry, buffer, n, &mut found) {
                    0 if found.is_null() => Ok(None),
                    0 => Ok(Some(user_of(&entry))),
                    number => Err(number),
                }
            })
        }),
    };
    let missing = match id {
        Some(_) => format!("getpwuid(): uid not found: {text}"),
        None => "getpwuid(): uid not found".into(),
    };
    let user = found(cx, result, missing)?;
    user_record(cx, &user)
}

fn getpwnam(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a, "getpwnam")?;
    let shown = cx.repr_string(a.get(0))?;
    let result = cx.detached(|| {
        // SAFETY: as in `getpwuid`, and a C text.
        look_up(|buffer, n| unsafe {
            let (mut entry, mut found): (libc::passwd, _) = (zeroed(), null_mut());
            match libc::getpwnam_r(name.as_ptr(), &mut entry, buffer, n, &mut found) {
                0 if found.is_null() => Ok(None),
                0 => Ok(Some(user_of(&entry))),
                number => Err(number),
            }
        })
    });
    let user = found(cx, result, format!("getpwnam(): name not found: {shown}"))?;
    user_record(cx, &user)
}

fn getpwall(cx: &mut Cx, _: Args<'_>) -> R {
    let users = cx.detached(|| {
        let _walk = WALK.lock().unwrap_or_else(|p| p.into_inner());
        let mut users = Vec::new();
        // SAFETY: one thread walks at a time; an entry lives until the next call.
        unsafe {
            libc::setpwent();
            while let Some(entry) = libc::getpwent().as_ref() {
                users.push(user_of(entry));
            }
            libc::endpwent();
        }
        users
    });
    let mut records = Vec::with_capacity(users.len());
    for user in &users {
        records.push(user_record(cx, user)?);
    }
    Ok(cx.list(records))
}

fn getgrgid(cx: &mut Cx, a: Args<'_>) -> R {
    let (id, text) = id_arg(cx, a.get(0), "gid")?;
    let result = match id {
        None => Ok(None),
        Some(id) => cx.detached(|| {
            // SAFETY: places of ours, a buffer with that room.
            look_up(|buffer, n| unsafe {
                let (mut entry, mut found): (libc::group, _) = (zeroed(), null_mut());
                match libc::getgrgid_r(id, &mut entry, buffer, n, &mut found) {
                    0 if found.is_null() => Ok(None),
                    0 => Ok(Some(group_of(&entry))),
                    number => Err(number),
                }
            })
        }),
    };
    let missing = match id {
        Some(_) => format!("getgrgid(): gid not found: {text}"),
        None => "getgrgid(): gid not found".into(),
    };
    let group = found(cx, result, missing)?;
    group_record(cx, &group)
}

fn getgrnam(cx: &mut Cx, a: Args<'_>) -> R {
    let name = name_arg(cx, a, "getgrnam")?;
    let shown = cx.repr_string(a.get(0))?;
    let result = cx.detached(|| {
        // SAFETY: as in `getgrgid`, and a C text.
        look_up(|buffer, n| unsafe {
            let (mut entry, mut found): (libc::group, _) = (zeroed(), null_mut());
            match libc::getgrnam_r(name.as_ptr(), &mut entry, buffer, n, &mut found) {
                0 if found.is_null() => Ok(None),
                0 => Ok(Some(group_of(&entry))),
                number => Err(number),
            }
        })
    });
    let group = found(cx, result, format!("getgrnam(): name not found: {shown}"))?;
    group_record(cx, &group)
}

fn getgrall(cx: &mut Cx, _: Args<'_>) -> R {
    let groups = cx.detached(|| {
        let _walk = WALK.lock().unwrap_or_else(|p| p.into_inner());
        let mut groups = Vec::new();
        // SAFETY: one thread walks at a time; an entry lives until the next call.
        unsafe {
            libc::setgrent();
            while let Some(entry) = libc::getgrent().as_ref() {
                groups.push(group_of(entry));
            }
            libc::endgrent();
        }
        groups
    });
    let mut records = Vec::with_capacity(groups.len());
    for group in &groups {
        records.push(group_record(cx, group)?);
    }
    Ok(cx.list(records))
}

pub fn init_pwd(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, USERS);
    let record = Record::new(
        "pwd.struct_passwd",
        "An entry of the user database: also a tuple of its parts.",
        &[
            ("pw_name", "user name"),
            ("pw_passwd", "password"),
            ("pw_uid", "user id"),
            ("pw_gid", "group id"),
            ("pw_gecos", "real name"),
            ("pw_dir", "home directory"),
            ("pw_shell", "shell program"),
        ],
    );
    add_class(cx, module, "struct_passwd", record, &PASSWD)
}

pub fn init_grp(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, GROUPS);
    let record = Record::new(
        "grp.struct_group",
        "An entry of the group database: also a tuple of its parts.",
        &[
            ("gr_name", "group name"),
            ("gr_passwd", "password"),
            ("gr_gid", "group id"),
            ("gr_mem", "group members"),
        ],
    );
    add_class(cx, module, "struct_group", record, &GROUP)
}
