//! Catches a panic of one training and keeps what it said and where. The message and location
//! are only known to the panic hook, so one is put in front of the one that is there: it writes
//! down and stays silent for the trainings of this crate, and passes every other panic on.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// What `work` returns, or, if it panics, the message and the location:
/// `panicked at src/layer.rs:12:5: index out of bounds`.
pub(crate) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(put_hook);
    HEARD.set(Heard::Nothing);
    // What a training shares with others, it shares through `&dyn Trainer`, which says that it
    // must bear a panic; its own state dies with it.
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let heard = HEARD.replace(Heard::NotListening);
    result.map_err(|payload| match heard {
        Heard::Panic(said) => said,
        // Somebody has replaced the hook since.
        Heard::Nothing | Heard::NotListening => format!("panicked: {}", text(payload.as_ref())),
    })
}

/// What the hook knows of the thread it is called on.
enum Heard {
    NotListening,
    Nothing,
    Panic(String),
}

thread_local! {
    static HEARD: RefCell<Heard> = const { RefCell::new(Heard::NotListening) };
}

fn put_hook() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !write_down(info) {
            previous(info);
        }
    }));
}

/// Whether this thread is listening; if so, what the panic said is written down. Of several
/// panics the last is kept: those before it were caught by the training itself.
fn write_down(info: &PanicHookInfo<'_>) -> bool {
    let written = HEARD.try_with(|heard| {
        let Ok(mut heard) = heard.try_borrow_mut() else { return false };
        match *heard {
            Heard::NotListening => false,
            Heard::Nothing | Heard::Panic(_) => {
                let place = info.location().map_or("?".to_owned(), ToString::to_string);
                *heard = Heard::Panic(format!("panicked at {place}: {}", text(info.payload())));
                true
            }
        }
    });
    written.unwrap_or(false)
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let literal = payload.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_does_not_panic_returns_what_it_returns() {
        assert_eq!(catch(|| 7), Ok(7));
    }

    #[test]
    fn a_panic_is_told_with_its_message_and_its_place() {
        let line = line!() + 1;
        let said = catch(|| panic!("layer {} is empty", 3)).unwrap_err();
        let place = format!("{}:{line}:", file!());
        assert!(said.starts_with(&format!("panicked at {place}")), "{said}");
        assert!(said.ends_with(": layer 3 is empty"), "{said}");
    }

    #[test]
    fn a_panic_without_text_is_told_by_its_place() {
        let said = catch(|| panic::panic_any(7_u8)).unwrap_err();
        assert!(said.contains(file!()) && said.ends_with("(no message)"), "{said}");
    }

    #[test]
    fn of_two_panics_the_one_that_was_not_caught_is_told() {
        let said = catch(|| {
            let inner = panic::catch_unwind(|| panic!("caught inside"));
            assert!(inner.is_err());
            panic!("not caught");
        })
        .unwrap_err();
        assert!(said.ends_with("not caught"), "{said}");
        assert_eq!(
            catch(|| "a later training starts afresh"),
            Ok("a later training starts afresh")
        );
    }
}
