#!/usr/bin/env bash
# How fast training is on this machine, in GFLOP/s of one thread: a row for each network, objective,
# optimizer and batch size.
#
#     scripts/bench/train.sh                    beside the bare matrix products, a few minutes
#     scripts/bench/train.sh adam 128           the rows with all of these words
#     scripts/bench/train.sh --peers [words]    beside Candle as it comes, PyTorch and JAX too: they are
#                                               installed into target/peers (several GB) unless they
#                                               are there; about half an hour
#     scripts/bench/train.sh --two [words]      one training beside two at once
#
# Whatever is compared is run in turns; each row is of medians. Nothing else should run meanwhile.
set -euo pipefail
cd "$(dirname "$0")/../.."

bench() {
    cargo bench --quiet --package ablate-autoencoder --bench training -- "$@"
}

case "${1:-}" in
--peers)
    shift
    venv=target/peers
    if ! "$venv/bin/python" -c 'import jax, torch' 2>/dev/null; then
        python3 -m venv "$venv"
        "$venv/bin/pip" install --quiet torch jax numpy
    fi
    program=$(cargo bench --package ablate-autoencoder --bench training --no-run 2>&1 |
        sed -n 's/.*Executable .*(\(.*\))$/\1/p')
    "$venv/bin/python" scripts/bench/peers/turns.py "$(realpath "$program")" 5 "$@"
    ;;
--two)
    shift
    bench --rows | python3 -c '
import json, sys
for row in json.load(sys.stdin):
    if all(word in row["name"] for word in sys.argv[1:]):
        print(row["name"])' "$@" | while read -r name; do
        bench --two "$name" </dev/null
    done
    ;;
*)
    bench "$@"
    ;;
esac
