#!/usr/bin/env bash
# faults.sh [--quick] [--only WORD] [ABLATE]: hurts sweeps in every way that is known and prints one table of
# what was lost, trained twice or changed, all of which should be nothing. Without a program it builds one.
# Exit code 1 if anything was, or if the program did not say what it should have.
set -euo pipefail
here=$(cd "$(dirname "$0")"; pwd)
options=() program=
while [ $# -gt 0 ]; do
    case $1 in
        --quick) options+=("$1") ;;
        --only) options+=("$1" "${2:?a word of the faults to inject}"); shift ;;
        -*) echo "faults.sh [--quick] [--only WORD] [ABLATE]" >&2; exit 2 ;;
        *) program=$(realpath "$1") ;;
    esac
    shift
done
if ! command -v python3 >/dev/null; then
    echo "faults.sh needs python3, of which the standard library is enough" >&2
    exit 2
fi
if [ -z "$program" ]; then
    (cd "$here/.." && cargo build --release --quiet --locked)
    program=$here/../target/release/ablate
fi
exec env PYTHONDONTWRITEBYTECODE=1 python3 "$here/faults" "$program" "${options[@]}"
