//! The results that a bounded `lru_cache` keeps, in order of use: what its wrapper's lock guards.
//!
//! A result has a number, its ticket, by which the wrapper's dict knows it: a place in the vector and how often the place
//! has been given out. So a ticket that was read before the lock was taken is known to be stale if its result has left
//! meanwhile. Nothing here runs Python; what leaves is handed out and dropped after the unlock.

use ungil_runtime::prelude::*;

/// The end of the list.
const NONE: u32 = u32::MAX;
/// Bits of a place in a ticket, and of the number of times that it was given out.
const BITS: u32 = 24;

/// Which result, and which of the results that were at its place. An int that needs no object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

impl Ticket {
    fn new(place: u32, turn: u32) -> Ticket {
        Ticket(u64::from(turn) << BITS | u64::from(place))
    }

    fn place(self) -> usize {
        (self.0 & ((1 << BITS) - 1)) as usize
    }

    fn turn(self) -> u32 {
        (self.0 >> BITS) as u32
    }

    /// As a value of the dict.
    pub(super) fn value(self) -> Obj {
        Obj::immediate(Value::from_int_unchecked(self.0 as i64))
    }

    /// The ticket that a value of the dict stands for.
    pub(super) fn of(v: Ref<'_>) -> Option<Ticket> {
        v.value().as_int().map(|i| Ticket(i as u64))
    }
}

/// A result and its neighbours.
struct Node {
    key: Slot,
    result: Slot,
    turn: u32,
    older: u32,
    newer: u32,
    /// Whether it is in the list. It is not while it is put into the dict or taken out of it.
    linked: bool,
}

/// See the module's head.
#[derive(Default)]
pub(super) struct Results {
    nodes: Vec<Node>,
    free: Vec<u32>,
    ends: Option<(u32, u32)>,
    linked: usize,
    pub hits: u64,
    pub misses: u64,
}

impl Results {
    /// How many results are in the list.
    pub(super) fn len(&self) -> usize {
        self.linked
    }

    fn node(&mut self, ticket: Ticket) -> Option<&mut Node> {
        self.nodes.get_mut(ticket.place()).filter(|node| node.turn == ticket.turn())
    }

    /// The result of a ticket, which becomes the newest one. `None` if it has left.
    #[inline]
    pub(super) fn hit(&mut self, cx: &Cx, ticket: Ticket) -> Option<Obj> {
        let node = self.node(ticket)?;
        let (result, linked) = (node.result.get_locked(cx), node.linked);
        if linked && self.ends.is_some_and(|(_, newest)| newest != ticket.place() as u32) {
            self.unlink(ticket);
            self.link(ticket);
        }
        self.hits += 1;
        result
    }

    /// Keeps a result outside the list. Gives the two back if there is no room.
    pub(super) fn add(&mut self, h: &Header, key: Obj, result: Obj) -> Result<Ticket, (Obj, Obj)> {
        let place = match self.free.pop() {
            Some(place) => place,
            None if self.nodes.len() >= 1 << BITS || self.nodes.try_reserve(1).is_err() => {
                return Err((key, result));
            }
            None => {
                let (key, result) = (Slot::empty(), Slot::empty());
                self.nodes.push(Node { key, result, turn: 0, older: NONE, newer: NONE, linked: false });
                self.nodes.len() as u32 - 1
            }
        };
        let node = &mut self.nodes[place as usize];
        node.key.replace_locked(h, key);
        node.result.replace_locked(h, result);
        Ok(Ticket::new(place, node.turn))
    }

    /// Puts a result at the new end of the list; whether it is still kept.
    pub(super) fn link(&mut self, ticket: Ticket) -> bool {
        let newest = self.ends.map(|(_, newest)| newest);
        let place = ticket.place() as u32;
        let Some(node) = self.node(ticket).filter(|node| !node.linked) else { return false };
        (node.older, node.newer, node.linked) = (newest.unwrap_or(NONE), NONE, true);
        if let Some(newest) = newest {
            self.nodes[newest as usize].newer = place;
        }
        self.ends = Some((self.ends.map_or(place, |(oldest, _)| oldest), place));
        self.linked += 1;
        true
    }

    /// Puts a result back at the old end of the list, if it is still kept.
    pub(super) fn link_oldest(&mut self, ticket: Ticket) {
        let oldest = self.ends.map(|(oldest, _)| oldest);
        let place = ticket.place() as u32;
        let Some(node) = self.node(ticket).filter(|node| !node.linked) else { return };
        (node.older, node.newer, node.linked) = (NONE, oldest.unwrap_or(NONE), true);
        if let Some(oldest) = oldest {
            self.nodes[oldest as usize].older = place;
        }
        self.ends = Some((place, self.ends.map_or(place, |(_, newest)| newest)));
        self.linked += 1;
    }

    fn unlink(&mut self, ticket: Ticket) {
        let Some(node) = self.node(ticket).filter(|node| node.linked) else { return };
        let (older, newer) = (node.older, node.newer);
        node.linked = false;
        self.linked -= 1;
        let Some((mut oldest, mut newest)) = self.ends else { return };
        match older {
            NONE => oldest = newer,
            older => self.nodes[older as usize].newer = newer,
        }
        match newer {
            NONE => newest = older,
            newer => self.nodes[newer as usize].older = older,
        }
        self.ends = (oldest != NONE).then_some((oldest, newest));
    }

    /// Takes the oldest result out of the list, but keeps it.
    pub(super) fn take_oldest(&mut self, cx: &Cx) -> Option<(Ticket, Obj)> {
        let (oldest, _) = self.ends?;
        let node = &self.nodes[oldest as usize];
        let (ticket, key) = (Ticket::new(oldest, node.turn), node.key.get_locked(cx)?);
        self.unlink(ticket);
        Some((ticket, key))
    }

    /// Gives a result up: its key and itself.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<[Option<Obj>; 2]> {
        self.unlink(ticket);
        let node = self.node(ticket)?;
        // What is too large for a ticket is not given out again: see `BITS`.
        node.turn = (node.turn + 1) & ((1 << BITS) - 1);
        let taken = [node.key.take_locked(), node.result.take_locked()];
        self.free.push(ticket.place() as u32);
        Some(taken)
    }

    /// Gives everything up and begins to count anew. Tickets given out so far are stale.
    pub(super) fn clear(&mut self) -> Vec<[Option<Obj>; 2]> {
        let mut taken = Vec::with_capacity(self.linked);
        self.free.clear();
        for (place, node) in self.nodes.iter_mut().enumerate().rev() {
            node.turn = (node.turn + 1) & ((1 << BITS) - 1);
            (node.linked, node.older, node.newer) = (false, NONE, NONE);
            if !node.key.is_empty() {
                taken.push([node.key.take_locked(), node.result.take_locked()]);
            }
            self.free.push(place as u32);
        }
        (self.ends, self.linked, self.hits, self.misses) = (None, 0, 0, 0);
        taken
    }

    /// All references, for the collector.
    pub(super) fn trace(&self, visit: &mut dyn FnMut(Value)) {
        for node in self.nodes.iter().filter(|node| !node.key.is_empty()) {
            visit(node.key.peek());
            visit(node.result.peek());
        }
    }

    /// Drops everything, at the end of the wrapper.
    pub(super) fn drop_all(&mut self, m: &Mutator) {
        for node in std::mem::take(self).nodes {
            node.key.clear(m);
            node.result.clear(m);
        }
    }
}
