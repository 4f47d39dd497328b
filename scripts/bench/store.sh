#!/usr/bin/env bash
# The store beside MLflow's SQLite store and beside plain SQLite, in turns on this machine: runs of 10
# parameters, 10 metrics and curves of 100 points. Times mean something only beside each other.
#
#     scripts/bench/store.sh [RUNS] [BATCH] [ROUNDS] [LARGE]    10000, 300, 5 and 1000000 if not given
#
# Storing: RUNS runs by ablate and by plain SQLite, BATCH of them by MLflow, which takes so long; their
# times a run are compared. Asking: all three of RUNS runs. LARGE runs, without curves, are ablate's
# alone; 0 leaves them out. MLflow's RUNS and ablate's LARGE are stored once (10 minutes each), into
# target/bench or where STORES says, and are there the next time. MLflow is installed into target/bench,
# or used from where MLFLOW_PYTHON says.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-10000} batch=${2:-300} rounds=${3:-5} large=${4:-1000000} points=100
stores=${STORES:-target/bench}
python=${MLFLOW_PYTHON:-target/bench/mlflow/bin/python}
mkdir -p "$stores"
if [ ! -x "$python" ]; then
    python3 -m venv target/bench/mlflow
    "$python" -m pip install --quiet mlflow==3.17.2
fi
cargo build --release --quiet --locked --workspace --bins --examples
ablate=target/release/ablate many=target/release/examples/many_runs
mlflow="$python scripts/bench/store_mlflow.py"
work=$(mktemp -d "$stores/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Seconds that a command takes, from its start to its end, into a file of times.
time_of() {
    local times="$work/$1.times" began=$EPOCHREALTIME
    shift
    "$@" > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; exit 1; }
    awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.6f\n", to - from }' >> "$times"
}
median() { sort -g "$work/$1.times" | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3g", a / b }'; }
a_run() { ratio "$(median "$1")" "$2"; }
size() { cat "$1"* | wc -c; }
milliseconds() { awk -v t="$1" 'BEGIN { printf "%.3g ms", 1000 * t }'; }
# A store that takes long to fill gets its name when it is whole.
stored() {
    local file=$1
    shift
    [ -e "$file" ] && return
    echo "storing $(basename "$file"), once" >&2
    "$@" > "$work/out" && mv "$work/once.db" "$file"
}

for round in $(seq "$rounds"); do
    rm -f "$work"/*.db*
    time_of store "$many" store "$work/ablate.db" "$runs" $points
    time_of plain "$many" plain "$work/plain.db" "$runs" $points
    $mlflow fill "$work/mlflow.db" "$batch" $points >> "$work/fill.times"
    echo "stored, round $round of $rounds" >&2
done
ours=$(a_run store "$runs") plain=$(a_run plain "$runs") theirs=$(a_run fill "$batch")
echo "storing a run: ablate $(milliseconds "$ours"); MLflow $(milliseconds "$theirs")," \
    "$(ratio "$theirs" "$ours") times that; plain SQLite, a row a point, $(milliseconds "$plain")," \
    "$(ratio "$plain" "$ours") times that"

stored "$stores/mlflow-$runs.db" $mlflow fill "$work/once.db" "$runs" $points
ours=$(($(size "$work/ablate.db") / runs)) plain=$(($(size "$work/plain.db") / runs))
theirs=$(($(size "$stores/mlflow-$runs.db") / runs))
echo "bytes a run: ablate $ours; MLflow $theirs, $(ratio "$theirs" "$ours") times that; plain SQLite," \
    "a row a point, $plain, $(ratio "$plain" "$ours") times that"

best=(query "p0 != 0 and m0 < 0.5" --sort m1 --limit 20)
grouped=(query --group-by p0 --metric "m0,m1")
"$ablate" "${best[@]}" --db "$work/ablate.db" > "$work/warm" 2>&1
for _ in $(seq "$rounds"); do
    time_of query "$ablate" "${best[@]}" --db "$work/ablate.db"
    time_of select "$many" select "$work/ablate.db"
    "$many" find "$work/ablate.db" >> "$work/find.times"
    $mlflow search "$stores/mlflow-$runs.db" >> "$work/search.times"
    time_of mlflow $mlflow search "$stores/mlflow-$runs.db"
    time_of group "$ablate" "${grouped[@]}" --db "$work/ablate.db"
done
ours=$(median find) theirs=$(median search)
echo "the best 20 of $runs runs, in process: ablate $(milliseconds "$ours"); mlflow.search_runs" \
    "$(milliseconds "$theirs"), $(ratio "$theirs" "$ours") times that"
ours=$(median query) theirs=$(median mlflow) plain=$(median select)
echo "the same as a process: ablate query $(milliseconds "$ours"); MLflow $(milliseconds "$theirs")," \
    "$(ratio "$theirs" "$ours") times that; a plain select by SQLite $(milliseconds "$plain"), of which" \
    "ablate's is $(ratio "$ours" "$plain") times"
echo "grouped, with statistics over seeds: ablate query $(milliseconds "$(median group)")"

[ "$large" -eq 0 ] && exit 0
stored "$stores/large-$large.db" "$many" store "$work/once.db" "$large" 0
"$ablate" "${best[@]}" --db "$stores/large-$large.db" > "$work/warm" 2>&1
for _ in $(seq "$rounds"); do
    time_of large-query "$ablate" "${best[@]}" --db "$stores/large-$large.db"
    time_of large-group "$ablate" "${grouped[@]}" --db "$stores/large-$large.db"
done
echo "$large runs without curves, $(($(size "$stores/large-$large.db") / large)) bytes each: the best 20" \
    "$(milliseconds "$(median large-query)"), grouped $(milliseconds "$(median large-group)")"
