#!/usr/bin/env bash
# The `unsafe` code of the workspace: where it is, that each block says why it is sound, and its tests under
# Miri and AddressSanitizer.
#
#   scripts/unsafe.sh [list | miri | asan]...     all of them where none is named
#
# `list` needs nothing. `miri` and `asan` need a nightly toolchain (with the component miri), and are skipped,
# loudly, without. What they build goes to target/unsafe; the first time takes some minutes.
# Ends with 1 if anything is found.
set -euo pipefail
cd "$(dirname "$0")/.."

# Where `unsafe` may stand, and the tests that go through it.
allowed="crates/autoencoder/src/engine/products.rs"
tests="engine::products"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target/unsafe} CARGO_TERM_COLOR=never

skip() { echo "SKIPPED: $1" >&2; }

list() {
    local found block lines
    found=$(grep -rlE --include='*.rs' '\bunsafe\s*(\{|fn|impl|trait|extern)' crates | sort | tr '\n' ' ')
    if [ "${found% }" != "$allowed" ]; then
        echo "unsafe code stands in: ${found:-no file}; allowed is: $allowed" >&2
        return 1
    fi
    for file in $found; do
        while IFS=: read -r block _; do
            lines=$(sed -n "$((block > 6 ? block - 6 : 1)),${block}p" "$file")
            if ! grep -q '// SAFETY: ' <<< "$lines"; then
                echo "$file:$block: no SAFETY comment" >&2
                return 1
            fi
            echo "$file:$block: $(sed -n 's/^ *\/\/ SAFETY: //p' <<< "$lines")"
        done < <(grep -nE '\bunsafe\s*(\{|fn|impl|trait|extern)' "$file")
    done
}

nightly() { cargo +nightly --version > /dev/null 2>&1; }

# Miri interprets: of `gemm` it sees the portable kernels, at sides that it can do in a minute.
miri() {
    if ! nightly || ! cargo +nightly miri --version > /dev/null 2>&1; then
        skip "no Miri (rustup toolchain install nightly --component miri rust-src)"
        return 0
    fi
    MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-permissive-provenance" \
        cargo +nightly miri test --package ablate-autoencoder --lib "$tests"
}

# The kernels that this processor really runs, with every access checked.
asan() {
    if ! nightly; then
        skip "no AddressSanitizer (rustup toolchain install nightly)"
        return 0
    fi
    local host
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS=-Zsanitizer=address cargo +nightly test --target "$host" --package ablate-autoencoder --lib engine
}

for part in "${@:-list miri asan}"; do
    for word in $part; do
        case "$word" in
            list | miri | asan) echo "== $word"; "$word" ;;
            *) sed -n '5p' "$0" | sed 's/^# *//' >&2; exit 2 ;;
        esac
    done
done
