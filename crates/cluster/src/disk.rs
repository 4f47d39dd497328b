//! What a file lies on: SQLite's locks do not hold on file systems that several machines see.

use std::path::{Path, PathBuf};

/// The kind of file system that `path` lies on, where it is known to keep no locks across machines.
pub fn network_file_system(path: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let mut path: PathBuf = std::path::absolute(path).ok()?;
    while !path.exists() && path.pop() {}
    networked(&mounts, &path.canonicalize().ok()?)
}

fn networked(mounts: &str, path: &Path) -> Option<String> {
    const NETWORKED: &[&str] = &[
        "nfs",
        "nfs4",
        "lustre",
        "gpfs",
        "beegfs",
        "ceph",
        "cifs",
        "smb3",
        "afs",
        "orangefs",
        "9p",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.ceph",
        "wekafs",
        "panfs",
    ];
    let mounts = mounts.lines().filter_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let (place, kind) = (fields.next()?.replace("\\040", " "), fields.next()?);
        path.starts_with(&place).then(|| (place.len(), kind.to_owned()))
    });
    // Of mounts over each other the last one counts.
    let (_, kind) = mounts.max_by_key(|(length, _)| *length)?;
    NETWORKED.contains(&kind.as_str()).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_mount_says_what_a_file_lies_on_and_the_last_of_those_over_each_other() {
        let mounts = "/dev/a / ext4 rw 0 0\nhost:/x /home nfs4 rw 0 0\n/dev/b /home/me ext4 rw 0 0\n\
            ost@tcp:/l /my\\040scratch lustre rw 0 0\nme@h: /mnt fuse.sshfs rw 0 0\n\
            host:/y /over nfs rw 0 0\n/dev/c /over xfs rw 0 0\nautomount /auto autofs rw 0 0\n\
            gpfs /auto/gpfs gpfs rw 0 0\n";
        let on = |path: &str| networked(mounts, Path::new(path));
        for (path, kind) in [
            ("/home/you/a", "nfs4"),
            ("/my scratch/a.db", "lustre"),
            ("/mnt/a.db", "fuse.sshfs"),
            ("/auto/gpfs/a.db", "gpfs"),
        ] {
            assert_eq!(on(path).as_deref(), Some(kind), "{path}");
        }
        for path in ["/tmp/a", "/home/me/a", "/over/a", "/homely/a", "/auto/a"] {
            assert_eq!(on(path), None, "{path}");
        }
    }
}
