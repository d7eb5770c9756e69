//! A broken invariant inside a node is an assertion that fails: a violation like any other, and no end of the check.
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    static IN_NODE: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Panics inside a node are kept silent on their thread; every other one goes to the hook that was there before.
pub(crate) fn install_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |info| if IN_NODE.get() { keep(info) } else { others(info) }));
    });
}

fn keep(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("a panic without a message");
    let place = info.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
    MESSAGE.set(format!("{message}{place}"));
}

/// # Errors
/// What the node asserted, and where in its source.
pub(crate) fn inside_node<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    IN_NODE.set(true);
    // What the node leaves half changed is never used again: no state is made of it.
    let result = panic::catch_unwind(AssertUnwindSafe(run));
    IN_NODE.set(false);
    result.map_err(|_| MESSAGE.take())
}
