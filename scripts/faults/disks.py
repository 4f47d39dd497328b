"""Disks that are full, limited, read-only, or become so."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from bench import Bench, end, fault

#: Somebody who owns nothing.
NOBODY = 65534


def settled_after(tally, bench, name, sweep=("--jobs", "2")):
    """Whatever it has just met, the store can be asked, and the next sweep completes it."""
    acknowledged = bench.finished()
    if bench.store.exists() and bench.count("finished"):
        tally.expect(bench.ablate("query"), 0)
    return acknowledged


class Mount:
    """A small disk in memory; `None` where this user may not mount one."""

    def __init__(self, kib):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="ablate-faults-disk-"))
        options = ["-o", f"size={kib}k"]
        mounted = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", self.path],
                                 stderr=subprocess.DEVNULL)
        self.is_there = mounted.returncode == 0

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)

    def close(self):
        if self.is_there:
            subprocess.run(["umount", "-l", self.path], check=True)
        shutil.rmtree(self.path, ignore_errors=True)


@fault("the disk is full", 50, 5)
def full_disk(tally):
    while tally.goes_on():
        disk = Mount(kib=64)
        if not disk.is_there:
            return tally.skip("only root may mount a small disk")
        try:
            # From what holds no store to what holds nearly all.
            bench = Bench(disk.path)
            disk.remount(f"size={tally.random.randint(40, 1_400)}k")
            ended = bench.sweep("small.toml", "--jobs", "2")
            if ended.code == 0:
                continue
            tally.injected += 1
            tally.expect(ended, (1, 3), "No space left" if ended.code == 3 else "space")
            acknowledged = settled_after(tally, bench, "small.toml")
            disk.remount("size=64m")
            tally.settle(bench, "small.toml", acknowledged)
        finally:
            disk.close()


@fault("a limit of file size (ulimit -f)", 50, 5)
def limited_files(tally):
    while tally.goes_on():
        bench = Bench()
        limit = 1024 * tally.random.randint(4, 500)
        limited = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        ended = bench.sweep("small.toml", "--jobs", "2", preexec_fn=limited)
        if ended.code != 0:
            tally.injected += 1
            tally.expect(ended, (1, 3), "File too large" if ended.code == 3 else "limit")
        acknowledged = settled_after(tally, bench, "small.toml")
        tally.settle(bench, "small.toml", acknowledged)


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def unprivileged(bench):
    """How to call the program as somebody whom permissions hold for, who owns the folder."""
    if os.getuid() != 0:
        return {}
    for path in [bench.folder, *bench.folder.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    return {"preexec_fn": as_nobody}


def reaches(bench, who):
    """Whether that somebody can call the program at all."""
    try:
        return bench.ablate("--version", **who).code == 0
    except (PermissionError, subprocess.SubprocessError):
        return False


@fault("a folder that cannot be written", 10, 2)
def read_only_folder(tally):
    while tally.goes_on():
        bench = Bench()
        bench.sweep("small.toml", "--set", "depth=1")
        who = unprivileged(bench)
        if not reaches(bench, who):
            return tally.skip("the program is out of reach for users other than root")
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
        disk = Mount(kib=65_536)
        if not disk.is_there:
            return tally.skip("only root may mount a disk")
        try:
            bench = Bench(disk.path)
            bench.sweep("small.toml", "--set", "depth=1")
            acknowledged = bench.finished()
            disk.remount("ro")
            tally.injected += 1
            tally.expect(bench.ablate("query"), 0, "9 runs")
            tally.expect(bench.sweep("small.toml"), 1, "read-only")
            disk.remount("rw")
            tally.settle(bench, "small.toml", acknowledged)
        finally:
            disk.close()


@fault("permission lost during a sweep", 20, 2)
def lost_permission(tally):
    while tally.goes_on():
        bench = Bench()
        who = unprivileged(bench)
        if not reaches(bench, who):
            return tally.skip("the program is out of reach for users other than root")
        process = bench.start("sweep", "small.toml", "--jobs", "2", **who)
        networks = bench.folder / "store.artifacts" / "networks"
        while process.poll() is None and not networks.is_dir():
            time.sleep(0.001)
        time.sleep(tally.random.uniform(0, 0.1))
        for folder in [bench.folder, *bench.folder.glob("store.artifacts/*")]:
            os.chmod(folder, 0o555)
        ended = end(process)
        if ended.code != 0:
            tally.injected += 1
            tally.expect(ended, (1, 3), "Permission denied")
        acknowledged = settled_after(tally, bench, "small.toml")
        for folder in [bench.folder, *bench.folder.glob("store.artifacts/*")]:
            os.chmod(folder, 0o755)
        tally.settle(bench, "small.toml", acknowledged)
