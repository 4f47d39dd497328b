#!/usr/bin/env bash
# Trains the experiments of the literature and writes their tables, claims and runs.
#
#   scripts/reproduce.sh [--quick] [EXPERIMENT...]     all of them where none is named
#
# Without --quick: the scale of the files, into results/EXPERIMENT/ (their runs into results/ablate.db).
# With --quick: the same tables at small scale, into results/quick/EXPERIMENT/ (results/quick.db).
# Started again it trains only what is missing and writes everything anew. Ends with 1 if a sweep did
# not end well; a claim that is not supported is a result, no failure.
#
# ABLATE names the program (without it, it is built), JOBS the trainings at a time, ABLATE_DATA the
# folder of the full datasets, which larochelle alone needs (scripts/fetch_data.sh).
set -euo pipefail
cd "$(dirname "$0")/.."

experiments="depth-pretraining contraction robustness few-labels lambda-sigma linear-probe deep-autoencoder optimizers-revisited larochelle"

usage() { sed -n '4p;7,12p' "$0" | sed 's/^# \{0,1\}//'; echo "experiments: $experiments"; }

quick=""
chosen=""
for word in "$@"; do
    case "$word" in
        --quick) quick=yes ;;
        -h | --help) usage; exit 0 ;;
        *)
            case " $experiments " in
                *" $word "*) chosen="$chosen $word" ;;
                *) echo "reproduce.sh: no experiment \`$word\`" >&2; usage >&2; exit 2 ;;
            esac ;;
    esac
done
chosen=${chosen:-$experiments}

# What makes an experiment small, one KEY=VALUE a line. Of two for one key the later wins.
small() {
    echo seeds=4
    [ "$1" = few-labels ] || echo train_size=1000
    case "$1" in
        depth-pretraining) printf '%s\n' epochs=60 pretraining_epochs=15 batch_size=20 'learning_rate=[1.0, 4.0]' ;;
        few-labels) printf '%s\n' labels='[100, 300, 1000]' epochs=100 pretraining_epochs=10 width=100 batch_size=20 ;;
        deep-autoencoder) printf '%s\n' epochs=40 pretraining_epochs=20 batch_size=20 ;;
        larochelle) printf '%s\n' test_size=1000 epochs=15 pretraining_epochs=5 width=100 batch_size=20 ;;
        linear-probe) printf '%s\n' epochs=10 pretraining_epochs=10 width=100 batch_size=20 ;;
        *) printf '%s\n' epochs=15 pretraining_epochs=15 width=100 batch_size=20 ;;
    esac
    case "$1" in
        lambda-sigma) printf '%s\n' seeds=3 learning_rate=1.0 ;;
    esac
}

# Minutes that two idle cores take, about: at the scale of the file, with --quick.
minutes() {
    case "$1" in
        depth-pretraining) echo 25 2 ;;
        contraction | robustness) echo 45 8 ;;
        few-labels) echo 4 1 ;;
        lambda-sigma) echo 5 1 ;;
        deep-autoencoder) echo 5 6 ;;
        larochelle) echo 80 4 ;;
        linear-probe) echo 3 1 ;;
        *) echo 6 1 ;;
    esac
}

if [ -z "${ABLATE:-}" ]; then
    cargo build --release --locked --package ablate
    ABLATE=target/release/ablate
fi

if [ -n "$quick" ]; then folder=results/quick; store=results/quick.db; else folder=results; store=results/ablate.db; fi
mkdir -p "$folder"
jobs=${JOBS:-$(getconf _NPROCESSORS_ONLN)}

ablate() { "$ABLATE" --db "$store" "$@"; }

# The names of the tables that the file $1 declares.
tables() { awk '/^\[/ { inside = ($0 == "[[table]]") } inside && /^name = / { gsub(/^name = "|"$/, ""); print }' "$1"; }

# The commit, and whether anything but results differs from it.
commit() {
    local word
    word=$(git rev-parse --short=12 HEAD 2>/dev/null) || { echo unknown; return; }
    git diff --quiet HEAD -- . ':!results' && echo "$word" || echo "$word-dirty"
}

# Where the numbers of the experiment $1 come from; $2 is the seconds used, what follows its `--set`s.
provenance() {
    local name=$1 seconds=$2
    shift 2
    printf '# Provenance of %s\n\n| | |\n|---|---|\n' "$name"
    row() { printf '| %s | %s |\n' "$1" "$2"; }
    row commit "$(commit)"
    row program "$("$ABLATE" --version), sha256 $(sha256sum "$ABLATE" | cut -c 1-16)"
    row compiler "$(rustc --version 2>/dev/null || echo unknown)"
    row machine "$(uname -sm), $(getconf _NPROCESSORS_ONLN) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | sort -u | head -1)"
    row "changed from the file" "${*:-nothing}"
    row "seconds of this call" "$seconds, $jobs trainings at a time"
    row "written at" "$(date -u '+%Y-%m-%d %H:%M UTC')"
    printf '\n'
    ablate sql --format md "SELECT state, count(*) AS runs, round(sum(seconds), 1) AS seconds_of_training FROM runs WHERE id IN ($(ids "$name")) GROUP BY state"
}

# The ids of the runs of the experiment $1, for SQL.
ids() { ablate query "experiment == '$1'" --columns id --format csv | tail -n +2 | sed "s/.*/'&'/" | paste -sd, -; }

reproduce() {
    local name=$1 file=experiments/$1.toml out=$folder/$1 started sets=() line table slug failed=0
    echo "reproduce.sh: $name" >&2
    if [ -n "$quick" ]; then
        while IFS= read -r line; do sets+=(--set "$line"); done < <(small "$name")
    fi
    mkdir -p "$out"
    started=$(date +%s)
    ablate sweep --jobs "$jobs" "$file" ${sets[@]+"${sets[@]}"} >"$out/answer.txt" || failed=$?
    # 3 is also the word for a claim that is not supported.
    if [ "$failed" != 0 ] && [ "$failed" != 3 ]; then
        echo "reproduce.sh: the sweep of $name ended with $failed" >&2
        return 1
    fi
    : >"$out/tables.md"
    while IFS= read -r table; do
        slug=$(printf '%s' "$table" | tr 'A-Z ' 'a-z-')
        ablate table "$file" "$table" ${sets[@]+"${sets[@]}"} --quiet --format md >>"$out/tables.md"
        printf '\n' >>"$out/tables.md"
        ablate table "$file" "$table" ${sets[@]+"${sets[@]}"} --quiet --format latex >"$out/$slug.tex"
        ablate table "$file" "$table" ${sets[@]+"${sets[@]}"} --quiet --format csv >"$out/$slug.csv"
    done < <(tables "$file")
    for line in text:txt md:md csv:csv; do
        ablate claims "$file" ${sets[@]+"${sets[@]}"} --quiet --format "${line%:*}" >"$out/claims.${line#*:}" || [ $? = 3 ]
    done
    ablate query "experiment == '$name'" --columns filled --format csv >"$out/runs.csv"
    # Pictures where the program draws them.
    if "$ABLATE" plot --help >/dev/null 2>&1; then
        ablate plot "$file" ${sets[@]+"${sets[@]}"} --all "$out/plots" --force
    fi
    provenance "$name" $(($(date +%s) - started)) ${sets[@]+"${sets[@]}"} >"$out/provenance.md"
    echo "reproduce.sh: $name is in $out" >&2
}

# Every claim of every experiment that is in the folder, with its verdict and what decided it: one table.
overview() {
    printf '# Claims at a glance\n\n'
    printf 'Written by `scripts/reproduce.sh%s`. Several numbers: one a part of the claim.\n\n' "${quick:+ --quick}"
    printf '| experiment | claim | verdict | measured |\n|---|---|---|---|\n'
    for name in $experiments; do
        [ -f "$folder/$name/claims.txt" ] || continue
        awk -v name="$name" '
            function flush() { if (claim != "") printf "| [%s](%s/claims.md) | %s | %s | %s |\n", name, name, claim, verdict, found }
            /^(supported|refuted|undecided): / {
                flush()
                verdict = $1; sub(/:$/, "", verdict); if (verdict == "refuted") verdict = "**refuted**"
                claim = $0; sub(/^[a-z]*: /, "", claim); found = ""
            }
            /^ *step to / && !/not as claimed/ { next }
            /^  .*: .*\[.*n = / { line = $0; sub(/^ */, "", line); sub(/: (supported|refuted|undecided)$/, "", line)
                found = found (found == "" ? "" : "; ") line }
            /too few to say|^  no run with|^  the values do not differ/ { line = $0; sub(/^ */, "", line); if (found == "") found = line }
            END { flush() }' "$folder/$name/claims.txt"
    done
}

total=0
for name in $chosen; do
    read -r long short <<<"$(minutes "$name")"
    if [ -n "$quick" ]; then total=$((total + short)); else total=$((total + long)); fi
done
echo "reproduce.sh:$chosen: about $total minutes on two idle cores, less what is in $store" >&2
bad=""
for name in $chosen; do
    # Not `reproduce || ...`: what is left of `||` goes on after an error.
    set +e
    (set -e; reproduce "$name")
    status=$?
    set -e
    [ "$status" = 0 ] || bad="$bad $name"
done
overview >"$folder/claims.md"
if [ -n "$bad" ]; then echo "reproduce.sh: not reproduced:$bad" >&2; exit 1; fi
