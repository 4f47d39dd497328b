//! What `scripts/fetch_data.sh` does where there is nothing to fetch from, or the wrong thing. The
//! script runs with a PATH that holds the plainest tools only, so that no test leaves the machine.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A PATH without any way to download, and an empty folder for the data.
struct Sandbox {
    dir: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Sandbox {
        let dir = tempfile::tempdir().expect("a folder for the test");
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).expect("the folder is empty");
        let path = std::env::var_os("PATH").expect("there is a PATH");
        let tools =
            ["sh", "sed", "gzip", "sha256sum", "shasum", "cut", "cp", "mv", "rm", "rmdir", "mkdir"];
        for tool in tools {
            let found = std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|p| p.exists());
            if let Some(found) = found {
                symlink(found, bin.join(tool)).expect("the link is new");
            }
        }
        Sandbox { dir }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("some data")
    }

    /// Adds a program that is this shell script.
    fn install(&self, name: &str, script: &str) {
        let path = self.dir.path().join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    }

    fn run(&self) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/fetch_data.sh");
        Command::new("/bin/sh")
            .arg(script)
            .arg(self.data())
            .env("PATH", self.dir.path().join("bin"))
            .output()
            .expect("there is a shell")
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_any_way_to_fetch_it_fails_and_names_every_missing_file() {
    let output = Sandbox::new().run();
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    for file in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        assert!(stderr.contains(&format!(" mnist/{file}-ubyte")), "{stderr}");
    }
}

#[test]
fn what_a_mirror_sends_instead_of_the_file_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.install("curl", r#"while [ "$1" != -o ]; do shift; done; echo "<html>" > "$2""#);
    let output = sandbox.run();
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("it is not the published train-images-idx3-ubyte"), "{stderr}");
    assert!(!sandbox.data().join("mnist").exists(), "{stderr}");
    assert!(!sandbox.data().join(".partial").exists(), "nothing is left behind: {stderr}");
}

#[test]
fn a_download_that_is_cut_off_is_kept_to_go_on_with() {
    let sandbox = Sandbox::new();
    let cut = r#"while [ "$1" != -o ]; do shift; done; echo part >> "$2"; exit 18"#;
    sandbox.install("curl", cut);
    let part = sandbox
        .data()
        .join(".partial/mnist.ossci-datasets.s3.amazonaws.com.train-images-idx3-ubyte.gz");
    for expected in ["part\n", "part\npart\n"] {
        assert_eq!(sandbox.run().status.code(), Some(1));
        assert_eq!(fs::read_to_string(&part).unwrap(), expected);
    }
}

#[test]
fn a_file_in_place_that_is_not_right_is_moved_aside_and_kept() {
    let sandbox = Sandbox::new();
    let file = sandbox.data().join("mnist/t10k-labels-idx1-ubyte");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, "something else").unwrap();
    let stderr = stderr(&sandbox.run());
    assert!(stderr.contains("is not the published file; moved to"), "{stderr}");
    let aside = sandbox.data().join("mnist/t10k-labels-idx1-ubyte.altered");
    assert_eq!(fs::read_to_string(aside).unwrap(), "something else");
    assert!(!file.exists());
}

#[test]
fn more_than_one_folder_is_a_usage_error() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/fetch_data.sh");
    let output = Command::new("/bin/sh").arg(script).args(["one", "two"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("usage: "));
}
