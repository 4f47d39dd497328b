#!/usr/bin/env bash
# The store beside MLflow's SQLite store and beside plain SQLite, in turns on this machine: runs of 10
# parameters, 10 metrics and curves of 100 points. Times mean something only beside each other.
#
#     scripts/bench/store.sh [RUNS] [MLFLOW_RUNS] [ROUNDS]    10000, 1000 and 5 if not given
#
# MLflow is installed into a folder of its own in target/bench, or used from where MLFLOW_PYTHON says.
# Its store is filled with MLFLOW_RUNS runs only, for it takes so long; its times a run are compared.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-10000} mlflow_runs=${2:-1000} rounds=${3:-5} points=100
bench=target/bench
python=${MLFLOW_PYTHON:-$bench/mlflow/bin/python}
mkdir -p "$bench"
if [ ! -x "$python" ]; then
    python3 -m venv "$bench/mlflow"
    "$python" -m pip install --quiet mlflow==3.17.2
fi
cargo build --release --quiet --locked
cargo build --release --quiet --locked --package ablate-records --example many_runs
ablate=target/release/ablate many=target/release/examples/many_runs
work=$(mktemp -d "$bench/stores.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Seconds that a command takes, from its start to its end.
seconds() {
    local began=$EPOCHREALTIME
    "$@" > "$work/out" 2> "$work/err" || { cat "$work/err" >&2; exit 1; }
    awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.4f\n", to - from }'
}
median() { sort -g "$1" | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3g", a / b }'; }
size() { cat "$1" "$1-wal" 2> /dev/null | wc -c; }
# The median over all rounds of the times in a file, a run.
a_run() { awk -v t="$(median "$work/$1.times")" -v n="$2" 'BEGIN { print t / n }'; }

echo "storing runs, $rounds rounds in turns"
for round in $(seq "$rounds"); do
    rm -f "$work"/*.db*
    seconds "$many" store "$work/ablate.db" "$runs" $points >> "$work/store.times"
    seconds "$many" plain "$work/plain.db" "$runs" $points >> "$work/plain.times"
    "$python" scripts/bench/store_mlflow.py fill "$work/mlflow.db" "$mlflow_runs" $points >> "$work/fill.times"
    echo "  round $round of $rounds"
done
ours=$(a_run store "$runs") plain=$(a_run plain "$runs") theirs=$(a_run fill "$mlflow_runs")
echo "a run stored: MLflow takes $(ratio "$theirs" "$ours") times as long as ablate," \
    "plain SQLite (a row a point) $(ratio "$plain" "$ours") times as long"
ours=$(($(size "$work/ablate.db") / runs)) plain=$(($(size "$work/plain.db") / runs))
theirs=$(($(size "$work/mlflow.db") / mlflow_runs))
echo "bytes a run: MLflow $theirs, $(ratio "$theirs" "$ours") times as many as ablate ($ours);" \
    "plain SQLite $plain, $(ratio "$plain" "$ours") times as many"

echo "the best 20 of a filter: ablate and plain SQLite over $runs runs, MLflow over $mlflow_runs"
query=(query "p0 >= 3 and m0 < 0.5" --sort m1 --limit 20 --columns id,p0,m0,m1 --db "$work/ablate.db")
for _ in $(seq "$rounds"); do
    seconds "$ablate" "${query[@]}" >> "$work/query.times"
    seconds "$many" select "$work/ablate.db" >> "$work/select.times"
    seconds "$ablate" query --group-by p0 --metric m0,m1 --db "$work/ablate.db" >> "$work/group.times"
    "$python" scripts/bench/store_mlflow.py search "$work/mlflow.db" >> "$work/search.times"
done
ours=$(median "$work/query.times") plain=$(median "$work/select.times")
echo "MLflow's search alone takes $(ratio "$(median "$work/search.times")" "$ours") times as long as" \
    "the whole process of ablate query, which takes $(ratio "$ours" "$plain") times as long as the" \
    "process of the plain select ($ours s and $plain s here)"
echo "grouped with statistics: $(ratio "$(median "$work/group.times")" "$plain") times the plain select"
