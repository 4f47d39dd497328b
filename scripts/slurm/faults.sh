#!/usr/bin/env bash
# faults.sh ABLATE: sweeps on a real SLURM that is started here and hurt meanwhile. At the end every cell is
# finished once, with the bits of a sweep on this machine. It takes about four minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")"; pwd)
ablate=$(realpath "${1:?the program}")
work=$(mktemp -d)
trap '"$here/down.sh" "$work/slurm" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
export KILLWAIT=3 MAX_ARRAY=9
"$here/up.sh" "$work/slurm" 3
. "$work/slurm/env"
cd "$work"
export ABLATE_DB=$work/local.db

cat > faults.toml <<'TOML'
[experiment]
question = "Does every cell survive?"
seeds = 12

[grid]
train_size = 400
width = 32
pretraining = "none"
epochs = 400
patience = "never"
learning_rate = [0.05, 0.1]
TOML

# Everything that training came to, without times and places.
results() {
    "$ablate" sql --db "$1" --format csv \
        "SELECT id, seed, state, best_epoch, weights_hash, test_error FROM runs ORDER BY id"
}

fail() { echo "FAILED: $*" >&2; "$ablate" status "$work/$name" >&2 || true; tail -n 5 "$work/$name"/logs/* >&2 || true; exit 1; }

# Waits at most $1 seconds until the rest, a command, succeeds.
until_within() {
    local end=$((SECONDS + $1)); shift
    until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || fail "$*"; sleep 0.2; done
}

begun() { grep -qs '"is":"ended"' "$work/$name"/shards/*.log; }
idle() { [ -z "$(squeue -h)" ]; }
array() { cat "$work/$name/plans/0001.job"; }
running() { squeue -h -t R -j "$(array)" -o '%K %B' | head -n 1; }

launch() {
    name=$1; shift
    export ABLATE_DB=$work/$name.db
    "$ablate" launch faults.toml --dir "$work/$name" --quiet "$@" >/dev/null
    until_within 60 begun
}

finish() {
    until_within "${1:-120}" idle
    "$ablate" collect "$work/$name" >/dev/null || {
        "$ablate" launch --resume "$work/$name" --chunk 4 --quiet >/dev/null
        until_within 120 idle
        "$ablate" collect "$work/$name" >/dev/null || fail "runs are missing"
    }
    before=$(results "$work/$name.db")
    "$ablate" collect "$work/$name" >/dev/null
    [ "$before" = "$(results "$work/$name.db")" ] || fail "collecting again changed something"
    [ "$before" = "$(results "$work/local.db")" ] || fail "other bits than a sweep's"
    echo "ok: $name ($(ls "$work/$name/shards" | wc -l) shards)"
}

"$ablate" sweep faults.toml --quiet >/dev/null

launch undisturbed --chunk 1        # 24 runs, and an array has at most 8 tasks
finish

launch requeued --chunk 4
scontrol requeue "$(array)_$(running | cut -d' ' -f1)"
finish

launch preempted --chunk 4
urgent=$(sbatch --parsable -p urgent -N 3 --exclusive --output=/dev/null --wrap 'sleep 3')
until_within 60 bash -c "[ -z \"\$(squeue -h -j $urgent)\" ]"
finish 180

launch killed-worker --chunk 4
pid=$(sed -n '1s/.*"pid":\([0-9]*\).*/\1/p' "$work/$name"/shards/*.log | head -n 1)
kill -9 "$pid" || true
finish

launch killed-controller --chunk 4
kill -9 "$(cat "$work/slurm/slurmctld.pid")"
sleep 1
slurmctld
sleep 2
for job in $(squeue -h -t PD -o '%i %r' | awk '/held/ { print $1 }'); do scontrol release "$job"; done
finish 180

launch split-brain --chunk 4
node=$(running | cut -d' ' -f2)
kill -9 "$(cat "$work/slurm/slurmd.$node.pid")"
sleep 12
slurmd -N "$node"
finish 180

launch cancelled --chunk 4
"$ablate" cancel "$work/$name" --quiet
finish

echo "every cell once, with the bits of a sweep, after every fault"
