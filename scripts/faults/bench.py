"""A folder with experiment files and a store, the program to be called there, and what is counted."""

import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

#: Eighteen runs of tens of milliseconds each, pretraining and shared layers among them.
SMALL = """
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
"""

#: Three runs of some tenths of a second each.
LONG = """
[experiment]
question = "Does a long training end when it is asked to?"
seeds = 3

[grid]
train_size = 200
width = 16
pretraining = "none"
epochs = 500
patience = "never"
"""

#: Sixteen runs, as short as they get.
TINY = """
[experiment]
question = "Does it run at all?"
seeds = 16

[grid]
train_size = 50
test_size = 50
width = 4
pretraining = "none"
epochs = 1
"""

EXPERIMENTS = {"small.toml": SMALL, "long.toml": LONG, "tiny.toml": TINY}
PLANNED = {"small.toml": 18, "long.toml": 3, "tiny.toml": 16}

#: Nothing here should take so long: what does hangs, which is a fault of the program.
LIMIT = 120


class Ended:
    """How a call of the program has ended."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def said(self):
        return f"exit code {self.code}\n{self.out[-600:]}\n{self.err[-1200:]}"


class Bench:
    """A folder of its own, where the program finds its store as `store.db`."""

    program = None
    made = []

    def __init__(self, folder=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="ablate-faults-"))
        if folder is None:
            Bench.made.append(self.folder)
        self.store = self.folder / "store.db"
        for name, text in EXPERIMENTS.items():
            (self.folder / name).write_text(text)

    def command(self, args, env=None, wrap=()):
        """What `subprocess` needs to call the program; it sees nothing else of the surroundings."""
        surroundings = {
            "PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "TERM": "dumb",
            "ABLATE_DB": "store.db", **(env or {}),
        }
        words = [*wrap, str(self.program), *map(str, args)]
        return {"args": words, "cwd": self.folder, "env": surroundings}

    def start(self, *args, env=None, wrap=(), **more):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        call = self.command(args, env, wrap)
        return subprocess.Popen(**{**pipes, **call, **more})

    def ablate(self, *args, **more):
        return end(self.start(*args, **more))

    def sweep(self, name, *args, **more):
        return self.ablate("sweep", name, *args, **more)

    def rows(self, query):
        """What `ablate sql` says, a line a row; nothing while there is no store."""
        ended = self.ablate("sql", "--format", "csv", query)
        return ended.out.splitlines()[1:] if ended.code == 0 else []

    def count(self, state):
        rows = self.rows(f"SELECT count(*) FROM runs WHERE state = '{state}'")
        return int(rows[0]) if rows else 0

    def finished(self):
        """Every finished run as it was acknowledged: its name, attempt and end."""
        rows = self.rows("SELECT id, attempt, ended_at FROM runs WHERE state = 'finished'")
        return {row.split(",")[0]: row for row in rows}

    def results(self):
        """What every run came to, by hashes over scores, curves and weights, and what the files hold."""
        runs = self.rows(
            "SELECT id, trial, seed, state, epochs_run, best_epoch, test_error, weights_hash, content_hash "
            "FROM runs ORDER BY id"
        )
        weights = self.folder / "store.artifacts" / "networks"
        files = sorted(weights.iterdir()) if weights.is_dir() else []
        return runs + [f"{file.name} {digest(file)}" for file in files if file.name[0] != "."]

    def wait_for(self, state, process, at_least=1):
        """Waits until that many runs are in `state`, or the process has ended."""
        return self.wait_until(lambda: self.count(state) >= at_least, process)

    def wait_for_a_run_of(self, process):
        """Waits until that process itself trains a run: others may have left some that `running` is said of."""
        held = "SELECT count(*) FROM run JOIN session ON session.key = run.session "
        held += f"WHERE state = 'running' AND pid = {process.pid}"
        return self.wait_until(lambda: self.rows(held) not in ([], ["0"]), process)

    def wait_until(self, true, process):
        until = time.monotonic() + LIMIT
        while process.poll() is None and time.monotonic() < until:
            if true():
                return True
            time.sleep(0.002)
        return False

    def copy(self):
        """The same once more."""
        other = Bench()
        shutil.copytree(self.folder, other.folder, dirs_exist_ok=True)
        return other

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def end(process, limit=LIMIT):
    """Waits for a process that was started by `Bench.start`."""
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += b"\n(it did not end by itself)"
    return Ended(process.returncode, (out or b"").decode("utf-8", "replace"),
                 (err or b"").decode("utf-8", "replace"))


def kill(process):
    """As a crash would."""
    process.send_signal(signal.SIGKILL)
    return end(process)


def watch(process, has_come):
    """Watches a process, as closely as can be, until the moment has come or it has ended."""
    until = time.monotonic() + LIMIT
    while process.poll() is None and not has_come() and time.monotonic() < until:
        pass


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Tally:
    """One row of the table."""

    #: What an undisturbed sweep of each experiment comes to, and how long it takes here.
    references, seconds = {}, {}

    def __init__(self, name, times):
        self.name, self.times = name, times
        self.injected = self.lost = self.twice = self.changed = self.said = self.asked = 0
        self.tries = 0
        self.notes = []
        self.skipped = None
        # The same moments in every campaign, as far as the machine is.
        self.random = random.Random(name)

    def goes_on(self):
        """Whether there is more to inject. A moment may be missed, but not for ever."""
        self.tries += 1
        if self.tries > 5 * self.times + 20 and self.injected < self.times:
            self.note(f"of {self.tries} moments only {self.injected} were hit")
            return False
        return self.injected < self.times

    def benches(self):
        """A fresh folder for every try, as long as there is more to inject."""
        while self.goes_on():
            bench = Bench()
            try:
                yield bench
            finally:
                bench.remove()

    def note(self, text):
        """Something is not as it should be."""
        self.notes.append(text)

    def skip(self, why):
        self.skipped = why

    def expect(self, ended, code, *parts):
        """The program should have ended with `code` (or one of several) and have said `parts`."""
        codes = code if isinstance(code, tuple) else (code,)
        self.asked += 1
        missing = [part for part in parts if part not in ended.out + ended.err]
        if "panicked at" in ended.err:
            missing.append("(no panic)")
        if ended.code in codes and not missing:
            self.said += 1
            return True
        self.note(f"expected exit {codes} with {missing or parts}, found {ended.said}")
        return False

    def settle(self, bench, name, acknowledged=None, sweep=("--jobs", "2")):
        """Completes the sweep, and counts what is not as in one that nothing happened to."""
        self.expect(bench.sweep(name, *sweep), 0, "done")
        self.compare(bench, name, acknowledged)
        self.expect(bench.ablate("check", "--artifacts"), 0, "all as written")
        bench.remove()

    def compare(self, bench, name, acknowledged=None):
        """Counts what is lost, was trained again though it was acknowledged, or has other bits."""
        finished = bench.finished()
        lost = max(0, PLANNED[name] - len(finished))
        twice = 0
        for run, row in (acknowledged or {}).items():
            if run not in finished:
                lost += 1
            elif finished[run] != row:
                twice += 1
        differing = set(bench.results()) ^ set(Tally.reference(name))
        self.lost, self.twice, self.changed = (
            self.lost + lost, self.twice + twice, self.changed + len(differing))
        if lost or twice or differing:
            sample = "\n".join(sorted(differing)[:4])
            self.note(f"{lost} lost, {twice} twice, {len(differing)} differing\n{sample}")

    @staticmethod
    def reference(name):
        if name not in Tally.references:
            bench, began = Bench(), time.monotonic()
            ended = bench.sweep(name, "--jobs", "2")
            assert ended.code == 0, ended.said
            Tally.seconds[name] = time.monotonic() - began
            Tally.references[name] = bench.results()
            bench.remove()
        return Tally.references[name]

    def some_time(self, process, name, part=1.0):
        """Lets a random time pass within that part of an undisturbed sweep, or until the process ends."""
        Tally.reference(name)
        try:
            process.wait(self.random.uniform(0, part * Tally.seconds[name]))
        except subprocess.TimeoutExpired:
            pass

    @property
    def is_good(self):
        return not (self.lost or self.twice or self.changed or self.notes)


#: Every fault: its function, name, and how often it is injected, in full and quickly.
FAULTS = []


def fault(name, full, quick):
    """Registers a function that injects the fault `tally.times` times."""
    def register(inject):
        FAULTS.append((inject, name, full, quick))
        return inject
    return register
