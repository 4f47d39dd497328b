"""Takes turns: a pass of ablate's training, of the bare products in the same process, of Candle as it
comes, of PyTorch and of JAX, over and over; prints the ratios of the medians, a row a training.

    python turns.py BENCHMARK [PASSES] [words of the rows wanted ...]

BENCHMARK is the compiled benchmark (`cargo bench --bench training --no-run` names it).
"""
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).resolve().parent
benchmark, passes, words = sys.argv[1], int(sys.argv[2]), sys.argv[3:]


class Partner:
    """A program that answers each line by a pass and its seconds."""

    def __init__(self, *command, says_error=False):
        pipe = subprocess.PIPE
        # Candle spreads its products over threads unless it is told not to.
        alone = {**os.environ, "RAYON_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, cwd=here, env=alone
        )
        self.error = self.answer() if says_error else 0.0

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(self.process.args)} has ended")
        return float(line)

    def ask(self, word):
        print(word, file=self.process.stdin, flush=True)
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def measure(row, folder):
    name = row["name"]
    subprocess.run([benchmark, "--export", folder, name], check=True)
    ours = Partner(benchmark, "--serve", name)
    partners = {"candle": Partner(benchmark, "--serve-candle", name)}
    for peer, module in [("torch", "torch"), ("jax", "jax")]:
        if importlib.util.find_spec(module):
            loop = str(here / f"{peer}_loop.py")
            partners[peer] = Partner(sys.executable, loop, folder, says_error=True)
    seconds = {"ours": [], "bare": [], **{peer: [] for peer in partners}}
    for turn in range(passes + 1):
        found = {"ours": ours.ask("train"), "bare": ours.ask("bare")}
        for peer, partner in partners.items():
            found[peer] = partner.ask("train")
        # The first pass finds caches and pages cold.
        if turn > 0:
            for who, value in found.items():
                seconds[who].append(value)
    error = max(partner.error for partner in partners.values())
    for partner in [ours, *partners.values()]:
        partner.end()
    return {who: statistics.median(values) for who, values in seconds.items()}, error


rows = json.loads(subprocess.check_output([benchmark, "--rows"]))
rows = [row for row in rows if all(word in row["name"] for word in words)]
print("| network, optimizer, batch | GFLOP/s | of the bare products | Candle as it comes | PyTorch | JAX |")
print("|---|---|---|---|---|---|")
for row in rows:
    with tempfile.TemporaryDirectory() as folder:
        seconds, error = measure(row, folder)
    rate = row["flop"] * row["epochs"] / seconds["ours"] / 1e9
    times = lambda who: f"{seconds[who] / seconds['ours']:.2f}x" if who in seconds else "-"
    share = f"{100 * seconds['bare'] / seconds['ours']:.0f} %"
    parts = [row["name"], f"{rate:.0f}", share, times("candle"), times("torch"), times("jax")]
    print(f"| {' | '.join(parts)} |", flush=True)
