//! A plan: which runs each task of a generation is to train. It is written once and never changed. A task
//! reads its own slice of it, not the whole.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ablate_records::ExperimentRecord;
use ablate_sweep::{RunId, RunPlan, TrialId};
use serde_json::{Value as Json, json};

use crate::error::ClusterError;
use crate::folder::{Folder, write_once};
use crate::framed;
use crate::words::{self, text, texts};

/// Which way of writing a plan this is.
const FORMAT: u32 = 2;

/// A run to be trained, and the trial that it is compared with.
pub type Planned = (RunPlan, Option<TrialId>);

/// What all tasks of a campaign need to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The experiment.
    pub experiment: ExperimentRecord,
    /// The probes that it asks for.
    pub probes: Vec<String>,
    /// Where paths of a user's own data start; an absolute path.
    pub beside: Option<String>,
    /// Where full datasets lie; an absolute path.
    pub data: String,
    /// Whether weights and checkpoints are kept.
    pub keeps_weights: bool,
}

/// A plan that can be read.
#[derive(Debug)]
pub struct Plan {
    /// What all tasks need to know.
    pub header: Header,
    /// Where the slice of each task begins, its bytes and its runs.
    slices: Vec<(u64, u64, u64)>,
    /// Where the list of members begins.
    members: u64,
    file: BufReader<File>,
    path: std::path::PathBuf,
}

/// Shares `runs` out to `tasks`: the first to the first task, the second to the second, ... so that what
/// grows along an axis of the grid evens out.
pub fn strided(runs: Vec<Planned>, tasks: usize) -> Vec<Vec<Planned>> {
    let mut slices: Vec<Vec<Planned>> = (0..tasks.max(1)).map(|_| Vec::new()).collect();
    let count = slices.len();
    for (index, run) in runs.into_iter().enumerate() {
        slices[index % count].push(run);
    }
    slices
}

/// Writes the plan of `generation`: a slice of runs a task, then `members`, the runs that the experiment
/// plans, those that were finished at the launch included.
///
/// # Errors
/// If it cannot be written, or there is one already.
pub fn write<'a>(
    folder: &Folder,
    generation: u32,
    header: &Header,
    members: impl IntoIterator<Item = &'a RunId>,
    slices: &[Vec<Planned>],
) -> Result<(), ClusterError> {
    write_once(&folder.of_generation(generation, "plan"), |file| {
        let mut at = 0;
        let mut put = |line: String| {
            at += line.len() as u64;
            file.write_all(line.as_bytes()).map(|()| at)
        };
        let mut index = Vec::new();
        let mut begin = 0;
        for slice in slices {
            let mut end = begin;
            for (plan, baseline) in slice {
                end = put(framed::line(&words::of_plan(plan, baseline.as_ref())))?;
            }
            index.push(json!([begin, end - begin, slice.len()]));
            begin = end;
        }
        let members: Json = members.into_iter().map(|run| run.0.as_str()).collect();
        let head = put(framed::line(&members))?;
        let Header { experiment, probes, beside, data, keeps_weights } = header;
        put(framed::line(&json!({
            "format": FORMAT,
            "experiment": experiment.name,
            "question": experiment.question,
            "text": experiment.text,
            "overrides": experiment.overrides,
            "probes": probes,
            "beside": beside,
            "data": data,
            "keeps_weights": keeps_weights,
            "slices": index,
            "members": begin,
        })))?;
        put(foot(head)).map(drop)
    })
}

/// The last line: where the header begins, which lies behind what it is an index of, so that a plan of
/// any size is written in one go. It is always as long.
fn foot(head: u64) -> String {
    framed::line(&Json::from(format!("{head:020}")))
}

impl Plan {
    /// Opens the plan of `generation`.
    ///
    /// # Errors
    /// If it cannot be read, is damaged or of another format.
    pub fn open(folder: &Folder, generation: u32) -> Result<Plan, ClusterError> {
        let path = folder.of_generation(generation, "plan");
        let file = File::open(&path).map_err(ClusterError::file(&path, "open"))?;
        let mut file = BufReader::new(file);
        let damaged = |message: &str| damaged(&path, message);
        let end = file.seek(SeekFrom::End(0)).map_err(ClusterError::file(&path, "read"))?;
        let mut line = |at| line_at(&mut file, at).map_err(ClusterError::file(&path, "read"));
        let foot = line(end.saturating_sub(foot(0).len() as u64))?;
        let head = foot.and_then(|foot| foot.as_str()?.parse().ok());
        let head = head.ok_or_else(|| damaged("its last line is damaged, or this is no plan"))?;
        let json = line(head)?.ok_or_else(|| damaged("its header is damaged"))?;
        if json.get("format") != Some(&Json::from(FORMAT)) {
            return Err(damaged("it is of another format: use the release that wrote it"));
        }
        let header = header(&json).ok_or_else(|| damaged("its header lacks something"))?;
        let slices =
            slices(&json).ok_or_else(|| damaged("its slices are not as they should be"))?;
        let members = json.get("members").and_then(Json::as_u64);
        let members = members.ok_or_else(|| damaged("its header lacks its members"))?;
        Ok(Plan { header, slices, members, file, path })
    }

    /// Every run that the experiment plans, those that were finished at the launch included.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn members(&mut self) -> Result<Vec<RunId>, ClusterError> {
        let line = line_at(&mut self.file, self.members);
        let json = line.map_err(ClusterError::file(&self.path, "read"))?;
        let ids = json.as_ref().and_then(Json::as_array);
        let ids =
            ids.and_then(|ids| ids.iter().map(|id| Some(RunId(id.as_str()?.into()))).collect());
        ids.ok_or_else(|| damaged(&self.path, "the list of its members is damaged"))
    }

    /// How many tasks it has.
    pub fn tasks(&self) -> usize {
        self.slices.len()
    }

    /// How many runs all tasks together have.
    pub fn runs(&self) -> u64 {
        self.slices.iter().map(|slice| slice.2).sum()
    }

    /// The runs of a task.
    ///
    /// # Errors
    /// If there is no such task, or its slice is damaged.
    pub fn slice(&mut self, task: usize) -> Result<Vec<Planned>, ClusterError> {
        let Some(&(begin, bytes, count)) = self.slices.get(task) else {
            let message = format!("it has tasks 0 to {}, not {task}", self.slices.len().max(1) - 1);
            return Err(damaged(&self.path, &message));
        };
        let failed = |doing| ClusterError::file(self.path.clone(), doing);
        self.file.seek(SeekFrom::Start(begin)).map_err(failed("read"))?;
        let mut runs = Vec::new();
        let mut slice = (&mut self.file).take(bytes);
        let bad = framed::each(&mut slice, |text| {
            let run = serde_json::from_slice(text).ok().and_then(|json| words::plan(&json));
            let whole = run.is_some();
            runs.extend(run);
            whole
        });
        let bad = bad.map_err(failed("read"))?;
        if bad > 0 || runs.len() as u64 != count {
            let message = format!("the slice of task {task} is damaged");
            return Err(damaged(&self.path, &message));
        }
        Ok(runs)
    }
}

/// What the line at `at` says; `None` if it is damaged.
fn line_at(file: &mut BufReader<File>, at: u64) -> std::io::Result<Option<Json>> {
    file.seek(SeekFrom::Start(at))?;
    let mut line = Vec::new();
    file.read_until(b'\n', &mut line)?;
    Ok(line.strip_suffix(b"\n").and_then(framed::read))
}

fn damaged(path: &Path, message: &str) -> ClusterError {
    ClusterError::Damaged { path: path.to_owned(), message: message.to_owned() }
}

fn header(json: &Json) -> Option<Header> {
    Some(Header {
        experiment: ExperimentRecord {
            name: text(json, "experiment")?,
            question: text(json, "question")?,
            text: text(json, "text")?,
            overrides: texts(json, "overrides")?,
        },
        probes: texts(json, "probes")?,
        beside: text(json, "beside"),
        data: text(json, "data")?,
        keeps_weights: json.get("keeps_weights")?.as_bool()?,
    })
}

fn slices(json: &Json) -> Option<Vec<(u64, u64, u64)>> {
    let slice = |item: &Json| {
        Some((item.get(0)?.as_u64()?, item.get(1)?.as_u64()?, item.get(2)?.as_u64()?))
    };
    json.get("slices")?.as_array()?.iter().map(slice).collect()
}

/// The text of a file of the folder; `None` if there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, ClusterError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some).map_err(ClusterError::file(path, "read")),
    }
}
