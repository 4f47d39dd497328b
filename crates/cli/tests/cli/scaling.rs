//! Sweeps past one machine: tasks started by hand and by a stand-in for SLURM, and what is collected.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::bench::{Bench, Ended, SMALL, SMALL_RUNS, wait_until};
use crate::store::{count_in, results, rows};

const LAUNCH: [&str; 8] =
    ["launch", "small.toml", "--dir", "shared", "--executor", "parallel", "--chunk", "5"];

fn worker(bench: &Bench, task: &str) -> Ended {
    let mut command = bench.command(&["worker", "shared", "--jobs", "1"]);
    Ended::of(command.env("ABLATE_TASK", task).output().unwrap())
}

fn shards(bench: &Bench) -> Vec<String> {
    let Ok(entries) = fs::read_dir(bench.path("shared/shards")) else { return Vec::new() };
    let entries =
        entries.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap_or_default());
    entries.collect()
}

fn told(bench: &Bench, what: &str) -> usize {
    shards(bench).iter().map(|shard| shard.matches(what).count()).sum()
}

#[test]
fn tasks_come_to_the_bits_of_a_sweep_though_they_are_killed_doubled_and_asked_to_stop() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let launched = bench.ablate(&LAUNCH).expect(0);
    launched.prints(&["seq 0 3 | parallel", "worker", "--task {}", "collect"]);
    bench.ablate(&["collect", "shared"]).expect(3).prints(&["nothing has ended yet"]);
    // One is killed once it has finished a run, one is asked to stop, one is done twice at once.
    let start = |task: &str| bench.start(&["worker", "shared", "--task", task, "--jobs", "1"]);
    let killed = start("0");
    wait_until("a run is finished", || told(&bench, r#""is":"ended""#) >= 1);
    killed.kill();
    bench.ablate(&["status", "shared"]).expect(3).prints(&["18 runs launched", "1 attempt"]);
    let finished = rows_of_collect(&bench);
    assert!((1..SMALL_RUNS).contains(&finished), "{finished}");
    let twins = [start("1"), start("1")];
    for twin in twins {
        twin.end(Duration::from_secs(60)).expect(0);
    }
    for task in ["0", "1", "2", "3"] {
        worker(&bench, task).expect(0);
    }
    bench.ablate(&["collect", "shared"]).expect(0).prints(&["added"]);
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
    assert_eq!(rows(&bench.store(), "PRAGMA integrity_check"), ["ok"]);
    bench.ablate(&["check", "--artifacts"]).expect(0);
    for id in rows(&bench.store(), "SELECT id FROM run") {
        let log = fs::read_to_string(bench.path(&format!("store.artifacts/logs/{id}.log")));
        let log = log.expect("each run has brought its log");
        assert!(log.contains("begun by process") && log.contains("trained in "), "{log}");
    }
    bench.ablate(&["status", "shared"]).expect(0).prints(&["18 finished, 0 failed"]);
    // A second time nothing changes.
    let all = "SELECT * FROM runs ORDER BY id";
    let before = rows(&bench.store(), all);
    bench.ablate(&["collect", "shared"]).expect(0).prints(&["known already"]);
    assert_eq!(rows(&bench.store(), all), before);
    bench.ablate(&["sweep", "small.toml"]).expect(0).says(&["nothing to train"]);
    bench.ablate(&["launch", "--resume", "shared"]).expect(0).says(&["nothing to launch"]);
}

fn rows_of_collect(bench: &Bench) -> usize {
    bench.ablate(&["collect", "shared"]).expect(3);
    count_in(&bench.store(), "finished")
}

#[test]
fn what_was_finished_before_is_left_out_and_a_resume_takes_what_is_left() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1"]).expect(0);
    bench.ablate(&LAUNCH).expect(0).says(&["9 runs in 2 tasks"]);
    bench.ablate(&LAUNCH).expect(2).says(&["holds a launch already", "--resume shared"]);
    worker(&bench, "0").expect(0);
    let resume = ["launch", "--resume", "shared", "--executor", "hyperqueue", "--chunk", "2"];
    bench.ablate(&resume).expect(0).says(&["4 runs in 2 tasks"]).prints(&["hq submit", "0-1"]);
    for task in ["0", "1"] {
        worker(&bench, task).expect(0);
    }
    bench.ablate(&["collect", "shared", "--db", "other.db"]).expect(3);
    assert_eq!(count_in(&bench.path("other.db"), "finished"), 9);
    bench.ablate(&["collect", "shared"]).expect(0);
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
}

#[test]
fn the_job_that_collects_makes_no_store_where_there_is_none() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&LAUNCH).expect(0);
    let collect = ["collect", "shared", "--db", "elsewhere/store.db", "--no-create"];
    bench.ablate(&collect).expect(1).says(&["elsewhere/store.db is not on this machine"]);
    assert!(!bench.path("elsewhere").exists());
    bench.ablate(&["collect", "shared", "--no-create"]).expect(3);
}

#[test]
fn a_task_says_what_it_lacks() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["worker", "shared"]).expect(2).says(&["which task?", "SLURM_ARRAY_TASK_ID"]);
    bench.ablate(&["worker", "shared", "--task", "0"]).expect(1).says(&["no plan in"]);
    bench.ablate(&LAUNCH).expect(0);
    worker(&bench, "x").expect(2).says(&["ABLATE_TASK is \"x\""]);
    worker(&bench, "4").expect(1).says(&["tasks 0 to 3, not 4"]);
    bench.ablate(&["cancel", "shared"]).expect(2).says(&["nothing in shared was submitted"]);
    let plan = bench.path("shared/plans/0001.plan");
    let mut bytes = fs::read(&plan).unwrap();
    // Behind the runs stand the list of the experiment's, the header and the foot, a line each.
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    let last_run = ends[ends.len() - 4];
    bytes[last_run - 10] ^= 1;
    fs::write(&plan, bytes).unwrap();
    worker(&bench, "3").expect(1).says(&["the slice of task 3 is damaged"]);
}

#[test]
fn a_launch_that_is_refused_writes_nothing() {
    let bench = with_slurm("#!/bin/sh\nexit 1\n");
    bench.write(
        "bin/scontrol",
        "#!/bin/sh\necho 'Unable to contact slurm controller' >&2\nexit 1\n",
    );
    let launch = ["launch", "small.toml", "--dir", "shared"];
    let chunk = on_slurm(&bench, &[&launch[..], &["--chunk", "0"]].concat());
    chunk.expect(2).says(&["--chunk is \"0\": a number from 1, or auto"]);
    on_slurm(&bench, &launch).expect(1).says(&[
        "SLURM cannot be asked",
        "--executor parallel",
        "Unable to contact",
    ]);
    let nowhere = ["launch", "small.toml", "--dir", "small.toml", "--executor", "parallel"];
    bench.ablate(&nowhere).expect(1).says(&["small.toml"]);
    assert!(!bench.path("shared").exists());
    assert!(!bench.store().exists());
}

#[test]
fn foreign_files_among_the_shards_are_left_alone_and_a_damaged_plan_hides_no_run() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&LAUNCH).expect(0);
    for name in ["README.log", "notes.txt"] {
        bench.write(&format!("shared/shards/{name}"), "for people\n");
    }
    fs::create_dir(bench.path("shared/shards/0001-00000.folder.log")).unwrap();
    worker(&bench, "0").expect(0);
    bench.write("shared/plans/0002.plan", "no plan");
    bench.ablate(&["collect", "shared"]).expect(3).prints(&["1 shard: 5 runs added"]);
    bench.ablate(&["collect", "shared"]).expect(3).says(&["13 of 18 runs not finished yet"]);
    bench.write("shared/plans/0001.plan", "no plan");
    let hidden = bench.ablate(&["collect", "shared", "--db", "other.db"]).expect(1);
    hidden.prints(&["1 shard: 5 runs added"]).says(&["0002.plan: its last line is damaged"]);
    assert_eq!(count_in(&bench.path("other.db"), "finished"), 5);
}

#[test]
fn a_dry_run_writes_nothing() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let dry = |executor| {
        let args = ["launch", "small.toml", "--dir", "shared", "--dry-run", "--executor", executor];
        bench.ablate(&[&args[..], &["--chunk", "4", "--max-parallel", "2"]].concat()).expect(0)
    };
    dry("slurm").prints(&["--array=0-4%2", "--requeue", "--signal=B:USR1@120", "afterany"]);
    let args = ["launch", "small.toml", "--dir", "shared", "--executor", "hyperqueue"];
    for wrong in [["--max-parallel", "2"], ["--sbatch-arg", "--time=1"]] {
        bench.ablate(&[&args[..], &wrong].concat()).expect(2).says(&[wrong[0]]);
    }
    dry("k8s").prints(&["completionMode: Indexed", "completions: 5", "parallelism: 2"]);
    assert!(!bench.path("shared").exists());
    assert!(!bench.store().exists());
}

/// A stand-in for SLURM's commands that keeps the names of jobs in a file. The first `sbatch` gives up
/// although it has accepted the job.
const SBATCH: &str = r#"#!/bin/sh
for arg; do case $arg in --job-name=*) name=${arg#--job-name=};; --array=*) array=${arg#--array=};; esac; done
[ -n "$array" ] && echo "$array" >> arrays
number=$(($(wc -l < jobs 2>/dev/null || echo 0) + 7))
echo "$number $name" >> jobs
[ -e timed-out ] || { touch timed-out; echo "sbatch: error: Socket timed out on send/recv operation" >&2; exit 1; }
echo $number
"#;

const SQUEUE: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -n) name=$2;; -j) echo "7_0|RUNNING|n1"; echo "7_1|PENDING|(launch failed requeued held)";; esac; shift; done
[ -n "$name" ] && sed -n "s/^\([0-9]*\) $name\$/\1/p" jobs 2>/dev/null
exit 0
"#;

fn with_slurm(sbatch: &str) -> Bench {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let scontrol = "#!/bin/sh\necho 'MaxArraySize            = 4'\n";
    let scancel = "#!/bin/sh\necho \"$@\" > cancelled\n";
    for (name, text) in
        [("sbatch", sbatch), ("squeue", SQUEUE), ("scontrol", scontrol), ("scancel", scancel)]
    {
        let name = format!("bin/{name}");
        bench.write(&name, text);
        fs::set_permissions(bench.path(&name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    bench
}

fn on_slurm(bench: &Bench, args: &[&str]) -> Ended {
    let path = format!("{}:/usr/bin:/bin", bench.path("bin").display());
    Ended::of(bench.command(args).env("PATH", path).output().unwrap())
}

#[test]
fn a_submission_that_timed_out_and_was_accepted_is_found_and_not_repeated() {
    let bench = with_slurm(SBATCH);
    let launch = ["launch", "small.toml", "--dir", "shared", "--chunk", "1", "--pause", "1ms"];
    on_slurm(&bench, &launch).expect(0).says(&["18 runs in 3 tasks"]).prints(&["job 7", "job 8"]);
    let arrays = fs::read_to_string(bench.path("arrays")).unwrap();
    assert_eq!(arrays.trim().lines().collect::<Vec<_>>(), ["0-2"], "one array, its index below 4");
    let status = on_slurm(&bench, &["status", "shared"]).expect(3);
    status.prints(&["1 PENDING, 1 RUNNING", "7_1 is held", "scontrol release 7_1"]);
    // What waits is not launched a second time.
    let resumed = on_slurm(&bench, &["launch", "--resume", "shared"]).expect(2);
    resumed.says(&["SLURM's queue still has 2 jobs", "7_0 RUNNING", "cancel"]);
    // Nor is it lost if `launch` was killed before it knew the numbers.
    for record in ["0001.job", "0001.collect.job"] {
        fs::remove_file(bench.path("shared/plans").join(record)).unwrap();
    }
    on_slurm(&bench, &["status", "shared"]).expect(3).prints(&["queue (jobs 7, 8): 1 PENDING"]);
    on_slurm(&bench, &["cancel", "shared"]).expect(0).says(&["launch --resume shared"]);
    assert_eq!(fs::read_to_string(bench.path("cancelled")).unwrap(), "7 8\n");
    let script = fs::read_to_string(bench.path("shared/plans/0001.sh")).unwrap();
    assert!(
        script.starts_with("#!/bin/sh\nexec ") && script.contains("--generation 1"),
        "{script}"
    );
}

/// Takes no array of more than two tasks, as a limit on a user's jobs does.
const SBATCH_WITH_QUOTA: &str = r#"#!/bin/sh
for arg; do case $arg in --array=*) array=${arg#--array=};; esac; done
[ -n "$array" ] && echo "$array" >> arrays
if [ "${array:-0-1}" != 0-1 ]; then
    echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
    echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy" >&2
    exit 1
fi
echo 9
"#;

#[test]
fn over_a_quota_fewer_and_larger_tasks_are_tried_after_a_while() {
    let bench = with_slurm(SBATCH_WITH_QUOTA);
    let launch = ["launch", "small.toml", "--dir", "shared", "--chunk", "1", "--pause", "1ms"];
    let launched = on_slurm(&bench, &launch).expect(0);
    launched.says(&[
        "18 runs in 3 tasks",
        "fewer and larger tasks are tried",
        "18 runs in 2 tasks",
    ]);
    let arrays = fs::read_to_string(bench.path("arrays")).unwrap();
    assert_eq!(arrays, "0-2\n0-2\n0-2\n0-2\n0-1\n");
    // The plan that was accepted is the one that is worked on.
    let script = fs::read_to_string(bench.path("shared/plans/0002.sh")).unwrap();
    assert!(script.contains("--generation 2"), "{script}");
    for task in ["0", "1"] {
        worker(&bench, task).expect(0);
    }
    bench.ablate(&["collect", "shared"]).expect(0).prints(&["2 shards: 18 runs added"]);
}
