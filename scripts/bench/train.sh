#!/bin/sh
# How fast training is on this machine, beside the bare matrix products of the same shapes: a row
# for each network, optimizer and batch size, in GFLOP/s of one thread.
#
#     scripts/bench/train.sh             all rows, about a minute
#     scripts/bench/train.sh adam 128    the rows with all of these words
set -eu
cd "$(dirname "$0")/../.."
exec cargo bench --package ablate-autoencoder --bench training -- "$@"
