//! How much memory is left for trainings: `MemAvailable` of the system, and what the control
//! groups of this process leave, whichever is least. A group leaves its limit less its usage;
//! cached files that the kernel would give up at once (`inactive_file`) do not count as used.
//! Sources: proc_meminfo(5); cgroup-v2.rst and cgroup-v1/memory.rst of the Linux documentation.

use std::fs;
use std::path::{Path, PathBuf};

/// Bytes of memory that this process could still take, or `None` where the system does not say
/// (anything but Linux).
pub fn available() -> Option<u64> {
    available_under(Path::new("/"))
}

/// As [`available`], for the system whose `proc` and `sys` lie under `root`.
fn available_under(root: &Path) -> Option<u64> {
    let system = read(&root.join("proc/meminfo"));
    let system = system.and_then(|text| field(&text, "MemAvailable:")).map(|kib| kib * 1024);
    let groups = read(&root.join("proc/self/cgroup")).unwrap_or_default();
    let groups = groups.lines().flat_map(|line| hierarchy_leaves(root, line));
    groups.chain(system).min()
}

/// Where one version of control groups keeps what.
struct Version {
    mount: &'static str,
    limit: &'static str,
    usage: &'static str,
    reclaimable: &'static str,
}

const FIRST: Version = Version {
    mount: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: "total_inactive_file",
};

const SECOND: Version = Version {
    mount: "sys/fs/cgroup",
    limit: "memory.max",
    usage: "memory.current",
    reclaimable: "inactive_file",
};

/// What the groups of one line of `/proc/self/cgroup` (`4:memory:/a/b`, `0::/a/b`) leave: that of
/// this process and all above it, since each has a limit of its own.
fn hierarchy_leaves(root: &Path, line: &str) -> Vec<u64> {
    let mut parts = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { return Vec::new() };
    let version = match controllers {
        "" => SECOND,
        named if named.split(',').any(|controller| controller == "memory") => FIRST,
        _ => return Vec::new(),
    };
    let mount = root.join(version.mount);
    let own: PathBuf = mount.join(path.trim_start_matches('/'));
    // In a container the path may be the host's and not exist below the mount; the mount itself,
    // which is then the container's own group, is looked at in any case.
    let groups = own.ancestors().take_while(|group| group.starts_with(&mount));
    groups.filter_map(|group| group_leaves(group, &version)).collect()
}

/// What one group leaves; `None` where it has no limit or no such files.
fn group_leaves(group: &Path, version: &Version) -> Option<u64> {
    // The second version says "max" for no limit, which is no number; the first says one so large
    // that it never is the least.
    let limit: u64 = read(&group.join(version.limit))?.trim().parse().ok()?;
    let usage: u64 = read(&group.join(version.usage))?.trim().parse().ok()?;
    let stat = read(&group.join("memory.stat")).unwrap_or_default();
    let reclaimable = field(&stat, version.reclaimable).unwrap_or(0);
    Some(limit.saturating_sub(usage.saturating_sub(reclaimable)))
}

/// The number after `name` on the line that begins with it.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == name).then(|| words.next()?.parse().ok())?)
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:  8000 kB\nMemFree:  100 kB\nMemAvailable:  4000 kB\n";

    /// A system made of these files.
    fn system(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn without_groups_it_is_what_the_system_has() {
        let root = system(&[("proc/meminfo", MEMINFO)]);
        assert_eq!(available_under(root.path()), Some(4_096_000));
    }

    #[test]
    fn a_system_that_does_not_say_has_no_answer() {
        assert_eq!(available_under(system(&[]).path()), None);
        let garbage = [("proc/meminfo", "MemAvailable: lots\n"), ("proc/self/cgroup", "?\n::\n")];
        assert_eq!(available_under(system(&garbage).path()), None);
    }

    #[test]
    fn the_limit_of_a_group_above_counts_and_its_cached_files_do_not() {
        let root = system(&[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "0::/pod/box\n"),
            ("sys/fs/cgroup/pod/box/memory.max", "max\n"),
            ("sys/fs/cgroup/pod/box/memory.current", "900\n"),
            ("sys/fs/cgroup/pod/memory.max", "1000\n"),
            ("sys/fs/cgroup/pod/memory.current", "950\n"),
            ("sys/fs/cgroup/pod/memory.stat", "anon 700\ninactive_file 250\n"),
        ]);
        assert_eq!(available_under(root.path()), Some(300));
    }

    #[test]
    fn the_first_version_of_groups_is_read_where_the_path_is_the_hosts() {
        let root = system(&[
            ("proc/meminfo", MEMINFO),
            ("proc/self/cgroup", "5:cpu:/x\n4:hugetlb,memory:/docker/0123\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "4500\n"),
            ("sys/fs/cgroup/memory/memory.stat", "inactive_file 9\ntotal_inactive_file 100\n"),
        ]);
        assert_eq!(available_under(root.path()), Some(600));
    }

    #[test]
    fn a_group_over_its_limit_leaves_nothing() {
        let root = system(&[
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/memory.max", "10\n"),
            ("sys/fs/cgroup/memory.current", "11\n"),
        ]);
        assert_eq!(available_under(root.path()), Some(0));
    }
}
