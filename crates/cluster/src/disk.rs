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
    fn the_innermost_mount_says_what_a_file_lies_on() {
        let mounts =
            "/dev/a / ext4 rw 0 0\nhost:/x /home nfs4 rw 0 0\n/dev/b /home/me ext4 rw 0 0\n";
        let on = |path: &str| networked(mounts, Path::new(path));
        assert_eq!(on("/tmp/a"), None);
        assert_eq!(on("/home/you/a"), Some("nfs4".to_owned()));
        assert_eq!(on("/home/me/a"), None);
    }
}
