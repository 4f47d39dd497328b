//! A folder with experiment files and a store, and the program to be called there.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Six trials, two of them without pretraining, and three seeds; tens of milliseconds a run.
pub(crate) const SMALL: &str = r#"
[experiment]
question = "Does pretraining help a small network?"
seeds = 3

[grid]
train_size = 200
width = 16
depth = [1, 2]
pretraining = ["none", "greedy"]
batch_size = 10
epochs = 2
pretraining_epochs = 1

[variant.denoising]
sigma = 0.2

[variant.contractive]
lambda = 0.1

[[table]]
name = "errors"
rows = ["pretraining", "variant"]
columns = "depth"
metric = "test_error"

[[table]]
name = "codes"
rows = "variant"
metric = ["linear_probe_error", "jacobian_norm"]
filter = "pretraining == 'greedy'"
"#;

/// How many runs [`SMALL`] plans.
pub(crate) const SMALL_RUNS: usize = 18;

/// Two runs, of which one diverges at its second step.
pub(crate) const DIVERGING: &str = r#"
[experiment]
question = "Does a large step diverge?"
seeds = 1

[grid]
train_size = 200
width = 16
activation = "linear"
pretraining = "none"
epochs = 2
learning_rate = [0.1, 1e30]
"#;

/// A folder of its own for one test, where the program finds its store as `store.db`.
pub(crate) struct Bench {
    folder: TempDir,
}

impl Bench {
    /// With these files, given as names and texts.
    pub(crate) fn with(files: &[(&str, &str)]) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        for (name, text) in files {
            bench.write(name, text);
        }
        bench
    }

    /// With `small.toml`, and a store in which it was swept.
    pub(crate) fn swept() -> Bench {
        let bench = Bench::with(&[("small.toml", SMALL)]);
        fs::write(bench.store(), &sweep_of_small().store).unwrap();
        bench
    }

    /// With `tiny.toml`: so many runs, as short as they get.
    pub(crate) fn with_tiny(seeds: u32) -> Bench {
        let text = format!(
            r#"
[experiment]
question = "Does it run at all?"
seeds = {seeds}

[grid]
train_size = 50
test_size = 50
width = 4
pretraining = "none"
epochs = 1
"#
        );
        Bench::with(&[("tiny.toml", &text)])
    }

    /// With `long.toml`: so many runs, each of some tenths of a second for 500 epochs.
    pub(crate) fn with_long(seeds: u32, epochs: u32) -> Bench {
        let text = format!(
            r#"
[experiment]
question = "Does a long training end when it is asked to?"
seeds = {seeds}

[grid]
train_size = 200
width = 16
pretraining = "none"
epochs = {epochs}
patience = "never"
"#
        );
        Bench::with(&[("long.toml", &text)])
    }

    /// With `diverging.toml`, and a store in which it was swept.
    pub(crate) fn with_a_failed_run() -> Bench {
        let bench = Bench::with(&[("diverging.toml", DIVERGING)]);
        bench.ablate(&["sweep", "diverging.toml"]).expect(3);
        bench
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path("store.db")
    }

    /// The program, about to be called in the folder. Of the surroundings it sees only what every
    /// system has, so that no setting of whoever runs the tests reaches it.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ablate"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("TERM", "xterm")
            .env("ABLATE_DB", "store.db")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Calls the program and waits for its end.
    pub(crate) fn ablate(&self, args: &[&str]) -> Ended {
        Ended::of(self.command(args).output().unwrap())
    }

    /// Calls the program and does not wait.
    pub(crate) fn start(&self, args: &[&str]) -> Started {
        Started(self.command(args).spawn().unwrap())
    }

    /// A cell of the first run that `filter` finds.
    pub(crate) fn ask(&self, filter: &str, column: &str) -> String {
        let args = ["query", filter, "--columns", column, "--limit", "1", "--format", "csv"];
        let answer = self.ablate(&args).expect(0);
        answer.stdout.lines().nth(1).expect("the filter finds a run").to_owned()
    }
}

/// What one sweep of [`SMALL`], undisturbed and with two jobs, left and said.
pub(crate) struct Swept {
    pub(crate) store: Vec<u8>,
    pub(crate) said: Ended,
}

/// Swept once for all tests, which work on copies.
pub(crate) fn sweep_of_small() -> &'static Swept {
    static SWEPT: OnceLock<Swept> = OnceLock::new();
    SWEPT.get_or_init(|| {
        let bench = Bench::with(&[("small.toml", SMALL)]);
        let said = bench.ablate(&["sweep", "small.toml", "--jobs", "2"]).expect(0);
        assert!(!bench.path("store.db-wal").exists(), "the file alone is the whole store");
        Swept { store: fs::read(bench.store()).unwrap(), said }
    })
}

/// How a call of the program has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Whatever is tested: nothing panics, and all text is UTF-8.
    pub(crate) fn of(output: Output) -> Ended {
        let ended = Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!ended.stderr.contains("panicked at"), "{ended:#?}");
        ended
    }

    /// The same, if it ended with `code`.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The same, if its messages hold each of `parts`.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Ended {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in stderr:\n{}", self.stderr);
        }
        self
    }

    /// The same, if its data hold each of `parts`.
    #[track_caller]
    pub(crate) fn prints(self, parts: &[&str]) -> Ended {
        for part in parts {
            assert!(self.stdout.contains(part), "{part:?} is not in stdout:\n{}", self.stdout);
        }
        self
    }

    /// Its data, which are JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Its data, which are CSV: lines of fields.
    pub(crate) fn csv(&self) -> Vec<Vec<String>> {
        let (mut lines, mut fields, mut field) = (Vec::new(), Vec::new(), String::new());
        let (mut quoted, mut characters) = (false, self.stdout.chars().peekable());
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    field.extend(characters.next());
                }
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(std::mem::take(&mut field)),
                '\r' if !quoted => {}
                '\n' if !quoted => {
                    fields.push(std::mem::take(&mut field));
                    lines.push(std::mem::take(&mut fields));
                }
                _ => field.push(character),
            }
        }
        assert!(!quoted && field.is_empty() && fields.is_empty(), "{}", self.stdout);
        lines
    }
}

/// A call of the program that goes on meanwhile; a test that fails takes it down with it.
pub(crate) struct Started(pub(crate) Child);

impl Started {
    /// Sends `signal`, such as `INT`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        let kill = Command::new("sh").args(["-c", "kill -s $0 $1", signal, &pid]).status();
        assert!(kill.unwrap().success());
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for its end, which must come within `limit`.
    #[track_caller]
    pub(crate) fn end(mut self, limit: Duration) -> Ended {
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(began.elapsed() < limit, "it goes on after {limit:?}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let rest = |pipe: Option<&mut dyn Read>| {
            let mut bytes = Vec::new();
            if let Some(pipe) = pipe {
                pipe.read_to_end(&mut bytes).unwrap();
            }
            bytes
        };
        let stdout = rest(self.0.stdout.as_mut().map(|pipe| pipe as &mut dyn Read));
        let stderr = rest(self.0.stderr.as_mut().map(|pipe| pipe as &mut dyn Read));
        Ended::of(Output { status, stdout, stderr })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail where it has ended, which is as well.
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Waits until `condition` holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Where the repository has its experiments.
pub(crate) fn experiments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments")
}
