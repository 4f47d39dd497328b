"""Disks that are full, limited, read-only, or become so."""

import os
import pathlib
import resource
import shutil
import subprocess
import tempfile
import time

from bench import Bench, end, fault, watch

#: Somebody who owns nothing.
NOBODY = 65534


def acknowledged_by(tally, bench):
    """The finished runs; whatever it has just met, the store can be asked."""
    acknowledged = bench.finished()
    if bench.store.exists() and bench.count("finished"):
        tally.expect(bench.ablate("query"), 0)
    return acknowledged


class Mount:
    """A small disk in memory for the length of a `with`, unless this user may not mount one."""

    def __init__(self, tally, kib):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ablate-faults-disk-"))
        options = ["-o", f"size={kib}k"]
        mounted = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", self.path],
                                 stderr=subprocess.DEVNULL)
        self.is_there = mounted.returncode == 0
        if not self.is_there:
            tally.skip("only root may mount a disk")

    def __enter__(self):
        return self

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)

    def __exit__(self, *_):
        if self.is_there:
            subprocess.run(["umount", "-l", self.path], check=True)
        shutil.rmtree(self.path, ignore_errors=True)


@fault("the disk is full", 50, 5)
def full_disk(tally):
    while tally.goes_on():
        with Mount(tally, kib=64) as disk:
            if not disk.is_there:
                return
            # From what holds no store to what holds nearly all.
            bench = Bench(disk.path)
            disk.remount(f"size={tally.random.randint(40, 1_400)}k")
            ended = bench.sweep("small.toml", "--jobs", "2")
            if ended.code == 0:
                continue
            tally.injected += 1
            tally.expect(ended, (1, 3), "No space left" if ended.code == 3 else "space")
            acknowledged = acknowledged_by(tally, bench)
            disk.remount("size=64m")
            tally.settle(bench, "small.toml", acknowledged)


@fault("a limit of file size (ulimit -f)", 50, 5)
def limited_files(tally):
    for bench in tally.benches():
        limit = 1024 * tally.random.randint(4, 500)
        limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        ended = bench.sweep("small.toml", "--jobs", "2", preexec_fn=limited)
        if ended.code != 0:
            tally.injected += 1
            tally.expect(ended, (1, 3), "File too large" if ended.code == 3 else "limit")
        acknowledged = acknowledged_by(tally, bench)
        tally.settle(bench, "small.toml", acknowledged)


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def unprivileged(tally, bench):
    """How to call the program as somebody whom permissions hold for, who owns the folder; `None` where that
    somebody cannot call it at all."""
    who = {}
    if os.getuid() == 0:
        for path in [bench.folder, *bench.folder.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        who = {"preexec_fn": as_nobody}
    try:
        if bench.ablate("--version", **who).code == 0:
            return who
    except (PermissionError, subprocess.SubprocessError):
        pass
    return tally.skip("the program is out of reach for users other than root")


@fault("a folder that cannot be written", 10, 2)
def read_only_folder(tally):
    for bench in tally.benches():
        bench.sweep("small.toml", "--set", "depth=1")
        who = unprivileged(tally, bench)
        if who is None:
            return
        acknowledged = bench.finished()
        os.chmod(bench.folder, 0o555)
        os.chmod(bench.store, 0o444)
        tally.injected += 1
        tally.expect(bench.ablate("query", **who), 0, "9 runs")
        tally.expect(bench.sweep("small.toml", **who), 1, "read-only")
        os.chmod(bench.folder, 0o755)
        os.chmod(bench.store, 0o644)
        tally.settle(bench, "small.toml", acknowledged)


@fault("a disk that is read-only", 10, 2)
def read_only_disk(tally):
    while tally.goes_on():
        with Mount(tally, kib=65_536) as disk:
            if not disk.is_there:
                return
            bench = Bench(disk.path)
            bench.sweep("small.toml", "--set", "depth=1")
            acknowledged = bench.finished()
            disk.remount("ro")
            tally.injected += 1
            tally.expect(bench.ablate("query"), 0, "9 runs")
            tally.expect(bench.sweep("small.toml"), 1, "read-only")
            disk.remount("rw")
            tally.settle(bench, "small.toml", acknowledged)


def permit(bench, mode):
    """Sets what may be done with its folders."""
    for folder in [bench.folder, *bench.folder.glob("store.artifacts/*")]:
        os.chmod(folder, mode)


@fault("permission lost during a sweep", 20, 2)
def lost_permission(tally):
    for bench in tally.benches():
        who = unprivileged(tally, bench)
        if who is None:
            return
        process = bench.start("sweep", "small.toml", "--jobs", "2", **who)
        networks = bench.folder / "store.artifacts" / "networks"
        watch(process, networks.is_dir)
        time.sleep(tally.random.uniform(0, 0.1))
        permit(bench, 0o555)
        ended = end(process)
        if ended.code != 0:
            tally.injected += 1
            tally.expect(ended, (1, 3), "Permission denied")
        acknowledged = acknowledged_by(tally, bench)
        permit(bench, 0o755)
        tally.settle(bench, "small.toml", acknowledged)
