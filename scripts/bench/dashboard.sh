#!/usr/bin/env bash
# The dashboard beside MLflow's UI and the Optuna dashboard, over the same runs, in turns on this machine:
# what a browser must load and how long it takes until rows can be read, the memory of the servers, and
# whether a sweep takes longer while somebody watches it. Times mean something only beside each other.
#
#     scripts/bench/dashboard.sh [RUNS] [ROUNDS]    10000 and 5 if not given
#
# It needs `chromium` and python3; MLflow, the Optuna dashboard and Playwright are installed into
# target/bench/dashboards. The peers' stores are filled once (minutes) and kept there, too; STORES names
# another folder for stores. It builds what it needs, or takes it from the folder PROGRAMS. A picture of each
# page at the moment when its rows can be read stays in target/bench, as dashboard-PEER.png.
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-10000} rounds=${2:-5}
target=${CARGO_TARGET_DIR:-target}
place=${STORES:-$target/bench} env=$target/bench/dashboards
python=$env/bin/python
mkdir -p "$place"
if [ ! -x "$env/bin/optuna-dashboard" ]; then
    python3 -m venv "$env"
    "$python" -m pip install --quiet mlflow==3.17.2 optuna==5.0.0 optuna-dashboard==0.21.0 playwright
fi
programs=${PROGRAMS:-}
if [ -z "$programs" ]; then
    cargo build --release --quiet --locked --workspace --bins --examples
    programs=$target/release
fi
ablate=$programs/ablate many=$programs/examples/many_runs
measure="$python scripts/bench/dashboard.py"
work=$(mktemp -d "$place/work.XXXXXX")
servers=()
finish() {
    if [ $? -ne 0 ]; then tail -n 5 "$work"/*.log >&2 || true; fi
    for server in "${servers[@]}"; do kill "$server" 2> /dev/null || true; done
    wait 2> /dev/null || true
    rm -rf "$work"
}
trap finish EXIT

"$many" store "$work/ablate.db" "$runs" 100 > "$work/out"
for peer in mlflow optuna; do
    [ -e "$place/dashboard-$peer-$runs" ] && continue
    echo "storing $runs runs for $peer, once" >&2
    $measure fill "$peer" "$work/once" "$runs" && mv "$work/once" "$place/dashboard-$peer-$runs"
done

export MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true
"$ablate" --db "$work/ablate.db" serve --port 8201 > "$work/ablate.log" 2>&1 &
servers+=($!)
"$env/bin/mlflow" server --workers 1 --port 8202 \
    --backend-store-uri "sqlite:///$place/dashboard-mlflow-$runs" > "$work/mlflow.log" 2>&1 &
servers+=($!)
"$env/bin/optuna-dashboard" --port 8203 "$place/dashboard-optuna-$runs" > "$work/optuna.log" 2>&1 &
servers+=($!)
$measure views "$rounds" "$target/bench" "${servers[@]}"

cat > "$work/watched.toml" << 'EOF'
[experiment]
question = "Does watching slow a sweep down?"
seeds = 8

[grid]
train_size = 1000
width = 50
depth = [1, 2]
pretraining = ["none", "greedy"]
pretraining_epochs = 5
epochs = 10
patience = "never"
EOF
sweep() {
    rm -f "$work"/watched.db*
    "$ablate" --db "$work/watched.db" sweep "$work/watched.toml" --quiet --set epochs=1 --set seeds=1 > "$work/out"
    local watcher=
    if [ "$1" = watched ]; then
        "$ablate" --db "$work/watched.db" serve --port 8204 > "$work/watched.log" 2>&1 &
        watcher=$!
        servers+=("$watcher")
        $measure watch > "$work/watch.log" 2>&1 &
        servers+=($!)
        sleep 2
    fi
    local began=$EPOCHREALTIME
    "$ablate" --db "$work/watched.db" sweep "$work/watched.toml" --quiet > "$work/out"
    awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN { print to - from }' >> "$work/$1.times"
    if [ -n "$watcher" ]; then kill "${servers[@]: -2}"; servers=("${servers[@]:0:${#servers[@]}-2}"); fi
}
median() { sort -g "$work/$1.times" | awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }'; }
for _ in $(seq "$rounds"); do
    sweep alone
    sweep watched
done
awk -v a="$(median alone)" -v b="$(median watched)" \
    'BEGIN { printf "a sweep: %.2f s alone; %.2f s with an open page that follows it, %.3f times that\n", a, b, b / a }'
