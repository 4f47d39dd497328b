//! Server-sent events: a word whenever something was written to the store, at most one a second.
//!
//! Whether something was is seen from the sizes and times of its files, so that a page that is open
//! all night costs a sweep nothing. The page of a run that is being trained follows its log as well.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ablate_records::ArtifactFolder;
use ablate_sweep::RunId;
use axum::body::Body;
use axum::http::Response;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::unfold;
use tokio::time::sleep;

use crate::address::{Address, Asked};

/// Where they are.
pub(crate) const PATH: &str = "/events";

/// How long between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// What the page of `run` follows, or any page without one.
pub(crate) fn address(run: Option<&RunId>) -> Address {
    let all = Address::new(PATH);
    match run {
        Some(run) => all.with("run", &run.0),
        None => all,
    }
}

/// A stream without end, of what is written to `store`, or to the log of the run that the address names.
pub(crate) fn events(store: &Path, asked: &Asked) -> Response<Body> {
    let files = followed(store, asked);
    let seen = look(&files);
    let changes = unfold((files, seen), |(files, seen)| async move {
        let now = change(&files, &seen).await;
        let event: Result<Event, Infallible> = Ok(Event::default().data("changed"));
        Some((event, (files, now)))
    });
    Sse::new(changes).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

/// The two files of the store, and the log of the run that is asked about.
fn followed(store: &Path, asked: &Asked) -> Vec<PathBuf> {
    let mut log = store.as_os_str().to_owned();
    log.push("-wal");
    let mut files = vec![store.to_owned(), PathBuf::from(log)];
    // What is no name of a run names no file.
    let run = asked.get("run").filter(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    files.extend(run.and_then(|id| {
        ArtifactFolder::of_store(store).path(&RunId(id.to_owned()).log_file()).ok()
    }));
    files
}

/// Waits until the files are no longer as `seen`.
async fn change(files: &[PathBuf], seen: &[Seen]) -> Vec<Seen> {
    loop {
        sleep(PAUSE).await;
        let now = look(files);
        if now != seen {
            return now;
        }
    }
}

/// What is seen of a file from outside: its size and when it was written; nothing where there is none.
type Seen = Option<(u64, SystemTime)>;

fn look(files: &[PathBuf]) -> Vec<Seen> {
    let seen = |path: &PathBuf| {
        let file = fs::metadata(path).ok()?;
        Some((file.len(), file.modified().ok()?))
    };
    files.iter().map(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_of_a_run_is_followed_besides_the_store() {
        let files = |query: &str| followed(Path::new("a/store.db"), &Asked::read(query));
        let usual = ["a/store.db", "a/store.db-wal"].map(PathBuf::from);
        assert_eq!(files(""), usual);
        for query in ["run=", "run=..%2f..%2fsecret", "run=/etc/passwd", "run=a.b", "run=%00"] {
            assert_eq!(files(query), usual, "{query}");
        }
        let of_run = files("run=0123456789abcdef");
        assert_eq!(of_run[2..], [PathBuf::from("a/store.artifacts/logs/0123456789abcdef.log")]);
    }
}
