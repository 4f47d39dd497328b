//! `kill -9` of a process that collects, at many moments: between any two of its commits, within them, and
//! while it settles. Whoever collects then comes to the store of one that was never disturbed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ablate_cluster::Folder;
use ablate_cluster::collect::collect;
use ablate_records::Depth;

use crate::fixtures::*;

/// Names the folder that a child process works in.
const CHILD: &str = "ABLATE_CLUSTER_CHILD";

/// How many transactions a child comes to before it waits to be killed.
const COMMITS: &str = "ABLATE_CLUSTER_COMMITS";

/// Not a test: what the child processes of the other one do, until they are killed.
#[test]
fn child_collects_until_it_is_killed() {
    let Some(place) = std::env::var_os(CHILD) else { return };
    let place = Path::new(&place);
    let most: usize = std::env::var(COMMITS).unwrap().parse().unwrap();
    let folder = Folder::at(&place.join("shared")).unwrap();
    let mut store = store_in(place, "store.db");
    let say = |word: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{word}").unwrap();
        out.flush().unwrap();
    };
    let mut commits = 0;
    say("begun");
    collect(&folder, &mut store, |_, _| {
        commits += 1;
        say("committed");
        if commits == most {
            loop {
                std::thread::park();
            }
        }
    })
    .unwrap();
    say("ended");
}

/// Lets a child collect, kills it `after` it has made `commits` transactions (or none, then it does not wait
/// there), and returns how many it had made.
fn collect_and_kill(place: &Path, commits: usize, stops: bool, after: Duration) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killing::child_collects_until_it_is_killed", "--nocapture"])
        .env(CHILD, place)
        .env(COMMITS, if stops { commits.to_string() } else { "0".to_owned() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut heard = usize::MAX;
    while heard < commits || heard == usize::MAX {
        match lines.next().unwrap().unwrap().as_str() {
            "begun" => heard = 0,
            "committed" => heard += 1,
            "ended" => break,
            _ => {}
        }
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    heard + lines.map_while(Result::ok).filter(|line| line == "committed").count()
}

/// Shards with more runs than a transaction takes, and with ends that compete.
fn shards(folder: &Folder) {
    let mut attempts: Vec<Vec<(u32, u8)>> = (0..8)
        .map(|attempt| (0..12).map(|run| (run + attempt, ((run + attempt) % 4) as u8)).collect())
        .collect();
    attempts.push((0..520).map(|run| (run, 1)).collect());
    write(folder, &attempts);
}

#[test]
fn a_collect_that_is_killed_at_any_moment_leaves_nothing_to_be_mended() {
    let (place, folder) = campaign();
    shards(&folder);
    let paths = folder.shards().unwrap();
    let mut undisturbed = store_in(place.path(), "undisturbed.db");
    let mut commits = 0;
    collect(&folder, &mut undisturbed, |_, _| commits += 1).unwrap();
    assert!(commits > paths.len(), "{commits} transactions for {} shards", paths.len());
    let expected = dump(&undisturbed);
    assert_eq!(stands(&undisturbed), model(&paths));
    let (mut within, mut between) = (0, 0);
    for moment in 0..4 * commits {
        // Every other one is killed as it waits between two transactions; the others some time later.
        let (at, stops) = (moment / 4, moment % 2 == 0);
        let later = Duration::from_micros(if stops { 0 } else { 700 * (moment as u64 % 17) });
        let made = collect_and_kill(place.path(), at, stops, later);
        between += usize::from(made == at && stops);
        within += usize::from((at..commits).contains(&made) && !stops);
        let mut store = store_in(place.path(), "store.db");
        let health = store.check(Depth::Store).unwrap();
        assert!(health.is_whole(), "moment {moment}: {:?}", health.hurts);
        // Half of them are killed again where they are.
        if moment % 4 < 2 {
            collect(&folder, &mut store, |_, _| ()).unwrap();
            assert_eq!(dump(&store), expected, "moment {moment}");
            drop(store);
            for end in ["", "-wal", "-shm"] {
                std::fs::remove_file(place.path().join(format!("store.db{end}"))).ok();
            }
        }
    }
    assert!(between > 0 && within > 0, "{between} between, {within} within");
}
