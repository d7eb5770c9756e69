//! A broken invariant inside a node is an assertion that fails. Here it becomes a verdict of the run.
//!
//! A sweep must go on after it and must not drown in backtraces, so the panic is caught around the one
//! call into the node, and the process's panic hook is told to be silent there: on first use a hook is put
//! before the one in place, which keeps the message of a panic inside a node on this thread and hands on
//! every other panic untouched. A panic of an observer, a workload or of the simulator itself is none of
//! its business.
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static IN_NODE: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| if IN_NODE.get() { keep(info) } else { others(info) }));
    });
}

fn keep(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let place =
        info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
    MESSAGE.set(format!("{message}{place}"));
}

/// # Errors
/// What the node asserted, and where in its source.
#[inline]
pub(crate) fn inside_node<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    IN_NODE.set(true);
    // What the node leaves half changed is never used again: the run ends.
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    IN_NODE.set(false);
    result.map_err(|_| MESSAGE.take())
}
