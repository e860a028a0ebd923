//! Exploring one protocol with loom.

use crate::heap::Heap;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use ungil_gc::Mutator;
use ungil_locks::World;

/// Explores every execution of `model` with at most `preemptions` preemptions (`None`: all there are). Panics if one fails, if there were fewer
/// than `at_least` (the test would be vacuous), or if the outcomes are not exactly `expected`.
pub fn explore<T, M>(preemptions: Option<usize>, at_least: usize, expected: &[T], model: M)
where
    T: Ord + Clone + Debug + Send + 'static,
    M: Fn() -> T + Send + Sync + 'static,
{
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let executions = Arc::new(AtomicUsize::new(0));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(preemptions);
    builder.max_branches = builder.max_branches.max(20_000);
    {
        let (outcomes, executions) = (Arc::clone(&outcomes), Arc::clone(&executions));
        builder.check(move || {
            let outcome = model();
            executions.fetch_add(1, Ordering::Relaxed);
            outcomes.lock().expect("no test panics with the set locked").insert(outcome);
        });
    }
    let executions = executions.load(Ordering::Relaxed);
    println!("{executions} executions");
    assert!(executions >= at_least, "only {executions} executions: the test is vacuous");
    let expected: BTreeSet<T> = expected.iter().cloned().collect();
    assert_eq!(*outcomes.lock().expect("as above"), expected, "outcomes, left: seen, right: expected");
}

/// Explores `model` on the main thread of a heap in a world that `world` makes: with its mutator, and as if another thread had
/// been started. The heap is given to `outcome` once that thread has left.
pub fn explore_heap<R, T>(
    bounds: (usize, usize),
    expected: &[T],
    world: impl Fn() -> Arc<World> + Send + Sync + 'static,
    model: impl Fn(&Arc<Heap>, &Mutator) -> R + Send + Sync + 'static,
    outcome: impl Fn(&Heap, R) -> T + Send + Sync + 'static,
) where
    T: Ord + Clone + Debug + Send + 'static,
{
    let (preemptions, at_least) = bounds;
    explore(Some(preemptions), at_least, expected, move || {
        let heap = Heap::new(world());
        let me = heap.world.register();
        let result = heap.run(&me, |m| {
            m.begin_publishing();
            model(&heap, m)
        });
        outcome(&heap, result)
    });
}
