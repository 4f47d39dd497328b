#!/usr/bin/env bash
# A sweep of many runs on its way through a launch, but for the training: time and memory of launching, of
# collecting, of collecting once more, of `status` and of a resume, and the bytes that lie about.
#
#     scripts/bench/collect.sh [RUNS] [TASKS] [--bare]    1000000 and 1000 if not given
#
# It builds what it needs, or takes it from the folder PROGRAMS.
# RUNS is a multiple of 5000. The shards are written by `fill_shards` like those of one run that is trained:
# 44 scores and curves of 121 points; --bare leaves the curves out. A million runs take some 4 GB in FOLDER
# (/dev/shm, or where CAMPAIGN says), and a store of as much in a folder of their own below target/bench.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-1000000} tasks=${2:-1000} bare=${3:-}
programs=${PROGRAMS:-}
if [ -z "$programs" ]; then
    cargo build --release --quiet --locked --workspace --bins --examples
    programs=target/release
fi
ablate=$(realpath "$programs/ablate") fill=$(realpath "$programs/examples/fill_shards")
mkdir -p target/bench
work=$(mktemp -d target/bench/collect.XXXXXX)
shared=$(mktemp -d "${CAMPAIGN:-/dev/shm}/ablate.XXXXXX")
trap 'rm -rf "$work" "$shared"' EXIT
export ABLATE_DB=$PWD/$work/store.db

# What a command takes: seconds on the wall, seconds of the processor, and the most memory.
measured() {
    local what=$1 most=0 user=0 system=0 now began=$EPOCHREALTIME
    shift
    "$@" > "$work/said" 2>&1 &
    local process=$!
    while now=$(awk '/VmHWM/ { print $2 }' "/proc/$process/status" 2> /dev/null) && [ -n "$now" ]; do
        most=$now
        read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ < "/proc/$process/stat" || break
        sleep 0.2
    done
    wait "$process" || true
    awk -v what="$what" -v wall="$(bc <<< "$EPOCHREALTIME - $began")" -v most="$most" \
        -v ticks="$((user + system))" -v rate="$(getconf CLK_TCK)" \
        'BEGIN { printf "%s: %.0f s, of which %.0f s of the processor; %.0f MB\n", what, wall, ticks / rate, most / 1024 }'
    tail -n 1 "$work/said" | sed 's/^/    /'
}

experiment() {
    cat <<TOML
[experiment]
question = "How long does it take to collect them?"
seeds = $1

[grid]
train_size = 200
width = 16
epochs = 30
batch_size = 50
pretraining_epochs = 1
patience = "never"
learning_rate = [$(seq -s, 0.001 0.001 "$2")]

[variant.contractive]
lambda = [$(seq -s, 0.002 0.002 "$3")]
TOML
}

experiment 50 "$(bc <<< "scale=3; $runs / 5000 / 1000")" 0.2 > "$work/many.toml"
experiment 1 0.001 0.002 > "$work/one.toml"
ABLATE_DB=$work/one.db "$ablate" launch "$work/one.toml" --dir "$shared/one" --executor parallel --quiet > /dev/null
"$ablate" worker "$shared/one" --task 0 --quiet

echo "$runs runs in $tasks tasks"
measured launch "$ablate" launch "$work/many.toml" --dir "$shared/many" --executor parallel \
    --chunk $((runs / tasks)) --max-runs "$runs"
"$fill" "$shared/many" "$shared/one" ${bare:+"$bare"}
du -sh --apparent-size "$shared/many/plans" "$shared/many/shards" | awk '{ print $2 ": " $1 }' | sed "s|$shared/many/||"
measured status "$ablate" status "$shared/many"
measured collect "$ablate" collect "$shared/many"
measured "collect again" "$ablate" collect "$shared/many"
measured resume "$ablate" launch --resume "$shared/many" --executor parallel --dry-run
echo "store: $(du -m --apparent-size "$ABLATE_DB" | cut -f1) MB"
