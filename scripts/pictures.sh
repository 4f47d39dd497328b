#!/usr/bin/env bash
# Draws the pictures of crates/autoencoder/variants again: sweeps experiments/pictures.toml, a few
# minutes, into target/pictures or where ABLATE_DB says, and draws what it trained.
#
#     scripts/pictures.sh [FOLDER]      crates/autoencoder/pictures if not given
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-crates/autoencoder/pictures}
export ABLATE_DB=${ABLATE_DB:-target/pictures/ablate.db}
mkdir -p "$folder" "$(dirname "$ABLATE_DB")"
cargo build --release --quiet --locked --bin ablate
ablate="target/release/ablate --quiet"
$ablate sweep experiments/pictures.toml > /dev/null

# The run of experiments/pictures.toml with that variant.
run() {
    $ablate query "experiment == 'pictures' and variant == '$1'" --columns id --format csv | tail -n 1
}

for variant in basic denoising contractive; do
    $ablate filters "$(run $variant)" --units 64 --force -o "$folder/filters-$variant.png"
done
$ablate reconstruct "$(run denoising)" --force -o "$folder/reconstruct-denoising.png"
for variant in rbm basic+vae basic+adversarial; do
    $ablate samples "$(run $variant)" --images 64 --force -o "$folder/samples-${variant#basic+}.png"
done
