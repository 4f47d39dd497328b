//! Work on many things at once that is no training: each on a thread of its own and inside a rayon
//! pool of one thread, as runs are trained, so that it gives the bits that a training would.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use crate::crew;
use crate::error::RunnerError;
use crate::panics;
use crate::settings::Stop;

/// Does `work` for each of `items`, `jobs` at a time, and gives what came of each to `done`, on the
/// calling thread and in the order in which they end; a panic is its message. Once `stop` is
/// requested nothing further is begun.
///
/// # Errors
/// The first that `done` returns, after which nothing further is begun; [`RunnerError::Threads`] if
/// the system gives no threads.
pub fn each<I, T, E>(
    items: &[I],
    jobs: NonZeroUsize,
    stop: &Stop,
    work: impl Fn(&I) -> T + Sync,
    mut done: impl FnMut(&I, Result<T, String>) -> Result<(), E>,
) -> Result<(), E>
where
    I: Sync,
    T: Send,
    E: From<RunnerError>,
{
    let (next, halt) = (AtomicUsize::new(0), Stop::default());
    let (sender, results) = channel();
    thread::scope(|scope| {
        for worker in 0..jobs.get().min(items.len()) {
            let threads = |source| RunnerError::Threads { worker, source };
            let (pool, sender) = (crew::one_thread(worker).map_err(threads)?, sender.clone());
            let (next, halt, work) = (&next, &halt, &work);
            let labour = move || {
                while !stop.requested() && !halt.requested() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { break };
                    let result = pool.install(|| panics::catch(|| work(item)));
                    if sender.send((item, result)).is_err() {
                        break;
                    }
                }
            };
            let builder = thread::Builder::new().name(format!("worker-{worker}"));
            builder.spawn_scoped(scope, labour).map_err(threads)?;
        }
        drop(sender);
        let outcome = results.iter().try_for_each(|(item, result)| done(item, result));
        halt.request();
        outcome
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(count: usize) -> NonZeroUsize {
        NonZeroUsize::new(count).unwrap()
    }

    #[test]
    fn everything_is_done_once_in_pools_of_one_thread_and_a_panic_is_a_message() {
        let items: Vec<u32> = (0..20).collect();
        let work = |item: &u32| {
            assert!(*item != 7, "seven");
            (item * 2, rayon::current_num_threads())
        };
        let (mut sum, mut messages) = (0, Vec::new());
        let done = |item: &u32, result: Result<(u32, usize), String>| {
            match result {
                Ok((twice, threads)) => {
                    assert_eq!((twice, threads), (item * 2, 1));
                    sum += twice;
                }
                Err(message) => messages.push(message),
            }
            Ok::<_, RunnerError>(())
        };
        each(&items, jobs(3), &Stop::default(), work, done).unwrap();
        assert_eq!(sum, 2 * (190 - 7));
        assert!(messages.len() == 1 && messages[0].contains("seven"), "{messages:?}");
    }

    #[test]
    fn nothing_is_begun_after_a_stop_or_an_error() {
        let items = [1, 2, 3, 4];
        let stop = Stop::default();
        let mut ended = Vec::new();
        let done = |item: &i32, _: Result<(), String>| {
            ended.push(*item);
            Ok::<_, RunnerError>(())
        };
        let work = |item: &i32| {
            if *item == 2 {
                stop.request();
            }
        };
        each(&items, jobs(1), &stop, work, done).unwrap();
        assert_eq!(ended, [1, 2]);
        let refuse = |_: &i32, _: Result<(), String>| {
            Err(RunnerError::Threads { worker: 9, source: std::io::Error::other("no more") })
        };
        assert!(each(&items, jobs(2), &Stop::default(), |_| (), refuse).is_err());
    }
}
