//! Where a sweep ran and what code it ran: kept with every run, so that a number can be traced. No
//! environment variable and no address of a remote is ever recorded.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use ablate_records::Session;
use sha2::{Digest, Sha256};

use crate::format;

/// This process, as the store records it.
pub(crate) fn session(jobs: usize) -> Session {
    Session {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: git(&["rev-parse", "HEAD"]),
        git_dirty: dirty(),
        command: command(),
        binary: binary(),
        cpu: processor("model name"),
        cpu_vendor: processor("vendor_id"),
        simd: Some(ablate_autoencoder::simd().to_owned()),
        cores: thread::available_parallelism()
            .ok()
            .and_then(|cores| u32::try_from(cores.get()).ok()),
        jobs: u32::try_from(jobs).ok(),
        os: system(),
    }
}

/// The command line of this process, as it can be typed again.
pub(crate) fn command() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| format::shell_word(&word.to_string_lossy()));
    std::iter::once(program()).chain(words).collect::<Vec<_>>().join(" ")
}

/// How this program is called: by cargo where it lies in cargo's folder, else by its name.
pub(crate) fn program() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let within = |names: [&str; 2]| {
        let mut folders = path.components().rev().skip(1).map(|folder| folder.as_os_str());
        folders.next().is_some_and(|folder| folder == names[1])
            && folders.next().is_some_and(|folder| folder == names[0])
    };
    let called = if within(["target", "release"]) { "cargo run --release --" } else { "ablate" };
    called.to_owned()
}

/// A hash of what differs from the commit; `None` if nothing does, or there is no commit. What sweeps
/// write into `results`, tables beside stores, is no change of what they ran.
fn dirty() -> Option<String> {
    let diff = git(&["diff", "HEAD", "--", ":(top)", ":(top,exclude)results"])?;
    Some(hash(diff.as_bytes()))
}

/// A hash of this program's file: the working tree says what may have been built, this says what runs.
fn binary() -> Option<String> {
    // By the kernel's name where there is one: the file may have been replaced since it was started.
    let file = fs::read("/proc/self/exe").or_else(|_| fs::read(std::env::current_exe()?));
    file.ok().map(|bytes| hash(&bytes))
}

/// Sixteen digits of a SHA-256.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What git prints for `args` in the current folder, if it is there and prints anything.
pub(crate) fn git(args: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.args(args).stdin(Stdio::null()).stderr(Stdio::null());
    // No optional lock: a sweep must not stand in the way of a commit made meanwhile.
    let output = command.env("GIT_OPTIONAL_LOCKS", "0").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// The operating system, the kind of processor, and the C library, whose exponentials and logarithms
/// training calls: `linux x86_64, glibc 2.36`.
fn system() -> String {
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    // As it is loaded: of another machine's program, the library is this machine's.
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut paths = maps.lines().filter_map(|line| line.find('/').map(|at| &line[at..]));
    let library = paths.find(|path| path.ends_with("/libc.so.6"));
    match library.and_then(|path| fs::read(path).ok()).as_deref().and_then(glibc) {
        Some(version) => format!("{system}, glibc {version}"),
        None => system,
    }
}

/// The version in the banner that glibc's file holds: `GNU C Library (...) stable release version 2.36.`
fn glibc(file: &[u8]) -> Option<String> {
    const BANNER: &[u8] = b"GNU C Library (";
    const VERSION: &str = " version ";
    let at = file.windows(BANNER.len()).position(|window| window == BANNER)?;
    let line = file[at..].iter().take(300).take_while(|byte| **byte != b'\n').copied();
    let line = String::from_utf8(line.collect()).ok()?;
    let version = &line[line.find(VERSION)? + VERSION.len()..];
    let digits = version.trim_end_matches('.');
    let known = digits.starts_with(|first: char| first.is_ascii_digit());
    known.then(|| digits.to_owned())
}

/// What Linux says of the processor under `name`.
fn processor(name: &str) -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_c_library_is_in_its_banner() {
        let banner = b"\x7fELF\0GNU C Library (\0GNU C Library (X GLIBC 2.36-9) stable release version 2.36.\nCopyright";
        assert_eq!(glibc(banner).as_deref(), Some("2.36"));
        let development = b"GNU C Library (GNU libc) development release version 2.42.9000.\n";
        assert_eq!(glibc(development).as_deref(), Some("2.42.9000"));
        for none in [
            &b""[..],
            b"GNU C Library (",
            b"GNU C Library (x) version ",
            b"GNU C Library (x) version y",
        ] {
            assert_eq!(glibc(none), None);
        }
        let system = system();
        let plain = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        assert!(system == plain || system.starts_with(&format!("{plain}, glibc ")), "{system}");
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            assert!(system.contains("glibc 2."), "{system}");
        }
    }
}
