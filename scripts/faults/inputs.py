"""Files and words that are not what they should be, and a world that does not listen."""

import os
import pathlib
import resource
import subprocess

from bench import SMALL, Bench, end, fault
from damage import flip

OWN = """
[experiment]
question = "Can letters be learned?"
seeds = 2

[grid]
dataset = "letters/"
width = 8
pretraining = "none"
epochs = 2
batch_size = 5
"""

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def idx(magic, sizes, values):
    return b"".join(number.to_bytes(4, "big") for number in (magic, *sizes)) + bytes(values)


def letters(bench):
    """60 images of 4 x 4 in two classes: the left or the right half is bright."""
    folder = bench.folder / "letters"
    folder.mkdir()
    pixels = [255 if j % 4 // 2 == i % 2 else 0 for i in range(60) for j in range(16)]
    (folder / IMAGES).write_bytes(idx(0x803, (60, 4, 4), pixels))
    (folder / LABELS).write_bytes(idx(0x801, (60,), [i % 2 for i in range(60)]))
    (bench.folder / "own.toml").write_text(OWN)
    return folder


@fault("a dataset that is cut or of another kind", 100, 10)
def cut_dataset(tally):
    bench = Bench()
    folder = letters(bench)
    whole = {name: (folder / name).read_bytes() for name in (IMAGES, LABELS)}
    while tally.goes_on():
        name = (IMAGES, LABELS)[tally.injected % 2]
        part = whole[name][: len(whole[name]) * (tally.injected // 2) // (tally.times // 2)]
        (folder / name).write_bytes(part if tally.injected % 10 else b"PK\3\4" + part)
        tally.injected += 1
        tally.expect(bench.sweep("own.toml"), 1, name)
        (folder / name).write_bytes(whole[name])
    if bench.count("finished") + bench.count("failed"):
        tally.note("something was trained on it")
    bench.remove()


@fault("a dataset that changes between sweeps", 5, 1)
def changed_dataset(tally):
    for bench in tally.benches():
        images = letters(bench) / IMAGES
        tally.expect(bench.sweep("own.toml"), 0, "2 finished")
        acknowledged = bench.finished()
        header, whole = 16, bytearray(images.read_bytes())
        whole[tally.random.randrange(header, len(whole))] ^= 0x40
        images.write_bytes(whole)
        tally.injected += 1
        tally.expect(bench.ablate("plan", "own.toml"), 0, "data")
        tally.expect(bench.sweep("own.toml"), 0, "0 done, 2 to train")
        if acknowledged.items() - bench.finished().items():
            tally.note("what was trained on the data before is gone or was trained again")


MALFORMED = {
    "deep": b"[grid]\nwidth = " + b"[" * 100_000,
    "deep tables": b"a = " + b"{a = " * 100_000,
    "deep keys": b".".join([b"a"] * 100_000) + b" = 1",
    "a long line": b"[grid]\nwidth = '" + b"x" * 4_000_000,
    "NUL": SMALL.encode().replace(b"grid", b"gr\0id"),
    "no UTF-8": SMALL.encode().replace(b"small", b"sm\xe9ll"),
    "twice": SMALL.encode() + b"\n[grid]\nwidth = 3\n",
    "past 64 bits": SMALL.encode().replace(b"= 16", b"= 99999999999999999999"),
    "nan": SMALL.encode().replace(b"= 0.2", b"= nan"),
    "inf": SMALL.encode().replace(b"= 0.2", b"= inf"),
    "unknown": SMALL.encode().replace(b"width", b"wdith"),
    "huge grid": b"[experiment]\nquestion = '?'\nseeds = 1\n[grid]\n" + b"\n".join(
        b"%s = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]" % name
        for name in (b"depth", b"width", b"epochs", b"batch_size", b"pretraining_epochs")),
    "huge range": b"[experiment]\nquestion = '?'\nseeds = 1\n"
                  b"[grid]\nepochs = {from = 1, to = 1000000000000, step = 1}",
}


def confined():
    """No experiment file is worth more memory than this."""
    resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))


@fault("an experiment file that is none, or asks for too much", len(MALFORMED), len(MALFORMED))
def malformed(tally):
    bench = Bench()
    for name, text in MALFORMED.items():
        (bench.folder / "bad.toml").write_bytes(text)
        tally.injected += 1
        ended = bench.sweep("bad.toml", preexec_fn=confined)
        tally.expect(ended, 2, "bad.toml")
    if bench.store.exists():
        tally.note("a store was made for a file that is none")
    bench.remove()


@fault("an experiment file that is larger than the memory", 2, 2)
def enormous(tally):
    bench = Bench()
    (bench.folder / "endless.toml").symlink_to("/dev/zero")
    (bench.folder / "sparse.toml").touch()
    os.truncate(bench.folder / "sparse.toml", 100 << 30)
    for name in ("sparse.toml", "endless.toml"):
        tally.injected += 1
        tally.expect(end(bench.start("sweep", name, preexec_fn=confined), limit=20), 2, name)
    bench.remove()


@fault("an experiment file with some bytes changed", 300, 30)
def mutated(tally):
    bench = Bench()
    texts = sorted((pathlib.Path(__file__).resolve().parents[2] / "experiments").glob("*.toml"))
    while tally.goes_on():
        text = tally.random.choice(texts).read_bytes()
        path = bench.folder / "mutated.toml"
        path.write_bytes(text)
        for _ in range(tally.random.randint(1, 5)):
            flip(path, tally.random)
        tally.injected += 1
        tally.expect(bench.ablate("plan", path.name, preexec_fn=confined), (0, 1, 2))
    bench.remove()


@fault("filters that are none", 8, 8)
def filters(tally):
    bench = Bench()
    bench.sweep("tiny.toml")
    odd = ["(" * 60_000, "not " * 16_000 + "depth == 1", "depth == 1 and " * 4_000, "depth == '",
           "depth = 1", "\u202e == 1", "dpth == 1", "1 < depth < 3"]
    for text in odd:
        tally.injected += 1
        ended = bench.ablate("query", text, preexec_fn=confined)
        tally.expect(ended, 2, "did you mean" if text == "dpth == 1" else "^")
    bench.remove()


HOSTILE = ["=HYPERLINK(\"http://x\")", "<img src=x onerror=alert(1)>", "'; DROP TABLE run; --",
           "../../x", "-rf", "CON", "a\nb", "\x1b[31mred", "\u202eoof", "x" * 200]


@fault("names and notes that somebody chose on purpose", len(HOSTILE), len(HOSTILE))
def hostile(tally):
    bench = Bench()
    bench.sweep("small.toml")
    run = next(iter(bench.finished()))
    acknowledged = bench.finished()
    for text in HOSTILE:
        tally.injected += 1
        tally.expect(bench.ablate("note", run, "--", text), 0)
        ended = bench.ablate("query", "--columns", "id,note", "--format", "csv")
        tally.expect(ended, 0, run)
        shown = bench.ablate("show", run)
        tally.expect(shown, 0, run)
        if ",=" in ended.out or "\x1b" in shown.out + shown.err:
            tally.note(f"{text!r} comes out as a command")
    tally.settle(bench, "small.toml", acknowledged)


@fault("a store of a later release", 2, 2)
def newer(tally):
    bench = Bench()
    bench.sweep("tiny.toml")
    whole = bench.store.read_bytes()
    # `user_version` stands in the header of an SQLite file, at byte 60.
    bench.store.write_bytes(whole[:60] + (1_000).to_bytes(4, "big") + whole[64:])
    for command in (["query"], ["sweep", "tiny.toml"]):
        tally.injected += 1
        tally.expect(bench.ablate(*command), 1, "newer ablate", "upgrade")
    bench.store.write_bytes(whole)
    tally.settle(bench, "tiny.toml", bench.finished())


@fault("nobody reads, no terminal, no home, no language", 12, 6)
def surroundings(tally):
    for bench in tally.benches():
        way = tally.injected % 6
        tally.injected += 1
        if way == 0:
            shell = f"exec '{bench.program}' sweep small.toml | head -c 1"
            env = bench.command([])["env"]
            done = subprocess.run(["bash", "-o", "pipefail", "-c", shell], cwd=bench.folder, env=env,
                                  capture_output=True)
            if done.returncode not in (0, 141) or b"panicked" in done.stderr:
                tally.note(f"it did not bear that nobody reads: {done}")
        elif way == 1:
            closed = lambda: (os.close(1), os.close(2))
            process = bench.start("sweep", "small.toml", preexec_fn=closed)
            if end(process).code not in (0, 1):
                tally.note("it did not bear closed streams")
        else:
            env = [{"HOME": "/nonexistent"}, {"LANG": "xx_YY.latin9"}, {"TERM": ""}, {"PATH": ""}]
            tally.expect(bench.sweep("small.toml", env=env[way - 2]), 0, "18 finished")
        tally.settle(bench, "small.toml", bench.finished())
