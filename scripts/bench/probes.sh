#!/usr/bin/env bash
# What each probe costs beside the training that it describes: 784-200-200 on mnist-5k, 20 epochs of
# greedy pretraining a layer and 60 of fine-tuning, one worker. In each round a network is trained anew
# and every probe measures it; printed are medians over the rounds, and their ratio.
#
#     scripts/bench/probes.sh [ROUNDS] [KEY=VALUE...]       5 rounds if not given
#
# KEY=VALUE is set as by `ablate sweep --set`: width=1000, dataset=mnist. Nothing else should run
# meanwhile.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-5}
shift || true
cargo build --release --quiet --locked --bin ablate
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/probes.toml" << 'EXPERIMENT'
[experiment]
question = "What does a probe cost beside the training that it describes?"
seeds = 1

[grid]
depth = 2
pretraining_epochs = 20
epochs = 60
patience = "never"
EXPERIMENT
set=()
for pair in "$@"; do set+=(--set "$pair"); done
ablate() { target/release/ablate --quiet --db "$work/$round.db" "$@"; }

for round in $(seq "$rounds"); do
    ablate sweep "$work/probes.toml" --jobs 1 ${set[@]+"${set[@]}"} > /dev/null
    ablate sql "SELECT 'training', seconds FROM runs" --format csv | tail -n 1 >> "$work/times"
    probes=$(ablate list probes --format csv | sed '1d; s/,.*//; s/^/--probe /')
    # shellcheck disable=SC2086
    ablate probe "seed == 0" $probes --jobs 1 --log ablate_autoencoder=debug 2>&1 > /dev/null |
        sed 's/\x1b\[[0-9;]*m//g' |
        sed -n 's/.* probe="\([^"]*\)" seconds=\([^ ]*\).*/\1,\2/p' |
        awk -F, '{ sum[$1] += $2 } END { for (name in sum) print name "," sum[name] }' >> "$work/times"
    echo "round $round of $rounds" >&2
done
sort -t, -k1,1 -k2,2g "$work/times" | awk -F, '
    { times[$1, ++count[$1]] = $2 }
    END {
        for (name in count) median[name] = times[name, int((count[name] + 1) / 2)]
        printf "training: %.2f s\n", median["training"]
        for (name in median) if (name != "training") {
            sum += median[name]
            printf "%s: %.3f s, %.1f %%\n", name, median[name], 100 * median[name] / median["training"] | "sort"
        }
        close("sort")
        printf "all of them: %.2f s, %.0f %%\n", sum, 100 * sum / median["training"]
    }'
