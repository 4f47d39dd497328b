//! Sessions: one row a process that sweeps, and what a run's row tells of its origin.

use ablate_sweep::RunId;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params};

use crate::error::{RecordsError, Trouble};
use crate::import::ImportedFile;
use crate::process::{Owner, Process};
use crate::store::Store;

impl Store {
    /// Records that this process is about to sweep.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn begin_session(&mut self, session: &Session) -> Result<SessionId, RecordsError> {
        let process = self.process().clone();
        self.write("begin a session", |transaction| {
            insert(transaction, &process, session).map(SessionId)
        })
    }

    /// Where, when, by what and for which experiments the last attempt of a run was made.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if it is not in the store.
    pub fn provenance(&self, run: &RunId) -> Result<Provenance, RecordsError> {
        self.read("read where a run comes from", |snapshot| {
            let found = snapshot
                .prepare_cached(
                    "SELECT r.started_at, r.ended_at, r.attempt, r.data_checksum,
                         r.training_version, s.version, s.git_commit, s.git_dirty, s.command,
                         s.cpu, s.cores, s.jobs, s.os, s.host, s.pid, s.imported_file,
                         s.imported_hash, s.cpu_vendor, s.simd, s.binary
                     FROM run AS r JOIN session AS s ON s.key = r.session WHERE r.id = ?1",
                )?
                .query_row([&run.0], provenance_in)
                .optional()?;
            let Some(mut provenance) = found else {
                return Err(RecordsError::UnknownRun { prefix: run.0.clone() }.into());
            };
            let mut statement = snapshot.prepare_cached(
                "SELECT experiment FROM members WHERE run = ?1 ORDER BY experiment",
            )?;
            let names = statement.query_map([&run.0], |row| row.get(0))?;
            provenance.experiments = names.collect::<Result<_, _>>()?;
            Ok(provenance)
        })
    }
}

/// What the caller knows of the process that sweeps; who it is, is read by the store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// The program's version.
    pub version: String,
    /// The commit of the working tree that it was started in, in full.
    pub git_commit: Option<String>,
    /// A hash of the working tree's differences from that commit, if there are any.
    pub git_dirty: Option<String>,
    /// The command line, without what is secret in it.
    pub command: String,
    /// The first digits of a SHA-256 over the program's file.
    pub binary: Option<String>,
    /// The processor's model.
    pub cpu: Option<String>,
    /// Who made the processor, as it says itself: `GenuineIntel`.
    pub cpu_vendor: Option<String>,
    /// The widest vectors that products are computed in, such as `avx512`. They decide the order of
    /// sums: where they are the same, so are the bits.
    pub simd: Option<String>,
    /// How many cores it may use.
    pub cores: Option<u32>,
    /// How many runs it trains at once.
    pub jobs: Option<u32>,
    /// The operating system, the kind of processor and the C library, such as `linux x86_64, glibc 2.36`.
    pub os: String,
}

/// A session in this store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionId(pub(crate) i64);

/// Where a run comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// What the process said of itself.
    pub session: Session,
    /// The machine's name.
    pub host: Option<String>,
    /// The process number.
    pub pid: u32,
    /// When the last attempt began: UTC, ISO 8601 with milliseconds.
    pub started_at: String,
    /// When it ended, likewise; `None` while it runs.
    pub ended_at: Option<String>,
    /// Which attempt that was, from 1.
    pub attempt: u32,
    /// Which dataset.
    pub data_checksum: String,
    /// Which meaning of the training code.
    pub training_version: String,
    /// The file that it was imported from; `None` for a run that was trained here.
    pub imported: Option<ImportedFile>,
    /// The experiments that plan this run, by name.
    pub experiments: Vec<String>,
}

fn provenance_in(row: &Row<'_>) -> rusqlite::Result<Provenance> {
    Ok(Provenance {
        started_at: row.get(0)?,
        ended_at: row.get(1)?,
        attempt: row.get(2)?,
        data_checksum: row.get(3)?,
        training_version: row.get(4)?,
        session: Session {
            version: row.get(5)?,
            git_commit: row.get(6)?,
            git_dirty: row.get(7)?,
            command: row.get(8)?,
            cpu: row.get(9)?,
            cores: row.get(10)?,
            jobs: row.get(11)?,
            os: row.get(12)?,
            cpu_vendor: row.get(17)?,
            simd: row.get(18)?,
            binary: row.get(19)?,
        },
        host: row.get(13)?,
        pid: row.get(14)?,
        imported: match (row.get(15)?, row.get(16)?) {
            (Some(name), Some(hash)) => Some(ImportedFile { name, hash }),
            _ => None,
        },
        experiments: Vec::new(),
    })
}

impl Session {
    /// What is stored of it, by the names of its columns.
    pub(crate) fn named(&self) -> [(&'static str, &dyn ToSql); 11] {
        [
            (":version", &self.version),
            (":git_commit", &self.git_commit),
            (":git_dirty", &self.git_dirty),
            (":command", &self.command),
            (":binary", &self.binary),
            (":cpu", &self.cpu),
            (":cpu_vendor", &self.cpu_vendor),
            (":simd", &self.simd),
            (":cores", &self.cores),
            (":jobs", &self.jobs),
            (":os", &self.os),
        ]
    }
}

/// Records what a process said of itself; the number of its session.
pub(crate) fn insert(
    transaction: &Connection,
    process: &Process,
    session: &Session,
) -> Result<i64, Trouble> {
    let mut values = session.named().to_vec();
    values.extend_from_slice(named_params! {
        ":host": process.host,
        ":pid": process.pid,
        ":process_started": process.started,
        ":boot_id": process.boot_id,
        ":pid_namespace": process.pid_namespace,
    });
    transaction.execute(
        "INSERT INTO session (id, started_at, version, git_commit, git_dirty, command,
             binary, cpu, cpu_vendor, simd, cores, jobs, os, host, pid, process_started, boot_id,
             pid_namespace)
         VALUES (lower(hex(randomblob(8))), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
             :version, :git_commit, :git_dirty, :command, :binary, :cpu, :cpu_vendor, :simd, :cores,
             :jobs, :os, :host, :pid, :process_started, :boot_id, :pid_namespace)",
        &*values,
    )?;
    Ok(transaction.last_insert_rowid())
}

/// The process that owns a session.
pub(crate) fn process_of(connection: &Connection, session: i64) -> Result<Process, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT host, pid, process_started, boot_id, pid_namespace FROM session WHERE key = ?1",
    )?;
    Ok(statement.query_row([session], |row| {
        Ok(Process {
            host: row.get(0)?,
            pid: row.get(1)?,
            started: row.get(2)?,
            boot_id: row.get(3)?,
            pid_namespace: row.get(4)?,
        })
    })?)
}

/// The process that owns a session, and what `me` can see of it.
pub(crate) fn owner_of(
    connection: &Connection,
    me: &Process,
    session: i64,
) -> Result<(Process, Owner), Trouble> {
    let process = process_of(connection, session)?;
    let owner = me.sees(&process);
    Ok((process, owner))
}
