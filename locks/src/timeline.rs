//! What each thread did and when: runs, waits, blocks, stands still. Off unless `Options::timeline` asks for it.
//!
//! Written by the slow paths of this crate: attach and detach, a wait for the GIL or for a solo thread, a stop of the
//! world, parking on an object's lock. Each thread has a track of its own, whose mutex nobody else wants until
//! `World::write_timeline` reads them all at the end. The mutexes are leaves. When it is off, a hook tests one pointer.
//!
//! With a GIL whoever stops the world holds it, so the others' standing still is a wait for the GIL.

use crate::primitive::{Arc, AtomicBool, AtomicU64, Clock, ForkMutex, OnceLock, Ordering, thread};
use crate::{ThreadState, World};
use std::io;

/// Changes that a track keeps, 16 MiB; the first ones.
const LIMIT: usize = 1 << 20;
/// Changes that all tracks keep together, 128 MiB.
const TOTAL: u64 = 1 << 23;

/// What a thread does from one change on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Runs,
    WaitsForGil,
    /// For a solo thread to let it attach.
    WaitsToAttach,
    WaitsForLock,
    /// For a stop of the world to end.
    StandsStill,
    /// Has stopped the world, or waits until all others stand still.
    Stops,
    /// Detached: sleeps, does I/O, waits for another thread.
    Blocks,
    /// There was no room for more.
    NotRecorded,
    Ended,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Runs => "runs",
            State::WaitsForGil => "waits for the GIL",
            State::WaitsToAttach => "waits to attach",
            State::WaitsForLock => "waits for a lock",
            State::StandsStill => "stands still",
            State::Stops => "stops the world",
            State::Blocks => "blocks",
            State::NotRecorded => "not recorded",
            State::Ended => "ended",
        }
    }
}

/// One thread's changes, in order, each with its time in nanoseconds.
#[derive(Debug)]
pub(crate) struct Track {
    id: u64,
    clock: Clock,
    /// How many more changes all tracks may keep.
    room: Arc<AtomicU64>,
    /// Who the operating system says it is, once it has done anything.
    thread: OnceLock<thread::ThreadId>,
    changes: ForkMutex<Vec<(u64, State)>>,
}

impl Track {
    /// The thread does this from now on.
    #[cold]
    pub(crate) fn enter(&self, state: State) {
        if state != State::Ended {
            self.thread.get_or_init(|| thread::current().id());
        }
        let mut changes = self.changes.lock();
        // Read under the mutex, so that times never go back.
        let now = self.clock.nanos();
        let last = changes.last().map(|&(_, last)| last);
        if last == Some(state) || last == Some(State::NotRecorded) && state != State::Ended {
            return;
        }
        // Two for each thread are not counted: that there was no room, and the end.
        let has_room = state == State::Ended || changes.len() < LIMIT && self.takes_room();
        changes.push((now, if has_room { state } else { State::NotRecorded }));
    }

    fn takes_room(&self) -> bool {
        // ORD: relaxed, only the number matters.
        let taken = self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(1));
        taken.is_ok()
    }
}

/// The tracks of all threads, also of those that have ended.
#[derive(Debug)]
pub(crate) struct Timeline {
    clock: Clock,
    room: Arc<AtomicU64>,
    tracks: ForkMutex<Vec<Arc<Track>>>,
    /// This is the child of a fork: the record is its parent's to tell.
    forked: AtomicBool,
}

impl Timeline {
    pub(crate) fn new() -> Self {
        Self::with_room(TOTAL)
    }

    fn with_room(room: u64) -> Self {
        let room = Arc::new(AtomicU64::new(room));
        let tracks = ForkMutex::new(Vec::new());
        Self { clock: Clock::new(), room, tracks, forked: AtomicBool::new(false) }
    }

    /// A track for a new thread.
    pub(crate) fn track(&self, id: u64) -> Arc<Track> {
        let changes = ForkMutex::new(Vec::new());
        let (clock, room) = (self.clock.clone(), Arc::clone(&self.room));
        let track = Arc::new(Track { id, clock, room, thread: OnceLock::new(), changes });
        self.tracks.lock().push(Arc::clone(&track));
        track
    }

    /// The calling thread's track, for those who are not told which thread they are in.
    fn current(&self) -> Option<Arc<Track>> {
        let me = thread::current().id();
        self.tracks.lock().iter().rev().find(|track| track.thread.get() == Some(&me)).cloned()
    }

    /// Forgets the tracks of threads that do not exist in the child of a fork, which has nothing to tell.
    ///
    /// # Safety
    /// No other thread exists, and this one is not inside the timeline.
    pub(crate) unsafe fn reset(&self, me: &ThreadState) {
        // SAFETY: as the caller promises.
        unsafe { self.tracks.reset(me.track.iter().cloned().collect()) };
        // ORD: relaxed, there is no other thread.
        self.forked.store(true, Ordering::Relaxed);
    }

    /// Chrome's trace format, which Perfetto reads; times in microseconds.
    fn write(&self, out: &mut impl io::Write) -> io::Result<()> {
        let end = self.clock.nanos();
        let model = crate::model::NAME;
        write!(
            out,
            "{{\"displayTimeUnit\": \"ms\", \"otherData\": {{\"model\": \"{model}\"}}, \"traceEvents\": ["
        )?;
        // Copied: a thread that is made meanwhile needs the mutex.
        let tracks = self.tracks.lock().clone();
        let mut separator = "\n";
        for track in tracks {
            let id = track.id;
            write!(
                out,
                "{separator}{{\"ph\": \"M\", \"pid\": 1, \"tid\": {id}, \"name\": \"thread_name\", \"args\": {{\"name\": \"thread {id}\"}}}}"
            )?;
            separator = ",\n";
            let changes = track.changes.lock();
            for (index, &(since, state)) in changes.iter().enumerate() {
                if state == State::Ended {
                    continue;
                }
                // What a thread that still runs has done after `end` has no length.
                let until = changes.get(index + 1).map_or(end.max(since), |&(next, _)| next);
                let (start, length) = (micros(since), micros(until - since));
                write!(
                    out,
                    ",\n{{\"ph\": \"X\", \"pid\": 1, \"tid\": {id}, \"ts\": {start}, \"dur\": {length}, \"name\": \"{}\"}}",
                    state.name()
                )?;
            }
        }
        writeln!(out, "\n]}}")
    }
}

fn micros(nanos: u64) -> String {
    format!("{}.{:03}", nanos / 1000, nanos % 1000)
}

impl ThreadState {
    /// This thread, or whoever forgets it, tells what it does from now on.
    #[inline]
    pub(crate) fn does(&self, state: State) {
        if let Some(track) = &self.track {
            track.enter(state);
        }
    }
}

impl World {
    /// A track for a new thread, if tracks are kept.
    pub(crate) fn new_track(&self, id: u64) -> Option<Arc<Track>> {
        self.timeline.as_ref().map(|timeline| timeline.track(id))
    }

    /// Whether what threads do is recorded; not in the child of a fork.
    pub fn records_timeline(&self) -> bool {
        // ORD: relaxed, set before the child had any other thread.
        self.timeline.as_ref().is_some_and(|timeline| !timeline.forked.load(Ordering::Relaxed))
    }

    /// Writes what all threads have done so far, as JSON in Chrome's trace format, if it is recorded. Others may be
    /// running.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_timeline(&self, out: &mut impl io::Write) -> io::Result<()> {
        if !self.records_timeline() {
            return Ok(());
        }
        self.timeline.as_ref().map_or(Ok(()), |timeline| timeline.write(out))
    }

    /// Runs `wait`, in which the calling thread sleeps until an object's lock may be free.
    pub(crate) fn waiting_for_lock<T>(&self, wait: impl FnOnce() -> T) -> T {
        let track = self.timeline.as_ref().and_then(Timeline::current);
        if let Some(track) = &track {
            track.enter(State::WaitsForLock);
        }
        let result = wait();
        if let Some(track) = &track {
            track.enter(State::Runs);
        }
        result
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{State, Timeline};
    use crate::model::GIL_ENABLED;
    use crate::{ObjLock, Options, World};
    use std::time::Duration;

    fn pause() {
        std::thread::sleep(Duration::from_millis(20));
    }

    fn recorded(world: &World) -> String {
        let mut text = Vec::new();
        world.write_timeline(&mut text).expect("memory takes it");
        String::from_utf8(text).expect("it is ASCII")
    }

    /// The names of a thread's intervals, in order.
    fn names(json: &str, id: u64) -> Vec<String> {
        let mine = format!("\"ph\": \"X\", \"pid\": 1, \"tid\": {id},");
        let name = |line: &str| Some(line.rsplit_once("\"name\": \"")?.1.split_once('"')?.0.to_owned());
        json.lines().filter(|line| line.contains(&mine)).filter_map(name).collect()
    }

    #[test]
    fn nothing_is_recorded_unless_asked_for() {
        let world = World::new();
        let me = world.register();
        me.attach();
        assert!(!world.records_timeline());
        assert_eq!(recorded(&world), "");
        me.detach();
    }

    #[test]
    fn a_thread_runs_blocks_stops_the_world_and_ends() {
        let world = World::with_options(Options { timeline: true, ..Options::default() });
        let me = world.register();
        me.attach();
        pause();
        me.detach();
        pause();
        me.attach();
        drop(world.stop_the_world(&me));
        me.detach();
        world.unregister(&me);
        let json = recorded(&world);
        assert_eq!(names(&json, me.id()), ["runs", "blocks", "runs", "stops the world", "runs", "blocks"]);
    }

    /// Lets another thread attach and do `work`, and ends what is in its way once the timeline shows that it waits.
    fn other(world: &World, work: impl FnOnce() + Send, id: u64, wait: &str, let_go: impl FnOnce()) {
        std::thread::scope(|scope| {
            scope.spawn(work);
            while names(&recorded(world), id).last().is_none_or(|last| last != wait) {
                std::thread::sleep(Duration::from_millis(1));
            }
            pause();
            let_go();
        });
    }

    #[test]
    fn a_wait_for_a_lock_is_seen() {
        let world = World::with_options(Options { timeline: true, solo: false, ..Options::default() });
        let (one, two) = (world.register(), world.register());
        let lock = ObjLock::new();
        one.attach();
        lock.lock(&world);
        let wait = if GIL_ENABLED { "waits for the GIL" } else { "waits for a lock" };
        let work = || {
            two.attach();
            lock.lock(&world);
            lock.unlock(&world);
            two.detach();
        };
        let let_go = || {
            lock.unlock(&world);
            one.detach();
        };
        other(&world, work, two.id(), wait, let_go);
        let found = names(&recorded(&world), two.id());
        let before: &[&str] = if GIL_ENABLED { &[] } else { &["runs"] };
        assert_eq!(found, [before, &[wait, "runs", "blocks"]].concat());
    }

    #[test]
    fn standing_still_is_seen() {
        let world = World::with_options(Options { timeline: true, solo: false, ..Options::default() });
        let (one, two) = (world.register(), world.register());
        one.attach();
        let stop = world.stop_the_world(&one);
        let wait = if GIL_ENABLED { "waits for the GIL" } else { "stands still" };
        let work = || {
            two.attach();
            two.detach();
        };
        let let_go = || {
            drop(stop);
            one.detach();
        };
        other(&world, work, two.id(), wait, let_go);
        let found = names(&recorded(&world), two.id());
        assert_eq!(found, [wait, "runs", "blocks"]);
        let found = names(&recorded(&world), one.id());
        // With a GIL it then waits until the other has really taken it, if that has asked for it.
        assert_eq!(found[..4], ["runs", "stops the world", "runs", "blocks"]);
        assert!(GIL_ENABLED || found.len() == 4, "{found:?}");
    }

    #[test]
    fn what_there_is_no_room_for_is_said() {
        let timeline = Timeline::with_room(2);
        let track = timeline.track(1);
        for state in [State::Runs, State::Blocks, State::Runs, State::Blocks, State::Ended] {
            track.enter(state);
        }
        let other = timeline.track(2);
        other.enter(State::Runs);
        let mut text = Vec::new();
        timeline.write(&mut text).expect("memory takes it");
        let text = String::from_utf8(text).expect("it is ASCII");
        assert_eq!(names(&text, 1), ["runs", "blocks", "not recorded"]);
        assert_eq!(names(&text, 2), ["not recorded"]);
    }
}
