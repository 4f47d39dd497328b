//! Server-sent events: a word whenever something was written to the store, at most one a second.
//!
//! Whether something was is seen from the sizes and times of its files, so that a page that is open
//! all night costs a sweep nothing.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::unfold;
use tokio::time::sleep;

/// Where they are.
pub(crate) const PATH: &str = "/events";

/// How long between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// A stream without end.
pub(crate) fn events(store: &Path) -> Response<Body> {
    let seen = Seen::now(store);
    let changes = unfold((store.to_owned(), seen), |(store, seen)| async move {
        let now = change(&store, &seen).await;
        let event: Result<Event, Infallible> = Ok(Event::default().data("changed"));
        Some((event, (store, now)))
    });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

/// Waits until the files are no longer as `seen`.
async fn change(store: &Path, seen: &Seen) -> Seen {
    loop {
        sleep(PAUSE).await;
        let now = Seen::now(store);
        if now != *seen {
            return now;
        }
    }
}

/// What is seen of the store's two files from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen([Option<(u64, SystemTime)>; 2]);

impl Seen {
    fn now(store: &Path) -> Seen {
        let look = |path: &Path| {
            let file = fs::metadata(path).ok()?;
            Some((file.len(), file.modified().ok()?))
        };
        let mut log = store.as_os_str().to_owned();
        log.push("-wal");
        Seen([look(store), look(&PathBuf::from(log))])
    }
}
