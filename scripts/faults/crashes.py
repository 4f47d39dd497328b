"""Processes that are killed, asked to stop, suspended, or many."""

import pathlib
import signal
import time

from bench import PLANNED, Bench, end, fault, kill, watch

STORES = pathlib.Path(__file__).resolve().parents[2] / "crates/records/tests/stores"


def break_off(tally, name, hit, *, sweep=("--jobs", "2")):
    """Begins sweep after sweep and lets `hit(process, bench)` end each at some moment. One store takes hit
    upon hit, as in a bad night, until its sweep is through before it is hit; then comes a fresh one."""
    bench, acknowledged = Bench(), {}
    while tally.goes_on():
        process = bench.start("sweep", name, *sweep)
        ended = hit(process, bench)
        tally.injected += 1
        for run, row in bench.finished().items():
            acknowledged.setdefault(run, row)
        if ended.code == 0 or len(acknowledged) == PLANNED[name]:
            tally.settle(bench, name, acknowledged)
            bench, acknowledged = Bench(), {}
    tally.settle(bench, name, acknowledged)


def killed(tally, process, bench):
    """Kills a sweep; what it was training must then be seen to be interrupted, whatever the row says."""
    ended = kill(process)
    if ended.code == -signal.SIGKILL and bench.count("running"):
        tally.expect(bench.ablate("plan", "small.toml", "--all"), 0, "is gone")
    return ended


@fault("kill -9 at a random moment of a sweep", 200, 12)
def kill_anywhere(tally):
    def hit(process, bench):
        tally.some_time(process, "small.toml")
        return killed(tally, process, bench)
    break_off(tally, "small.toml", hit)


@fault("kill -9 while a commit is written", 60, 6)
def kill_in_a_commit(tally):
    def hit(process, bench):
        log = bench.folder / "store.db-wal"
        size = lambda: log.stat().st_size if log.exists() else 0
        for _ in range(tally.random.randint(1, 4)):
            before = size()
            watch(process, lambda: size() > before)
        return killed(tally, process, bench)
    break_off(tally, "small.toml", hit)


@fault("kill -9 while a checkpoint is written", 60, 6)
def kill_in_a_checkpoint(tally):
    def hit(process, bench):
        bench.wait_for("running", process)
        tally.some_time(process, "long.toml", 0.3)
        process.terminate()  # upon which it keeps a checkpoint
        time.sleep(tally.random.uniform(0, 0.015))
        return kill(process)
    break_off(tally, "long.toml", hit)


@fault("kill -9 while a store is created", 60, 6)
def kill_in_a_creation(tally):
    for bench in tally.benches():
        process = bench.start("sweep", "tiny.toml")
        watch(process, bench.store.exists)
        time.sleep(tally.random.uniform(0, 0.02))
        kill(process)
        tally.injected += 1
        tally.settle(bench, "tiny.toml", bench.finished())


@fault("kill -9 while a store is migrated", 60, 10)
def kill_in_a_migration(tally):
    stores = sorted(STORES.glob("v*.db"))[:-1]
    if not stores:
        return tally.skip("no stores of earlier schemas: crates/records/tests/stores")
    whole = {}
    while tally.goes_on():
        old = stores[tally.injected % len(stores)]
        if old not in whole:
            undisturbed = Bench()
            undisturbed.store.write_bytes(old.read_bytes())
            tally.expect(undisturbed.sweep("tiny.toml"), 0, "finished")
            whole[old] = undisturbed.results()
            undisturbed.remove()
        bench = Bench()
        bench.store.write_bytes(old.read_bytes())
        process = bench.start("sweep", "tiny.toml")
        # Once its backup is begun, it is being migrated.
        watch(process, lambda: any(bench.folder.glob("store.db.schema-*")))
        time.sleep(tally.random.uniform(0, 0.006))
        kill(process)
        tally.injected += 1
        tally.expect(bench.sweep("tiny.toml"), 0, "done")
        tally.expect(bench.ablate("check"), 0, "all as written")
        differing = set(bench.results()) ^ set(whole[old])
        tally.changed += len(differing)
        bench.remove()


def stopped(tally, which, code):
    def hit(process, bench):
        if bench.wait_for("running", process):
            tally.some_time(process, "long.toml", 0.5)
        process.send_signal(which)
        ended = end(process, limit=10)
        if ended.code != 0:
            tally.expect(ended, code, "stopping", "go on with: ")
            states = set(bench.rows("SELECT DISTINCT state FROM runs"))
            if states - {"finished", "interrupted"}:
                tally.note(f"it left runs that are {states}")
        return ended
    break_off(tally, "long.toml", hit)


@fault("Ctrl-C", 50, 4)
def interrupted(tally):
    stopped(tally, signal.SIGINT, 130)


@fault("SIGTERM", 50, 4)
def terminated(tally):
    stopped(tally, signal.SIGTERM, 143)


@fault("a second signal, at once", 30, 3)
def stopped_twice(tally):
    def hit(process, bench):
        bench.wait_for_a_run_of(process)
        process.send_signal(signal.SIGINT)
        time.sleep(tally.random.uniform(0, 0.01))
        process.send_signal(signal.SIGINT)
        ended = end(process, limit=10)
        if ended.code != 0:
            tally.expect(ended, 130, "stopping")
        return ended
    break_off(tally, "long.toml", hit)


@fault("a suspended process, which is not dead", 10, 2)
def suspended(tally):
    for bench in tally.benches():
        first = bench.start("sweep", "long.toml", "--jobs", "1")
        bench.wait_for("running", first)
        first.send_signal(signal.SIGSTOP)
        tally.injected += 1
        second = bench.start("sweep", "long.toml", "--jobs", "1")
        bench.wait_for("finished", second, at_least=2)
        time.sleep(1.5)  # it looks again twice a second
        if bench.count("running") != 1:
            tally.note("the run of a suspended process was taken from it")
        acknowledged = bench.finished()
        first.send_signal(signal.SIGCONT)
        tally.expect(end(first), 0, "done")
        tally.expect(end(second), 0, "waiting for another process to end 1 run")
        if bench.rows("SELECT count(*) FROM runs WHERE attempt > 1") != ["0"]:
            tally.twice += 1
        tally.settle(bench, "long.toml", acknowledged)


@fault("16 processes at once on a fresh store", 100, 4)
def many_processes(tally):
    for bench in tally.benches():
        processes = [bench.start("sweep", "tiny.toml", "--jobs", "1") for _ in range(16)]
        for process in processes:
            ended = end(process)
            tally.expect(ended, 0, "16 runs")
            if "locked" in ended.err:
                tally.note(f"it met a lock: {ended.said}")
        tally.injected += 1
        again = bench.rows("SELECT count(*) FROM runs WHERE attempt > 1")
        tally.twice += int(again[0])
        tally.settle(bench, "tiny.toml")


@fault("one of 4 processes is killed", 30, 3)
def one_of_many_is_killed(tally):
    for bench in tally.benches():
        processes = [bench.start("sweep", "small.toml", "--jobs", "1") for _ in range(4)]
        bench.wait_for("running", processes[0])
        tally.some_time(processes[0], "small.toml", 0.5)
        kill(processes[0])
        tally.injected += 1
        acknowledged = bench.finished()
        for process in processes[1:]:
            tally.expect(end(process), 0, "18 runs")
        if len(bench.finished()) != PLANNED["small.toml"]:
            tally.note("what the killed one held was not taken over")
        tally.settle(bench, "small.toml", acknowledged)
