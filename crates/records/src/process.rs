//! Which process is which: host, process number, start time, boot and namespace, so that a run
//! marked `running` whose process is gone can be told from one that is still being trained, without
//! heartbeats or time-outs. A suspended process is not taken for dead.
//!
//! Read from `/proc` (see `man 5 proc`). Elsewhere only the process number is known, and no process
//! is ever said to be gone.

use std::fs;

/// Whether the process that holds a run is still there, as far as this process can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// It lives, on this machine.
    Alive,
    /// It is gone: its runs can be taken over.
    Gone,
    /// It belongs to another machine or container, or this system cannot say.
    OutOfSight,
}

/// One process, for ever: a process number alone is soon given to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// The machine's name.
    pub(crate) host: Option<String>,
    /// The process number.
    pub(crate) pid: u32,
    /// When it started, in clock ticks since the machine did.
    pub(crate) started: Option<i64>,
    /// Changes whenever the machine starts.
    pub(crate) boot_id: Option<String>,
    /// In which world process numbers are counted: containers have their own.
    pub(crate) pid_namespace: Option<String>,
}

impl Process {
    /// This process.
    pub(crate) fn this() -> Process {
        let pid = std::process::id();
        Process {
            host: line_of("/proc/sys/kernel/hostname"),
            pid,
            started: start_of_living(pid),
            boot_id: line_of("/proc/sys/kernel/random/boot_id"),
            pid_namespace: fs::read_link("/proc/self/ns/pid")
                .ok()
                .map(|link| link.to_string_lossy().into_owned()),
        }
    }

    /// What this process can say of `owner`.
    pub(crate) fn sees(&self, owner: &Process) -> Owner {
        if self.host.is_none() || self.host != owner.host {
            return Owner::OutOfSight;
        }
        match (&self.boot_id, &owner.boot_id) {
            (Some(mine), Some(its)) if mine != its => return Owner::Gone,
            (Some(_), Some(_)) => {}
            _ => return Owner::OutOfSight,
        }
        if self.pid_namespace != owner.pid_namespace {
            return Owner::OutOfSight;
        }
        match owner.started {
            None => Owner::OutOfSight,
            started if started == start_of_living(owner.pid) => Owner::Alive,
            Some(_) => Owner::Gone,
        }
    }
}

fn line_of(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|line| !line.is_empty())
}

/// When process `pid` started, in clock ticks since boot; `None` if it is gone, or a zombie that
/// only waits to be collected by its parent.
fn start_of_living(pid: u32) -> Option<i64> {
    start_in_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Fields 3 (state) and 22 (start time) of a `stat` line. The second field is the program's name
/// in parentheses, which may itself hold blanks and parentheses, so fields count from the last `)`.
fn start_in_stat(stat: &str) -> Option<i64> {
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process {
            host: Some("a".into()),
            pid: std::process::id(),
            started: start_of_living(std::process::id()),
            boot_id: Some("b".into()),
            pid_namespace: Some("pid:[1]".into()),
        }
    }

    #[test]
    fn fields_are_counted_after_the_name_of_the_program() {
        let tail = "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assert_eq!(start_in_stat(&format!("7 (a) b) (c) S {tail}")), Some(4711));
        assert_eq!(start_in_stat(&format!("7 (a) Z {tail}")), None, "a zombie is gone");
        for damaged in ["", "7 (a", "7 (a)", "7 (a) S 1 2", "7 (a) S é"] {
            assert_eq!(start_in_stat(damaged), None, "{damaged:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_alive_and_a_collected_child_is_gone() {
        let me = Process::this();
        assert_eq!(me.sees(&me), Owner::Alive);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let started = start_of_living(child.id());
        let owner = Process { pid: child.id(), started, ..me.clone() };
        assert_eq!(me.sees(&owner), Owner::Alive);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(me.sees(&owner), Owner::Gone);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_number_that_was_given_away_again_is_gone() {
        let me = process();
        let earlier = Process { started: me.started.map(|ticks| ticks - 1), ..me.clone() };
        assert_eq!(me.sees(&earlier), Owner::Gone);
    }

    #[test]
    fn other_machines_and_containers_are_out_of_sight_and_a_restart_ends_all() {
        let me = process();
        let other_host = Process { host: Some("z".into()), ..me.clone() };
        let no_host = Process { host: None, ..me.clone() };
        let container = Process { pid_namespace: Some("pid:[2]".into()), ..me.clone() };
        let unknown_start = Process { started: None, ..me.clone() };
        for owner in [other_host, no_host, container, unknown_start] {
            assert_eq!(me.sees(&owner), Owner::OutOfSight, "{owner:?}");
        }
        let before_restart = Process { boot_id: Some("c".into()), ..me.clone() };
        assert_eq!(me.sees(&before_restart), Owner::Gone);
    }
}
