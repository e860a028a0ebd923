//! The map of a context: variables by number, as a tree of tuples that are never changed (a hash array mapped trie).
//!
//! A node is a tuple: the bits of the places that are taken, then for each of them a variable and its value, or `None`
//! and a node below. Numbers of variables are given out in turn, so they spread evenly and never collide.

use ungil_runtime::objects::tuple::PyTuple;
use ungil_runtime::prelude::*;

/// Bits of a number that one level of the tree looks at.
const BITS: u32 = 5;

/// A variable with its number.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    pub number: u64,
    pub var: Ref<'a>,
}

impl Key<'_> {
    fn bit(self, shift: u32) -> u32 {
        1 << ((self.number >> shift) & 31)
    }
}

fn items<'a>(cx: &Cx, node: &'a Obj) -> &'a [Ref<'a>] {
    node.r().downcast::<PyTuple>(cx).map(PyTuple::items).unwrap_or_default()
}

/// The taken places of a node.
fn bitmap(items: &[Ref<'_>]) -> u32 {
    items.first().and_then(|v| v.value().as_int()).unwrap_or_default() as u32
}

/// Where the entry of a place stands in the tuple.
fn index(bitmap: u32, bit: u32) -> usize {
    1 + 2 * (bitmap & (bit - 1)).count_ones() as usize
}

/// The value of a variable.
pub fn find(cx: &Cx, root: &Obj, key: Key<'_>) -> Option<Obj> {
    let (mut node, mut shift) = (root.clone(), 0);
    loop {
        let entries = items(cx, &node);
        let (taken, bit) = (bitmap(entries), key.bit(shift));
        if taken & bit == 0 {
            return None;
        }
        let at = index(taken, bit);
        let (name, value) = (entries[at], entries[at + 1]);
        if !name.value().is_none() {
            return name.is(key.var).then(|| value.own(cx));
        }
        let below = value.own(cx);
        node = below;
        shift += BITS;
    }
}

fn node(cx: &Cx, taken: u32, entries: Vec<Obj>) -> Obj {
    let bits = cx.int(i64::from(taken));
    cx.tuple(std::iter::once(bits).chain(entries).collect())
}

fn entries_of(cx: &Cx, node: &Obj) -> Vec<Obj> {
    items(cx, node).iter().skip(1).map(|v| v.own(cx)).collect()
}

/// A map with the variable set; `number_of` gives the number of a variable.
pub fn with(
    cx: &Cx,
    root: Option<&Obj>,
    key: Key<'_>,
    value: Obj,
    number_of: fn(&Cx, Ref<'_>) -> u64,
) -> Obj {
    with_at(cx, root, 0, key, value, number_of)
}

fn with_at(
    cx: &Cx,
    old: Option<&Obj>,
    shift: u32,
    key: Key<'_>,
    value: Obj,
    number_of: fn(&Cx, Ref<'_>) -> u64,
) -> Obj {
    let bit = key.bit(shift);
    let Some(old) = old else { return node(cx, bit, vec![key.var.own(cx), value]) };
    let taken = bitmap(items(cx, old));
    let mut entries = entries_of(cx, old);
    let at = index(taken, bit) - 1;
    if taken & bit == 0 {
        entries.splice(at..at, [key.var.own(cx), value]);
        return node(cx, taken | bit, entries);
    }
    let below = shift + BITS;
    if entries[at].value().is_none() {
        entries[at + 1] = with_at(cx, Some(&entries[at + 1]), below, key, value, number_of);
    } else if entries[at].r().is(key.var) {
        entries[at + 1] = value;
    } else {
        // Another variable in this place: both go one level down.
        let other = std::mem::replace(&mut entries[at], cx.none());
        let other_value = entries[at + 1].clone();
        let number = number_of(cx, other.r());
        let one = with_at(cx, None, below, Key { number, var: other.r() }, other_value, number_of);
        entries[at + 1] = with_at(cx, Some(&one), below, key, value, number_of);
    }
    node(cx, taken, entries)
}

/// A map without the variable; `None` if nothing is left.
pub fn without(cx: &Cx, root: &Obj, key: Key<'_>) -> Option<Obj> {
    without_at(cx, root, 0, key)
}

fn without_at(cx: &Cx, old: &Obj, shift: u32, key: Key<'_>) -> Option<Obj> {
    let (taken, bit) = (bitmap(items(cx, old)), key.bit(shift));
    if taken & bit == 0 {
        return Some(old.clone());
    }
    let mut entries = entries_of(cx, old);
    let at = index(taken, bit) - 1;
    if entries[at].value().is_none() {
        if let Some(below) = without_at(cx, &entries[at + 1], shift + BITS, key) {
            entries[at + 1] = below;
            return Some(node(cx, taken, entries));
        }
    } else if !entries[at].r().is(key.var) {
        return Some(old.clone());
    }
    drop(entries.splice(at..at + 2, []));
    (!entries.is_empty()).then(|| node(cx, taken & !bit, entries))
}

/// All variables with their values.
pub fn pairs(cx: &Cx, root: Option<&Obj>) -> Vec<(Obj, Obj)> {
    let mut found = Vec::new();
    let mut nodes: Vec<Obj> = root.cloned().into_iter().collect();
    while let Some(node) = nodes.pop() {
        for entry in entries_of(cx, &node).chunks_exact(2) {
            match entry[0].value().is_none() {
                true => nodes.push(entry[1].clone()),
                false => found.push((entry[0].clone(), entry[1].clone())),
            }
        }
    }
    found
}
