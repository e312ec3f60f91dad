//! Keeps a panic from taking more with it than the work it happened in.
//!
//! A bug that one odd file provokes must cost that file alone. Invariant: a guarded panic is reported once, through the result, and not on
//! stderr as well.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static MESSAGE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic in it becomes an error that says what and where.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if GUARDED.get() {
                let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
                let payload = panic.payload();
                let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                let message = text.unwrap_or("panic");
                MESSAGE.set(Some(format!("{message}{place}")));
            } else {
                default(panic);
            }
        }));
    });
    let before = GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    result.map_err(|_| MESSAGE.take().unwrap_or_else(|| "panic".to_owned()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(super::guarded(|| 1), Ok(1));
        let error = super::guarded(|| panic!("odd file")).map(|()| 0);
        assert!(error.is_err_and(|message| message.starts_with("odd file (")));
    }
}
