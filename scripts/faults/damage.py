"""Bytes that change behind the program's back: in the store, its log, checkpoints and weights."""

import time

from bench import Bench, end, fault, kill


def flip(path, random):
    """Flips one bit of a file; says where."""
    whole = bytearray(path.read_bytes())
    at = random.randrange(len(whole))
    whole[at] ^= 1 << random.randrange(8)
    path.write_bytes(whole)
    return at


def cut(path, random):
    """Cuts a file off somewhere; says where."""
    whole = path.read_bytes()
    at = random.randrange(len(whole))
    path.write_bytes(whole[:at])
    return at


def everything(bench):
    """What anybody can read of a store."""
    return [row for view in ("runs", "curves", "profiles", "members", "artifacts", "tags", "pairs")
            for row in bench.rows(f"SELECT * FROM {view}")]


@fault("a flipped bit in the store", 200, 20)
def flipped_store(tally):
    whole = Bench()
    whole.sweep("small.toml")
    before, said, found = whole.store.read_bytes(), everything(whole), 0
    while tally.goes_on():
        whole.store.write_bytes(before)
        at = flip(whole.store, tally.random)
        tally.injected += 1
        ended = whole.ablate("check")
        if ended.code == 0:
            # Not found: then nothing that anybody reads may have changed.
            differing = set(everything(whole)) ^ set(said)
            tally.changed += len(differing)
            tally.expect(ended, 0, "all as written")
        else:
            found += 1
            tally.expect(ended, (1, 3))
        for suffix in ("-wal", "-shm"):
            (whole.folder / f"store.db{suffix}").unlink(missing_ok=True)
    if not found:
        tally.note("no flipped bit was found")
    whole.store.write_bytes(before)
    tally.settle(whole, "small.toml", whole.finished())


def with_a_log():
    """A store whose sweep was killed, so that its newest commits are in the log only."""
    bench = Bench()
    process = bench.start("sweep", "small.toml", "--jobs", "2")
    bench.wait_for("finished", process, at_least=6)
    kill(process)
    return bench


def hurt_log(tally, hurt):
    killed = with_a_log()
    while tally.goes_on():
        bench = killed.copy()
        log = bench.folder / "store.db-wal"
        if not log.exists() or log.stat().st_size == 0:
            return tally.note("there is no log to hurt")
        hurt(log)
        tally.injected += 1
        # A prefix of what was committed is there, and nothing of it is half.
        tally.settle(bench, "small.toml")
    killed.remove()


@fault("a log that is cut (a power cut)", 50, 5)
def cut_log(tally):
    hurt_log(tally, lambda log: cut(log, tally.random))


@fault("a flipped bit in the log", 50, 5)
def flipped_log(tally):
    hurt_log(tally, lambda log: flip(log, tally.random))


@fault("a log that is gone, its index garbage", 20, 2)
def lost_log(tally):
    def hurt(log):
        if tally.injected % 2:
            log.write_bytes(b"")
        index = log.with_name("store.db-shm")
        index.write_bytes(tally.random.randbytes(32_768))
    hurt_log(tally, hurt)


@fault("a checkpoint that is cut or changed", 60, 6)
def hurt_checkpoint(tally):
    for bench in tally.benches():
        process = bench.start("sweep", "long.toml", "--jobs", "2")
        bench.wait_for("running", process, at_least=2)
        time.sleep(tally.random.uniform(0.05, 0.25))
        process.terminate()
        end(process)
        kept = sorted((bench.folder / "store.artifacts" / "checkpoints").glob("*.safetensors"))
        if not kept:
            continue
        hurt = cut if tally.injected % 2 else flip
        hurt(kept[0], tally.random)
        tally.injected += 1
        ended = bench.sweep("long.toml")
        tally.expect(ended, 0, "a checkpoint is damaged")
        tally.settle(bench, "long.toml")


@fault("weights that are gone or changed", 30, 4)
def hurt_weights(tally):
    whole = Bench()
    whole.sweep("small.toml")
    while tally.goes_on():
        bench = whole.copy()
        networks = sorted((bench.folder / "store.artifacts" / "networks").iterdir())
        file = tally.random.choice(networks)
        before = file.read_bytes()
        gone = tally.injected % 2
        file.unlink() if gone else flip(file, tally.random)
        tally.injected += 1
        said = "is missing" if gone else "does not hold what was written"
        tally.expect(bench.ablate("check", "--artifacts"), 3, file.stem, said)
        said = "is gone" if gone else "the network: "
        tally.expect(bench.ablate("reconstruct", file.stem, "-o", "picture.png"), 1, said)
        file.write_bytes(before)
        tally.settle(bench, "small.toml", bench.finished())


@fault("shared layers that are gone or changed", 20, 3)
def hurt_layers(tally):
    """A sweep that is not through finds layers of its earlier part, and may not trust them."""
    part = Bench()
    part.sweep("small.toml", "--set", "depth=1")
    while tally.goes_on():
        bench = part.copy()
        layers = sorted((bench.folder / "store.artifacts" / "layers").iterdir())
        for file in layers:
            file.unlink() if tally.injected % 2 else flip(file, tally.random)
        tally.injected += 1
        ended = bench.sweep("small.toml", "--jobs", "2")
        tally.expect(ended, 0, *([] if tally.injected % 2 == 0 else ["damaged"]))
        tally.compare(bench, "small.toml", part.finished())
        bench.remove()
    part.remove()
