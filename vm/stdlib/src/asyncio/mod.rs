//! `_asyncio`: futures and tasks of `asyncio`, and which loop and task a thread runs.
//!
//! - `future.rs`: futures, what happens to them; `future_type.rs`: what Python sees of them; `awaiting.rs`: `await future`
//! - `task.rs`: tasks; `task_type.rs`: what Python sees of them; `step.rs`: how a task's coroutine goes on
//! - `registry.rs`: all tasks, and the running ones; `python.rs`: what is taken from Python modules
//!
//! Any thread may reach a future. Its lock guards what it is about: who finds it pending under the lock and makes it
//! done has done so alone. The lock is let go before a loop is told, which runs Python.

mod awaiting;
mod future;
mod future_type;
mod python;
mod registry;
mod step;
mod task;
mod task_type;

use ungil_runtime::objects::module::{add, add_functions};
use ungil_runtime::prelude::*;

const FUNCTIONS: &[(&str, &str, NativeFn)] = &[
    ("_get_running_loop", "($module, /)", Leaf(registry::get_running_loop_or_none)),
    ("_set_running_loop", "($module, loop, /)", Full(registry::set_running_loop)),
    ("get_running_loop", "($module, /)", Full(registry::get_running_loop)),
    ("get_event_loop", "($module, /)", Full(registry::get_event_loop)),
    ("current_task", "($module, /, loop=None)", Full(registry::current_task)),
    ("all_tasks", "($module, /, loop=None)", Full(registry::all_tasks)),
    ("_register_task", "($module, /, task)", Full(registry::register_task)),
    ("_unregister_task", "($module, /, task)", Full(registry::unregister_task)),
    ("_register_eager_task", "($module, /, task)", Full(registry::register_eager_task)),
    ("_unregister_eager_task", "($module, /, task)", Full(registry::unregister_eager_task)),
    ("_enter_task", "($module, /, loop, task)", Full(registry::enter_task)),
    ("_leave_task", "($module, /, loop, task)", Full(registry::leave_task)),
    ("_swap_current_task", "($module, /, loop, task)", Full(registry::swap_current_task)),
    ("future_add_to_awaited_by", "($module, fut, waiter, /)", Full(future_type::add_to_awaited_by)),
    (
        "future_discard_from_awaited_by",
        "($module, fut, waiter, /)",
        Full(future_type::discard_from_awaited_by),
    ),
];

pub fn init(cx: &mut Cx, module: &Obj) -> R<()> {
    add_functions(cx, module, FUNCTIONS);
    let class = future_type::class(cx).as_ref().own(cx);
    add(cx, module, "Future", class);
    let class = task_type::class(cx).as_ref().own(cx);
    add(cx, module, "Task", class);
    Ok(())
}
