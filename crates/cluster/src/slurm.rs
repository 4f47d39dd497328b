//! SLURM, by its own commands: `sbatch`, `squeue`, `scancel`, `scontrol`.
//!
//! What is about to be submitted is written down, under a name that no other job has, before `sbatch`
//! is called: if `sbatch` gives up although the controller has accepted the job, or this process dies
//! between the two, the job is found again by that name and is not submitted twice.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::error::ClusterError;
use crate::folder::{Folder, write_once};
use crate::plan::read_text;
use crate::shard::random_name;
use crate::words::text;

/// How long before its time limit a task is told.
const WARNING_SECONDS: u32 = 120;

/// How often a submission that fails is tried, each time after twice the pause.
const TRIES: u32 = 4;

/// What is asked of SLURM.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The generation whose plan is to be worked on.
    pub generation: u32,
    /// How many tasks it has.
    pub tasks: usize,
    /// How many of them may run at once.
    pub max_parallel: Option<u32>,
    /// More arguments of `sbatch`, for the tasks alone.
    pub more: Vec<String>,
    /// The command line of a task.
    pub worker: String,
    /// The command line that collects behind the last task.
    pub collect: String,
}

/// A job that SLURM has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// The number of the array of tasks.
    pub tasks: String,
    /// The number of the job that collects.
    pub collect: String,
}

/// Why a submission came to nothing.
#[derive(Debug)]
pub enum Refusal {
    /// More tasks than a user may submit: fewer and larger ones may be accepted.
    TooMany(String),
    /// Anything else.
    Error(ClusterError),
}

impl From<ClusterError> for Refusal {
    fn from(error: ClusterError) -> Refusal {
        Refusal::Error(error)
    }
}

/// How many tasks an array may have: `MaxArraySize` bounds the index, which begins at 0.
///
/// # Errors
/// If `scontrol` cannot be asked.
pub fn largest_array() -> Result<usize, ClusterError> {
    let config = call("scontrol", &["show", "config"])?;
    Ok(max_array_size(&config).map_or(1000, |size| size.saturating_sub(1).max(1)))
}

fn max_array_size(config: &str) -> Option<usize> {
    let line = config.lines().find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    line.split_once('=')?.1.trim().parse().ok()
}

/// The script of the tasks, and the arguments that `sbatch` is given before it.
pub fn task_script(folder: &Folder, request: &Request, name: &str) -> (String, Vec<String>) {
    let limit = request.max_parallel.map(|most| format!("%{most}")).unwrap_or_default();
    let logs = folder.logs().display().to_string();
    let mut args = vec![
        "--parsable".to_owned(),
        "--requeue".to_owned(),
        format!("--job-name={name}"),
        format!("--array=0-{}{limit}", request.tasks.max(1) - 1),
        // `B:` and `exec`: the signal reaches the batch shell alone, and that has become the worker.
        format!("--signal=B:USR1@{WARNING_SECONDS}"),
        "--open-mode=append".to_owned(),
        format!("--output={logs}/%A_%a.log"),
    ];
    args.extend(request.more.iter().cloned());
    (format!("#!/bin/sh\nexec {}\n", request.worker), args)
}

/// The script of the job that collects: on a machine that does not see the store it makes none.
pub fn collect_script(request: &Request) -> String {
    format!("#!/bin/sh\nexec {} --no-create\n", request.collect)
}

/// Submits the tasks of a generation and the job that collects behind them, unless they were
/// submitted before. `pause` is how long to wait before the first new try.
///
/// # Errors
/// [`Refusal::TooMany`] where a limit on jobs stands against it, and anything else that `sbatch` says.
pub fn submit(folder: &Folder, request: &Request, pause: Duration) -> Result<Submitted, Refusal> {
    let name = intent(folder, request.generation)?;
    let (script, args) = task_script(folder, request, &name);
    let path = folder.of_generation(request.generation, "sh");
    let tasks = job(folder, request.generation, "job", &name, &path, &script, &args, pause)?;
    let name = format!("{name}-collect");
    let args = [
        "--parsable".to_owned(),
        format!("--job-name={name}"),
        format!("--dependency=afterany:{tasks}"),
        format!("--output={}/collect-%j.log", folder.logs().display()),
    ];
    let script = collect_script(request);
    let path = folder.of_generation(request.generation, "collect.sh");
    let generation = request.generation;
    let collect = job(folder, generation, "collect.job", &name, &path, &script, &args, pause)?;
    Ok(Submitted { tasks, collect })
}

/// The name of the jobs of a generation: written down the first time, read from then on.
fn intent(folder: &Folder, generation: u32) -> Result<String, ClusterError> {
    let path = folder.of_generation(generation, "submission");
    if let Some(found) = read_text(&path)? {
        let json: Option<Json> = serde_json::from_str(&found).ok();
        let message = "it does not say what was submitted".to_owned();
        return json
            .and_then(|json| text(&json, "name"))
            .ok_or(ClusterError::Damaged { path, message });
    }
    let name = format!("ablate-{}", &random_name()[..12]);
    write_once(&path, |file| write!(file, "{}", json!({"name": name})))?;
    Ok(name)
}

/// The number of the job `name`, which is submitted unless it was before.
#[expect(clippy::too_many_arguments, reason = "one job is all of these")]
fn job(
    folder: &Folder,
    generation: u32,
    record: &str,
    name: &str,
    path: &Path,
    script: &str,
    args: &[String],
    pause: Duration,
) -> Result<String, Refusal> {
    let known = folder.of_generation(generation, record);
    if let Some(number) = read_text(&known)? {
        return Ok(number);
    }
    let number = match read_text(path)? {
        // The script is there, so an earlier process may have submitted it.
        Some(_) => find(name)?,
        None => {
            write_once(path, |file| file.write_all(script.as_bytes()))?;
            None
        }
    };
    let number = match number {
        Some(number) => number,
        None => sbatch(name, path, args, pause)?,
    };
    write_once(&known, |file| file.write_all(number.as_bytes()))?;
    Ok(number)
}

fn sbatch(name: &str, script: &Path, args: &[String], pause: Duration) -> Result<String, Refusal> {
    let script = script.display().to_string();
    let args: Vec<&str> = args.iter().map(String::as_str).chain([script.as_str()]).collect();
    let mut wait = pause;
    for left in (0..TRIES).rev() {
        let error = match call("sbatch", &args) {
            Ok(said) => return Ok(said.trim().split(';').next().unwrap_or_default().to_owned()),
            Err(error) => error,
        };
        let said = error.to_string();
        if said.contains("Invalid job array") {
            return Err(Refusal::TooMany(said));
        }
        if !is_passing(&said) {
            return Err(error.into());
        }
        std::thread::sleep(wait);
        wait *= 2;
        if let Some(number) = find(name)? {
            return Ok(number);
        }
        if left == 0 {
            return Err(if is_quota(&said) { Refusal::TooMany(said) } else { error.into() });
        }
    }
    unreachable!("the last try returns")
}

/// Whether what `sbatch` said may be otherwise in a moment.
fn is_passing(said: &str) -> bool {
    let passing =
        ["timed out", "Unable to contact", "temporarily", "Connection refused", "rate limit"];
    is_quota(said) || passing.iter().any(|part| said.contains(part))
}

/// Whether it was the number of jobs that stood against a submission. A name such as
/// `QOSMaxSubmitJobPerUserLimit` says so; the sentence behind it names every limit that there is.
fn is_quota(said: &str) -> bool {
    match said.split_whitespace().find(|word| word.ends_with("Limit")) {
        Some(limit) => limit.contains("Submit"),
        None => said.contains("job submit limit") || said.contains("MaxJobCount"),
    }
}

/// The number of the job `name`, if SLURM knows it.
fn find(name: &str) -> Result<Option<String>, ClusterError> {
    let found = call("squeue", &["-h", "-t", "all", "-n", name, "-o", "%F"])?;
    Ok(found.split_whitespace().next().map(str::to_owned))
}

/// The jobs of a generation that were accepted; none if it was not submitted to SLURM. One whose number
/// was never written down, since `launch` was killed before, is asked for by its name.
///
/// # Errors
/// If the folder cannot be read, or `squeue` cannot be asked.
pub fn submitted(folder: &Folder, generation: u32) -> Result<Vec<String>, ClusterError> {
    if read_text(&folder.of_generation(generation, "submission"))?.is_none() {
        return Ok(Vec::new());
    }
    let name = intent(folder, generation)?;
    let mut jobs = Vec::new();
    for (record, name) in [("job", name.clone()), ("collect.job", format!("{name}-collect"))] {
        jobs.extend(match read_text(&folder.of_generation(generation, record))? {
            Some(number) => Some(number),
            None => find(&name)?,
        });
    }
    Ok(jobs)
}

/// A task as `squeue` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its job, and its index in the array.
    pub job: String,
    /// `RUNNING`, `PENDING`, ...
    pub state: String,
    /// Why it waits, or where it runs.
    pub reason: String,
}

/// What SLURM says of `jobs`, in one call; those it no longer knows are not in it.
///
/// # Errors
/// If `squeue` cannot be asked.
pub fn queue(jobs: &[String]) -> Result<Vec<Queued>, ClusterError> {
    let listed = match call("squeue", &["-h", "-r", "-j", &jobs.join(","), "-o", "%i|%T|%R"]) {
        // What SLURM says when it has forgotten all of them.
        Err(error) if error.to_string().contains("Invalid job id") => String::new(),
        listed => listed?,
    };
    let queued = |line: &str| {
        let mut fields = line.splitn(3, '|').map(str::to_owned);
        Some(Queued { job: fields.next()?, state: fields.next()?, reason: fields.next()? })
    };
    Ok(listed.lines().filter_map(queued).collect())
}

/// Takes `jobs` out of the queue; their tasks are asked to stop.
///
/// # Errors
/// If `scancel` fails.
pub fn cancel(jobs: &[String]) -> Result<(), ClusterError> {
    let jobs: Vec<&str> = jobs.iter().map(String::as_str).collect();
    call("scancel", &jobs).map(drop)
}

/// Puts the task that this process is back into the queue; its process is ended.
///
/// # Errors
/// If this is no task of SLURM, or it refuses.
pub fn requeue_this() -> Result<(), ClusterError> {
    let var = |name| std::env::var(name).ok();
    let task = match (var("SLURM_ARRAY_JOB_ID"), var("SLURM_ARRAY_TASK_ID"), var("SLURM_JOB_ID")) {
        (Some(array), Some(task), _) => format!("{array}_{task}"),
        (_, _, Some(job)) => job,
        _ => {
            let message = "this is no task of SLURM".to_owned();
            return Err(ClusterError::Engine { command: "scontrol requeue".to_owned(), message });
        }
    };
    call("scontrol", &["requeue", &task]).map(drop)
}

/// What `program` prints for `args`.
fn call(program: &str, args: &[&str]) -> Result<String, ClusterError> {
    let command = || format!("{program} {}", args.join(" "));
    let output = Command::new(program).args(args).stdin(Stdio::null()).output();
    let output = output.map_err(|error| ClusterError::Engine {
        command: command(),
        message: match error.kind() {
            std::io::ErrorKind::NotFound => format!("there is no {program} here"),
            _ => error.to_string(),
        },
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(ClusterError::Engine { command: command(), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_limit_on_the_number_of_jobs_asks_for_fewer_tasks() {
        let said = |limit: &str| {
            is_quota(&format!(
                "sbatch: error: {limit}\nsbatch: error: Batch job submission failed: Job violates \
                 accounting/QOS policy (job submit limit, user's size and/or time limits)"
            ))
        };
        for limit in
            ["QOSMaxSubmitJobPerUserLimit", "AssocMaxSubmitJobLimit", "AssocGrpSubmitJobsLimit"]
        {
            assert!(said(limit), "{limit}");
        }
        assert!(!said("QOSMaxWallDurationPerJobLimit"));
        assert!(said(""), "where no limit is named");
        assert!(!is_quota("sbatch: error: invalid partition specified: nowhere"));
    }

    #[test]
    fn the_largest_array_is_read_from_the_configuration() {
        let config = "MailProg = x\nMaxArraySize            = 1001\nMaxDBDMsgs = 2\n";
        assert_eq!(max_array_size(config), Some(1001));
        assert_eq!(max_array_size("nothing"), None);
    }
}
