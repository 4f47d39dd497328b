"""Trainings that diverge, want too much memory or die, clocks that jump, and any number of jobs."""

import ctypes.util
import os
import pathlib
import resource
import signal
import time

from bench import SMALL, end, fault, kill, watch

DIVERGING = """
[experiment]
question = "Does a large step diverge?"
seeds = 2

[grid]
train_size = 200
width = 16
activation = "linear"
pretraining = "none"
epochs = 2
learning_rate = [0.1, {rate}]
"""


@fault("a loss that becomes NaN or infinite", 20, 3)
def diverging(tally):
    for bench in tally.benches():
        rate = f"1e{tally.random.randint(20, 38)}"
        (bench.folder / "diverging.toml").write_text(DIVERGING.format(rate=rate))
        tally.injected += 1
        tally.expect(bench.sweep("diverging.toml"), 3, "2 finished, 2 failed")
        rows = bench.rows(
            "SELECT count(*), min(failure_message) FROM runs WHERE failure = 'diverged' "
            "AND test_error IS NULL AND failure_message LIKE 'fine-tuning, epoch _, step %'"
        )
        if not rows or not rows[0].startswith("2,"):
            tally.note(f"what diverged is not told as it should be: {rows}")
        best = bench.ablate("query", "--sort", "test_error", "--limit", "1", "--columns", "state")
        tally.expect(best, 0, "finished")


def children(pid):
    """The processes that a process has started and that are still there."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            pass  # that thread has just ended
    return found


@fault("--isolate: a run's process aborts, overflows, is killed", 40, 5)
def dying_runs(tally):
    deaths = [signal.SIGABRT, signal.SIGSEGV, signal.SIGKILL, signal.SIGBUS, signal.SIGILL]
    for bench in tally.benches():
        process = bench.start("sweep", "long.toml", "--isolate", "--jobs", "2")
        watch(process, lambda: children(process.pid))
        time.sleep(tally.random.uniform(0, 0.2))
        found = children(process.pid)
        if not found:
            kill(process)
            continue
        death = deaths[tally.injected % len(deaths)]
        child = tally.random.choice(found)
        try:
            os.kill(child, death)
            # Rust hears the first SIGSEGV or SIGBUS that no address of its own explains, and steps aside.
            time.sleep(0.01)
            os.kill(child, death)
        except ProcessLookupError:
            pass  # it has ended
        ended = end(process)
        acknowledged = bench.finished()
        if ended.code != 0:
            tally.injected += 1
            tally.expect(ended, 3, f"signal {death.value}", "2 finished, 1 failed")
        tally.settle(bench, "long.toml", acknowledged)


def with_little_memory(mib):
    limit = mib << 20
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


@fault("--isolate: a run gets no more memory", 6, 1)
def starved_run(tally):
    for bench in tally.benches():
        large = ("--set", "seeds=1", "--set", "depth=2", "--set", "width=[16, 10000]")
        ended = bench.sweep("tiny.toml", "--isolate", "--jobs", "1", *large,
                            preexec_fn=with_little_memory(1_000))
        tally.injected += 1
        tally.expect(ended, 3, "got no more memory", "1 finished, 1 failed")


@fault("without --isolate: the program gets no more memory", 6, 1)
def starved_program(tally):
    for bench in tally.benches():
        starved = with_little_memory(tally.random.randint(150, 400))
        ended = bench.sweep("small.toml", "--jobs", "2", preexec_fn=starved)
        tally.injected += 1
        if ended.code != 0:
            # Nobody within a process can catch that; the next start goes on.
            tally.expect(ended, (-signal.SIGABRT, 1, 3))
        tally.settle(bench, "small.toml", bench.finished())


@fault("a run that needs more memory than there is", 3, 1)
def too_large(tally):
    for bench in tally.benches():
        tally.injected += 1
        ended = bench.sweep("tiny.toml", "--set", "width=100000", "--set", "depth=3", "--fail-fast")
        tally.expect(ended, 3, "not started: it needs", "smaller batches or layers need less")


def faketime():
    """The library that gives a program another clock."""
    folders = [*pathlib.Path("/usr/lib").glob("*/faketime"), pathlib.Path("/usr/local/lib/faketime")]
    found = [path for folder in folders for path in folder.glob("libfaketimeMT.so.1")]
    return found[0] if found else ctypes.util.find_library("faketime")


@fault("a clock that jumps by hours", 20, 3)
def jumping_clock(tally):
    library = faketime()
    if library is None:
        return tally.skip("no libfaketime (Debian's package `faketime`)")
    for bench in tally.benches():
        clock = bench.folder / "clock"
        clock.write_text("+0")
        env = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock),
               "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        process = bench.start("sweep", "small.toml", "--jobs", "2", env=env)
        while process.poll() is None:
            clock.write_text(tally.random.choice(["-1h", "+1h", "-25h", "+400d", "-9000d"]))
            time.sleep(0.05)
        tally.injected += 1
        tally.expect(end(process), 0, "18 finished")
        odd = "SELECT count(*) FROM runs WHERE seconds < 0 OR seconds > 60"
        if bench.rows(odd) != ["0"]:
            tally.note("a duration was taken from the clock")
        numbers = bench.rows("SELECT number FROM runs ORDER BY number")
        if numbers != [str(number) for number in range(1, 19)]:
            tally.note(f"the order of runs was taken from the clock: {numbers}")
        tally.settle(bench, "small.toml", bench.finished())


@fault("any number of jobs, in threads and processes", 9, 3)
def jobs(tally):
    ways = [("--jobs", "1"), ("--jobs", "2"), ("--isolate", "--jobs", "2")]
    for bench in tally.benches():
        way = ways[tally.injected % len(ways)]
        tally.injected += 1
        tally.expect(bench.sweep("small.toml", *way), 0, "18 finished")
        tally.settle(bench, "small.toml", bench.finished())


@fault("an experiment that grows while its sweep runs", 6, 1)
def growing(tally):
    """The file is read once; the next sweep finds what is new."""
    for bench in tally.benches():
        process = bench.start("sweep", "small.toml", "--jobs", "2")
        bench.wait_for("running", process)
        (bench.folder / "small.toml").write_text(SMALL.replace("seeds = 3", "seeds = 4"))
        tally.injected += 1
        tally.expect(end(process), 0, "18 finished")
        acknowledged = bench.finished()
        tally.expect(bench.sweep("small.toml"), 0, "18 done, 6 to train", "6 finished")
        twice = [run for run, row in bench.finished().items() if acknowledged.get(run, row) != row]
        tally.twice += len(twice)
