#!/usr/bin/env bash
# What each probe costs beside the training that it describes: 784-200-200 on mnist-5k, 20 epochs of
# greedy pretraining a layer and 60 of fine-tuning, one worker. Each round trains the network anew and
# measures it by every probe; printed are medians over the rounds, and their ratio.
#
#     scripts/bench/probes.sh [ROUNDS] [KEY=VALUE...]       5 rounds if not given
#
# KEY=VALUE is set as by `ablate sweep --set`: width=1000, dataset=mnist. The program is built, or the
# one that ABLATE names. Nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
shift || true
if [ -z "${ABLATE:-}" ]; then
    cargo build --release --quiet --locked --bin ablate
    ABLATE=target/release/ablate
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
probes=$("$ABLATE" list probes --format csv | sed -n '/,on request,/ { s/,.*//; s/.*/"&"/; p; }')
cat > "$work/probes.toml" << EXPERIMENT
[experiment]
question = "What does a probe cost beside the training that it describes?"
seeds = 1
probes = [${probes//$'\n'/, }]

[grid]
depth = 2
pretraining_epochs = 20
epochs = 60
patience = "never"
EXPERIMENT
set=()
for pair in "$@"; do set+=(--set "$pair"); done

for round in $(seq "$rounds"); do
    "$ABLATE" --quiet --db "$work/$round.db" sweep "$work/probes.toml" --jobs 1 \
        --log ablate_autoencoder=debug ${set[@]+"${set[@]}"} 2>&1 > /dev/null |
        sed 's/\x1b\[[0-9;]*m//g' |
        sed -n 's/.* probe="\([^"]*\)" seconds=\([^ ]*\).*/\1,\2/p' > "$work/lines"
    "$ABLATE" --quiet --db "$work/$round.db" sql "SELECT seconds FROM runs" --format csv |
        sed -n 's/^[0-9]/whole,&/p' >> "$work/lines"
    # The time of a run is that of its training and of all that was measured at its end.
    awk -F, '
        $1 == "whole" { training += $2; next }
        { times[$1] += $2; training -= $2 }
        END { print "training," training; for (name in times) print name "," times[name] }
    ' "$work/lines" >> "$work/times"
    echo "round $round of $rounds" >&2
done
sort -t, -k1,1 -k2,2g "$work/times" | awk -F, '
    { times[$1, ++count[$1]] = $2 }
    END {
        for (name in count) median[name] = times[name, int((count[name] + 1) / 2)]
        training = median["training"]
        printf "training: %.2f s\n", training
        for (name in median) if (name != "training") {
            sum += median[name]
            printf "%s: %.3f s, %.1f %%\n", name, median[name], 100 * median[name] / training | "sort"
        }
        close("sort")
        printf "all of them: %.2f s, %.0f %%\n", sum, 100 * sum / training
    }'
