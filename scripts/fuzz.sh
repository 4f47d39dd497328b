#!/usr/bin/env bash
# libFuzzer on the targets of fuzz/, one after another, and a table of what came of it.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]     60 seconds each, and all of them, if not given
#
# It needs a nightly toolchain, a C++ compiler and cargo-fuzz, and is skipped, loudly, without. It goes on from
# what earlier calls found (target/fuzz/corpus); inputs that crash, take 20 seconds or 1 GiB are kept in
# target/fuzz/found. Ends with 1 if there are any.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
place=${CARGO_TARGET_DIR:-target}/fuzz
if ! cargo +nightly fuzz --version > /dev/null 2>&1; then
    echo "SKIPPED: no cargo-fuzz under a nightly toolchain (cargo install cargo-fuzz)" >&2
    exit 0
fi
# The program has no unsafe code of its own on these paths, so that sanitizers would find nothing and cost much.
CARGO_TARGET_DIR=$place cargo +nightly fuzz build --sanitizer none >&2
host=$(rustc -vV | sed -n 's/^host: //p')
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
bad=0
mkdir -p "$place/found"
printf '%-12s%14s%12s%12s  %s\n' target executions branches 'peak MB' found
for target in "$@"; do
    mkdir -p "$place/corpus/$target"
    seeds=(fuzz/cases/"$target")
    [ "$target" = experiment ] && seeds+=(experiments)
    log=$place/$target.log
    found=nothing
    "$place/$host/release/$target" "$place/corpus/$target" "${seeds[@]}" -max_total_time="$seconds" \
        -rss_limit_mb=1024 -timeout=20 -artifact_prefix="$place/found/$target-" -print_final_stats=1 > "$log" 2>&1 ||
        { found="see $log" bad=1; }
    final() { sed -n "s/^stat::$1: *//p" "$log"; }
    branches=$(grep -o ' cov: [0-9]*' "$log" | tail -1 | grep -o '[0-9]*' || true)
    printf '%-12s%14s%12s%12s  %s\n' "$target" "$(final number_of_executed_units)" "$branches" "$(final peak_rss_mb)" "$found"
done
exit $bad
