//! `ablate launch`: writes the plan of a sweep for an engine's tasks, and submits them.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;

use ablate_cluster::plan::{self, Header, Planned};
use ablate_cluster::slurm::{self, Refusal, Request};
use ablate_cluster::{ClusterError, Folder, shard};
use ablate_records::{Durability, Standing, Store};
use ablate_sweep::{RunId, RunPlan};
use anyhow::{Context, bail};

use crate::args::{Common, Executor, Launch, Target};
use crate::commands::plan::Estimate;
use crate::exit::{Exit, Usage};
use crate::format::{self, shell_word};
use crate::laboratory::Laboratory;
use crate::prepared::{Prepared, baseline};
use crate::terminal::Terminal;

/// A task is about so long where `auto` says how many runs it has: long beside what a scheduler needs to
/// start one, short beside usual time limits.
const TASK_SECONDS: f64 = 1800.0;

/// No launch has more tasks than this unless it is told to.
const MOST_TASKS: usize = 1000;

pub(crate) fn run(args: &Launch, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    refuse_what_the_engine_lacks(args)?;
    let chunk = chunk(args)?;
    let launch = match (&args.resume, &args.dir) {
        (Some(dir), _) => resumed(dir, args, common)?,
        (None, Some(dir)) => fresh(dir, args, common, terminal)?,
        (None, None) => return Err(Usage("where to? Give --dir".to_owned()).into()),
    };
    if launch.runs.is_empty() {
        terminal.message("every run is finished: nothing to launch");
        return Ok(Exit::Done);
    }
    let mut tasks = tasks(chunk, &launch).min(launch.most_tasks);
    if args.dry_run {
        return launch.show(args, common, tasks, terminal);
    }
    launch.folder.create()?;
    let mut generation = launch.folder.latest()? + 1;
    loop {
        let slices = plan::strided(launch.runs.clone(), tasks);
        let Launching { folder, header, members, .. } = &launch;
        plan::write(folder, generation, header, members, &slices)?;
        terminal.message(&format!(
            "{} in {}",
            format::count(launch.runs.len(), "run"),
            format::count(slices.len(), "task")
        ));
        let request = launch.request(args, common, generation, slices.len())?;
        if args.executor != Executor::Slurm {
            terminal.data(&command(args.executor, &launch.folder, &request))?;
            return Ok(Exit::Done);
        }
        match slurm::submit(&launch.folder, &request, args.pause) {
            Ok(submitted) => {
                terminal.data(&format!(
                    "job {}, collected by job {}",
                    submitted.tasks, submitted.collect
                ))?;
                let dir = shell_word(&launch.folder.root().to_string_lossy());
                terminal.message(&format!("next: ablate status {dir}"));
                return Ok(Exit::Done);
            }
            Err(Refusal::Error(error)) => return Err(error.into()),
            Err(Refusal::TooMany(said)) if slices.len() > 1 => {
                tasks = slices.len().div_ceil(2);
                generation += 1;
                terminal.message(&format!("{said}: fewer and larger tasks are tried"));
            }
            Err(Refusal::TooMany(said)) => bail!("{said}"),
        }
    }
}

fn refuse_what_the_engine_lacks(args: &Launch) -> Result<(), Usage> {
    if args.executor != Executor::Slurm && !args.sbatch_arg.is_empty() {
        return Err(Usage("--sbatch-arg is for SLURM alone".to_owned()));
    }
    if args.executor == Executor::Hyperqueue && args.max_parallel.is_some() {
        let message =
            "how many tasks run at once is said by HyperQueue's workers, not --max-parallel";
        return Err(Usage(message.to_owned()));
    }
    Ok(())
}

/// What is to be launched.
struct Launching {
    folder: Folder,
    header: Header,
    /// Every run that the experiment plans.
    members: Vec<RunId>,
    runs: Vec<Planned>,
    /// More tasks than this the engine does not take.
    most_tasks: usize,
    /// Seconds that all runs together are expected to take on one core, where that can be told and `auto` asks for it.
    seconds: Option<f64>,
}

fn fresh(
    dir: &Path,
    args: &Launch,
    common: &Common,
    terminal: &Terminal,
) -> anyhow::Result<Launching> {
    let folder = Folder::at(dir)?;
    if folder.latest()? > 0 {
        return Err(Usage(format!(
            "{} holds a launch already: go on with `ablate launch --resume {}`, or take another folder",
            dir.display(),
            shell_word(&dir.to_string_lossy())
        ))
        .into());
    }
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let experiment = args.experiment.clone().unwrap_or_default();
    let target = Target { experiment, set: args.set.clone(), max_runs: args.max_runs };
    let prepared = Prepared::read(&target, common, &catalog, &laboratory, terminal)?;
    prepared.warn_of_what_cannot_be_answered(&catalog, terminal);
    let laboratory = laboratory.requesting(prepared.requested());
    let most_tasks = most_tasks(args)?;
    let waiting: Vec<&RunPlan> = if args.dry_run && !common.db.exists() {
        prepared.plans.iter().collect()
    } else {
        super::collect::warn_of_network(common, terminal);
        let mut store = Store::open(&common.db, Durability::Normal)?;
        if !args.dry_run {
            store.declare(&catalog)?;
            store.recover()?;
        }
        let standings = store.standings(&prepared.plans)?;
        let pairs = prepared.plans.iter().zip(standings);
        let unfinished = pairs.filter(|(_, standing)| *standing != Standing::Finished);
        let waiting: Vec<_> = unfinished.map(|(plan, _)| plan).collect();
        Prepared::check_data(waiting.iter().copied(), &laboratory)?;
        if !args.dry_run {
            store.save_experiment(&prepared.record, &prepared.plans)?;
        }
        waiting
    };
    let seconds = expected(args, &waiting, &laboratory, common)?;
    let absolute = |path: &Path| -> anyhow::Result<String> {
        Ok(std::path::absolute(path)?.to_string_lossy().into_owned())
    };
    let file = Path::new(&target.experiment);
    let beside = file.is_file().then(|| file.parent().unwrap_or(Path::new("")));
    let beside =
        beside.map(|folder| absolute(&std::env::current_dir()?.join(folder))).transpose()?;
    Ok(Launching {
        folder,
        most_tasks,
        seconds,
        members: prepared.plans.iter().map(|plan| plan.id.clone()).collect(),
        header: Header {
            experiment: prepared.record.clone(),
            probes: prepared.requested().iter().map(|probe| probe.name.to_owned()).collect(),
            beside,
            data: absolute(&common.data)?,
            keeps_weights: !args.no_weights,
        },
        runs: waiting
            .into_iter()
            .map(|plan| (plan.clone(), baseline(&plan.trial, &catalog)))
            .collect(),
    })
}

/// Seconds that `waiting` are expected to take one after the other, by the speed of the store's runs: all of
/// those are looked at, so only where somebody wants to know.
fn expected(
    args: &Launch,
    waiting: &[&RunPlan],
    laboratory: &Laboratory,
    common: &Common,
) -> anyhow::Result<Option<f64>> {
    if args.chunk != "auto" || waiting.is_empty() {
        return Ok(None);
    }
    let store = common.db.exists().then(|| Store::open_read_only(&common.db)).transpose()?;
    Ok(Estimate::read(waiting, laboratory, store.as_ref(), NonZeroUsize::MIN)?.seconds())
}

/// What was launched and is finished neither in a shard nor in the store.
fn resumed(dir: &Path, args: &Launch, common: &Common) -> anyhow::Result<Launching> {
    let folder = Folder::at(dir)?;
    if !args.dry_run {
        refuse_while_queued(&folder, folder.current()?)?;
    }
    let mut first = plan::Plan::open(&folder, 1)?;
    let mut finished: HashSet<RunId> = HashSet::new();
    for path in folder.shards()? {
        finished.extend(shard::account(&path)?.finished);
    }
    if common.db.exists() {
        let store = Store::open_read_only(&common.db)?;
        finished.extend(store.finished(&first.members()?)?);
    }
    // Task by task, so that what is finished is never held all at once.
    let mut runs = Vec::new();
    for task in 0..first.tasks() {
        let slice = first.slice(task)?.into_iter();
        runs.extend(slice.filter(|(plan, _)| !finished.contains(&plan.id)));
    }
    let members = first.members()?;
    let header = first.header;
    let laboratory = super::worker::laboratory(&header, &folder);
    let waiting: Vec<&RunPlan> = runs.iter().map(|(plan, _)| plan).collect();
    let seconds = expected(args, &waiting, &laboratory, common)?;
    let most_tasks = if runs.is_empty() { 1 } else { most_tasks(args)? };
    Ok(Launching { folder, header, members, runs, most_tasks, seconds })
}

/// What still waits or runs would be trained twice.
fn refuse_while_queued(folder: &Folder, latest: u32) -> anyhow::Result<()> {
    let mut jobs = Vec::new();
    for generation in 1..=latest {
        jobs.extend(slurm::submitted(folder, generation)?);
    }
    let queued = if jobs.is_empty() { Vec::new() } else { slurm::queue(&jobs)? };
    if queued.is_empty() {
        return Ok(());
    }
    let dir = shell_word(&folder.root().to_string_lossy());
    let tasks: Vec<String> =
        queued.iter().take(3).map(|task| format!("{} {}", task.job, task.state)).collect();
    Err(Usage(format!(
        "SLURM's queue still has {} of this launch ({}{}): wait for them (`ablate status {dir}`), or \
         `ablate cancel {dir}` first",
        format::count(queued.len(), "job"),
        tasks.join(", "),
        if queued.len() > 3 { ", ..." } else { "" },
    ))
    .into())
}

/// How many runs a task has; `None` where that follows from the time they take.
fn chunk(args: &Launch) -> Result<Option<NonZeroUsize>, Usage> {
    if args.chunk == "auto" {
        return Ok(None);
    }
    let chunk = args.chunk.parse();
    chunk
        .map(Some)
        .map_err(|_| Usage(format!("--chunk is {:?}: a number from 1, or auto", args.chunk)))
}

/// How many tasks the engine takes at most. Where it cannot be asked, nothing has been written yet.
fn most_tasks(args: &Launch) -> anyhow::Result<usize> {
    if args.executor != Executor::Slurm || args.dry_run {
        return Ok(usize::MAX);
    }
    slurm::largest_array().context(
        "SLURM cannot be asked; `--executor parallel`, `hyperqueue` and `k8s` go without it",
    )
}

/// How many tasks the runs are shared out to.
fn tasks(chunk: Option<NonZeroUsize>, launch: &Launching) -> usize {
    let runs = launch.runs.len();
    if let Some(chunk) = chunk {
        return runs.div_ceil(chunk.get());
    }
    // Where nothing is known of their time, as many tasks as there may be.
    let wanted = launch.seconds.map_or(runs, |seconds| (seconds / TASK_SECONDS).ceil() as usize);
    wanted.clamp(1, runs.min(MOST_TASKS))
}

impl Launching {
    fn request(
        &self,
        args: &Launch,
        common: &Common,
        generation: u32,
        tasks: usize,
    ) -> Result<Request, ClusterError> {
        let program = std::env::current_exe().unwrap_or_else(|_| "ablate".into());
        let program = shell_word(&program.to_string_lossy());
        let dir = shell_word(&self.folder.root().to_string_lossy());
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let db = absolute(&common.db);
        let db = shell_word(&db.to_string_lossy());
        Ok(Request {
            generation,
            tasks,
            max_parallel: args.max_parallel.map(|most| most.get()),
            more: args.sbatch_arg.clone(),
            worker: format!("{program} worker {dir} --generation {generation}"),
            collect: format!("{program} collect {dir} --db {db}"),
        })
    }

    /// Prints what would be submitted.
    fn show(
        &self,
        args: &Launch,
        common: &Common,
        tasks: usize,
        terminal: &Terminal,
    ) -> anyhow::Result<Exit> {
        let tasks = plan::strided(self.runs.clone(), tasks).len();
        let request = self.request(args, common, self.folder.latest()? + 1, tasks)?;
        terminal.message(&format!(
            "{} in {}; nothing is written or submitted",
            format::count(self.runs.len(), "run"),
            format::count(tasks, "task")
        ));
        terminal.data(&command(args.executor, &self.folder, &request))?;
        Ok(Exit::Done)
    }
}

/// What starts the tasks, as it can be typed or handed to the engine.
fn command(executor: Executor, folder: &Folder, request: &Request) -> String {
    let Request { tasks, worker, collect, max_parallel, .. } = request;
    let last = tasks.max(&1) - 1;
    // Of each generation, for its tasks are numbered from 0 again.
    let joblog = folder.logs().join(format!("{:04}.joblog", request.generation));
    let joblog = shell_word(&joblog.to_string_lossy());
    match executor {
        Executor::Slurm => {
            let (script, args) = slurm::task_script(folder, request, "ablate-<random>");
            let args: Vec<String> = args.iter().map(|arg| shell_word(arg)).collect();
            format!(
                "sbatch {} <script>\n\n{script}\nsbatch --dependency=afterany:<job> <script>\n\n{}",
                args.join(" "),
                slurm::collect_script(request).trim_end()
            )
        }
        Executor::Parallel => {
            let most = max_parallel.map(|most| format!("-j {most} ")).unwrap_or_default();
            format!(
                "seq 0 {last} | parallel {most}--joblog {joblog} --resume-failed {}\n{collect}",
                // One training a task: the engine starts as many tasks as there are cores.
                shell_word(&format!("{worker} --task {{}} --jobs 1"))
            )
        }
        Executor::Hyperqueue => {
            format!("hq submit --array 0-{last} --wait {worker} --jobs 1\n{collect}")
        }
        Executor::K8s => manifest(folder, request),
    }
}

/// An indexed Job. The image is the user's: it holds this program at the same path.
fn manifest(folder: &Folder, request: &Request) -> String {
    let Request { tasks, worker, collect, max_parallel, .. } = request;
    let parallel = max_parallel.map_or(*tasks, |most| most as usize);
    let dir = folder.root().display();
    // JSON's strings are YAML's.
    let quoted = |text: &str| format!("{text:?}");
    format!(
        "# Put an image that holds this program, and a volume claim, in place of ABLATE_IMAGE and ABLATE_VOLUME.\n\
         # Its schema was checked; it was not tried on a cluster.\n\
         # Then: kubectl create -f FILE, and behind it: {collect}\n\
         apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: ablate-\nspec:\n  \
         completionMode: Indexed\n  completions: {tasks}\n  parallelism: {parallel}\n  \
         backoffLimitPerIndex: 6\n  template:\n    spec:\n      restartPolicy: Never\n      \
         containers:\n        - name: worker\n          image: ABLATE_IMAGE\n          \
         command: [\"/bin/sh\", \"-c\", {}]\n          volumeMounts:\n            - name: campaign\n              \
         mountPath: {}\n      volumes:\n        - name: campaign\n          \
         persistentVolumeClaim:\n            claimName: ABLATE_VOLUME",
        quoted(&format!("exec {worker}")),
        quoted(&dir.to_string()),
    )
}
