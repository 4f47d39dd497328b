//! `ablate launch`: writes the plan of a sweep for an engine's tasks, and submits them.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use ablate_cluster::plan::{self, Header, Planned};
use ablate_cluster::slurm::{self, Refusal, Request};
use ablate_cluster::{ClusterError, Folder, shard};
use ablate_records::{Durability, Standing, Store};
use ablate_sweep::RunId;
use anyhow::bail;

use crate::args::{Common, Executor, Launch, Target};
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

/// How long to wait before a submission is tried again.
const PAUSE: Duration = Duration::from_secs(2);

pub(crate) fn run(args: &Launch, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let launch = match (&args.resume, &args.dir) {
        (Some(dir), _) => resumed(dir, common)?,
        (None, Some(dir)) => fresh(dir, args, common, terminal)?,
        (None, None) => return Err(Usage("where to? Give --dir".to_owned()).into()),
    };
    if launch.runs.is_empty() {
        terminal.message("every run is finished: nothing to launch");
        return Ok(Exit::Done);
    }
    let mut tasks = tasks(args, &launch)?;
    if args.executor == Executor::Slurm && !args.dry_run {
        tasks = tasks.min(slurm::largest_array()?);
    }
    if args.dry_run {
        return launch.show(args, common, tasks, terminal);
    }
    launch.folder.create()?;
    let mut generation = launch.folder.latest()? + 1;
    loop {
        let slices = plan::strided(launch.runs.clone(), tasks);
        plan::write(&launch.folder, generation, &launch.header, &slices)?;
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
        match slurm::submit(&launch.folder, &request, PAUSE) {
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

/// What is to be launched.
struct Launching {
    folder: Folder,
    header: Header,
    runs: Vec<Planned>,
    /// Seconds that all runs together are expected to take on one core, where that can be told.
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
    let (waiting, seconds) = if args.dry_run && !common.db.exists() {
        (prepared.plans.iter().collect(), None)
    } else {
        let mut store = Store::open(&common.db, Durability::Normal)?;
        if !args.dry_run {
            store.declare(&catalog)?;
            store.recover()?;
        }
        let standings = store.standings(&prepared.plans)?;
        let pairs = prepared.plans.iter().zip(standings);
        let waiting: Vec<_> = pairs
            .filter(|(_, standing)| *standing != Standing::Finished)
            .map(|(plan, _)| plan)
            .collect();
        Prepared::check_data(waiting.iter().copied(), &laboratory)?;
        if !args.dry_run {
            store.save_experiment(&prepared.record, &prepared.plans)?;
        }
        let one = NonZeroUsize::MIN;
        let estimate = super::plan::Estimate::of(&waiting, &laboratory, &store, one)?;
        (waiting, estimate.seconds())
    };
    let absolute = |path: &Path| -> anyhow::Result<String> {
        Ok(std::path::absolute(path)?.to_string_lossy().into_owned())
    };
    let file = Path::new(&target.experiment);
    let beside = file.is_file().then(|| file.parent().unwrap_or(Path::new("")));
    let beside =
        beside.map(|folder| absolute(&std::env::current_dir()?.join(folder))).transpose()?;
    Ok(Launching {
        folder,
        seconds,
        header: Header {
            experiment: prepared.record.clone(),
            members: prepared.plans.iter().map(|plan| plan.id.clone()).collect(),
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

/// What was launched and is finished neither in a shard nor in the store.
fn resumed(dir: &Path, common: &Common) -> anyhow::Result<Launching> {
    let folder = Folder::at(dir)?;
    folder.current()?;
    let mut first = plan::Plan::open(&folder, 1)?;
    let mut runs = Vec::new();
    for task in 0..first.tasks() {
        runs.extend(first.slice(task)?);
    }
    let mut finished: HashSet<RunId> = HashSet::new();
    for path in folder.shards()? {
        finished.extend(shard::account(&path)?.finished);
    }
    if common.db.exists() {
        let store = Store::open_read_only(&common.db)?;
        let plans: Vec<_> = runs.iter().map(|(plan, _)| plan.clone()).collect();
        for (plan, standing) in plans.iter().zip(store.standings(&plans)?) {
            if standing == Standing::Finished {
                finished.insert(plan.id.clone());
            }
        }
    }
    runs.retain(|(plan, _)| !finished.contains(&plan.id));
    Ok(Launching { folder, header: first.header.clone(), runs, seconds: None })
}

/// How many tasks the runs are shared out to.
fn tasks(args: &Launch, launch: &Launching) -> anyhow::Result<usize> {
    let runs = launch.runs.len();
    if args.chunk != "auto" {
        let chunk: NonZeroUsize = args
            .chunk
            .parse()
            .map_err(|_| Usage(format!("--chunk is {:?}: a number from 1, or auto", args.chunk)))?;
        return Ok(runs.div_ceil(chunk.get()));
    }
    // Where nothing is known of their time, as many tasks as there may be.
    let wanted = launch.seconds.map_or(runs, |seconds| (seconds / TASK_SECONDS).ceil() as usize);
    Ok(wanted.clamp(1, runs.min(MOST_TASKS)))
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
        Ok(Request {
            generation,
            tasks,
            max_parallel: args.max_parallel.map(|most| most.get()),
            more: args.sbatch_arg.clone(),
            worker: format!("{program} worker {dir} --generation {generation}"),
            collect: format!("{program} collect {dir} --db {}", shell_word(&db.to_string_lossy())),
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
    let logs = shell_word(&folder.logs().join("joblog").to_string_lossy());
    match executor {
        Executor::Slurm => {
            let (script, args) = slurm::task_script(folder, request, "ablate-<random>");
            let args: Vec<String> = args.iter().map(|arg| shell_word(arg)).collect();
            format!(
                "sbatch {} <script>\n\n{script}\nsbatch --dependency=afterany:<job> <script>\n\n\
                 #!/bin/sh\nexec {collect}",
                args.join(" ")
            )
        }
        Executor::Parallel => {
            let most = max_parallel.map(|most| format!("-j {most} ")).unwrap_or_default();
            format!(
                "seq 0 {last} | parallel {most}--joblog {logs} {}\n{collect}",
                shell_word(&format!("{worker} --task {{}}"))
            )
        }
        Executor::Hyperqueue => format!("hq submit --array 0-{last} --wait {worker}\n{collect}"),
        Executor::K8s => manifest(folder, request),
    }
}

/// An indexed Job. The image is the user's: it holds this program at the same path.
fn manifest(folder: &Folder, request: &Request) -> String {
    let Request { tasks, worker, max_parallel, .. } = request;
    let parallel = max_parallel.map_or(*tasks, |most| most as usize);
    let dir = folder.root().display();
    // JSON's strings are YAML's.
    let quoted = |text: &str| format!("{text:?}");
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: ablate-\nspec:\n  \
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
