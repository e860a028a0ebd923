//! `_blake2`: the two widths of Blake2, with all their parameters.

use super::state::State;
use super::{DIGESTS, add_limit, begin, bounded, make, new_class, register, unsigned};
use crate::os;
use ungil_runtime::objects::buffer;
use ungil_runtime::objects::module::add;
use ungil_runtime::prelude::*;

/// What differs between the widths.
struct Width {
    name: &'static str,
    /// As messages have it.
    shown: &'static str,
    digest: usize,
    key: usize,
    /// Bytes of salt and of personalisation.
    salt: usize,
    most_offset: u64,
}

const WIDE: Width =
    Width { name: "blake2b", shown: "Blake2b", digest: 64, key: 64, salt: 16, most_offset: u64::MAX };
const NARROW: Width =
    Width { name: "blake2s", shown: "Blake2s", digest: 32, key: 32, salt: 8, most_offset: (1 << 48) - 1 };

/// The parameters of a hash.
struct Parameters {
    size: usize,
    key: Vec<u8>,
    salt: Vec<u8>,
    person: Vec<u8>,
    fanout: u8,
    depth: u8,
    leaf_size: u32,
    node_offset: u64,
    node_depth: u8,
    inner_size: usize,
    last_node: bool,
}

/// Bytes that may be left out and have a greatest length.
fn short_bytes(cx: &mut Cx, v: Option<Ref<'_>>, most: usize, what: &str) -> R<Vec<u8>> {
    let Some(v) = v else { return Ok(Vec::new()) };
    let bytes = buffer::bytes_of(cx, v)?;
    if bytes.len() > most {
        return Err(cx.value_error(format!("maximum {what} length is {most} bytes")));
    }
    Ok(bytes.into_owned())
}

/// The parameters in the order of the signature, from the digest's size on.
fn parameters(cx: &mut Cx, a: Args<'_>, width: &Width) -> R<Parameters> {
    let size = os::c_int_or(cx, a.opt(2), width.digest as i32)?;
    if size < 1 || size > width.digest as i32 {
        let (shown, most) = (width.shown, width.digest);
        return Err(cx.value_error(format!(
            "digest_size for {shown} must be between 1 and {most} bytes, here it is {size}"
        )));
    }
    let salt = short_bytes(cx, a.opt(4), width.salt, "salt")?;
    let person = short_bytes(cx, a.opt(5), width.salt, "person")?;
    let fanout = bounded(cx, a.opt(6), 1, (0, 255), "fanout must be between 0 and 255")?;
    let depth = bounded(cx, a.opt(7), 1, (1, 255), "depth must be between 1 and 255")?;
    let leaf_size = unsigned(cx, a.opt(8), u32::MAX as u64, "leaf_size is too large")?;
    let node_offset = unsigned(cx, a.opt(9), width.most_offset, "node_offset is too large")?;
    let node_depth = bounded(cx, a.opt(10), 0, (0, 255), "node_depth must be between 0 and 255")?;
    let inner = format!("inner_size must be between 0 and is {}", width.digest);
    let inner_size = bounded(cx, a.opt(11), 0, (0, width.digest as i32), &inner)?;
    let last_node = os::flag_or(cx, a.opt(12), false)?;
    let key = short_bytes(cx, a.opt(3), width.key, "key")?;
    Ok(Parameters {
        size: size as usize,
        key,
        salt,
        person,
        fanout: fanout as u8,
        depth: depth as u8,
        leaf_size: leaf_size as u32,
        node_offset,
        node_depth: node_depth as u8,
        inner_size: inner_size as usize,
        last_node,
    })
}

/// Both crates have builders with the same names.
macro_rules! start {
    ($crate_name:ident, $p:expr) => {{
        let p = $p;
        let mut params = $crate_name::Params::new();
        params
            .hash_length(p.size)
            .key(&p.key)
            .salt(&p.salt)
            .personal(&p.person)
            .fanout(p.fanout)
            .max_depth(p.depth)
            .max_leaf_length(p.leaf_size)
            .node_offset(p.node_offset)
            .node_depth(p.node_depth)
            .inner_hash_length(p.inner_size)
            .last_node(p.last_node);
        Box::new(params.to_state())
    }};
}

fn new(cx: &mut Cx, a: Args<'_>, width: &Width) -> R {
    let Some(class) = PyType::from_ref(a.get(0), cx) else { return Err(cx.type_error("not a class")) };
    let string = a.opt_not_none(14);
    if a.opt(1).is_none() || string.is_none() {
        let p = parameters(cx, a, width)?;
        let state = match width.name {
            "blake2b" => State::Blake2b(start!(blake2b_simd, &p)),
            _ => State::Blake2s(start!(blake2s_simd, &p)),
        };
        let made = make(cx, class, state, p.size)?;
        return begin(cx, made, a.opt(1), string);
    }
    let none = cx.none();
    begin(cx, none, a.opt(1), string)
}

const SIGNATURE: &str = "($type, data=b'', *, digest_size=64, key=b'', salt=b'', person=b'', fanout=1, depth=1, \
                         leaf_size=0, node_offset=0, node_depth=0, inner_size=0, last_node=False, \
                         usedforsecurity=True, string=None)";

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    let widths: [(&Width, NativeFn); 2] =
        [(&WIDE, Full(|cx, a| new(cx, a, &WIDE))), (&NARROW, Full(|cx, a| new(cx, a, &NARROW)))];
    for (width, f) in widths {
        let mut t = new_class(cx, &format!("_blake2.{}", width.name), 0, DIGESTS);
        t.constructor(cx, SIGNATURE, f);
        let limits = [
            ("SALT_SIZE", width.salt),
            ("PERSON_SIZE", width.salt),
            ("MAX_KEY_SIZE", width.key),
            ("MAX_DIGEST_SIZE", width.digest),
        ];
        for (name, n) in limits {
            let n = cx.int(n as i64);
            t.attr(cx, name, n.clone());
            add(cx, module, &format!("{}_{name}", width.name.to_uppercase()), n);
        }
        register(cx, module, width.name, width.name, t.class());
    }
    add_limit(cx, module);
    Ok(())
}
