#!/usr/bin/env bash
# faults.sh ABLATE [NAME...]: sweeps on a real SLURM that is started here and hurt meanwhile, all of them or
# those named. Each fault is aimed at a task that is training a run, and what it left behind is looked at.
# At the end every cell is finished once, with the bits of a sweep on this machine. It takes about ten minutes,
# also on a busy machine: what is trained is as much as fits, and waiting ends only where nothing moves.
set -euo pipefail
here=$(cd "$(dirname "$0")"; pwd)
ablate=$(realpath "${1:?the program}")
shift
only=" $* "
work=$(mktemp -d)
trap '"$here/down.sh" "$work/slurm" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
export KILLWAIT=30 MAX_ARRAY=9
"$here/up.sh" "$work/slurm" 3
. "$work/slurm/env"
cd "$work"

# 2 * $1 runs of $2 epochs.
experiment() {
    cat <<TOML
[experiment]
question = "Does every cell survive?"
seeds = $1

[grid]
train_size = 400
width = 32
pretraining = "none"
epochs = $2
patience = "never"
learning_rate = [0.05, 0.1]
TOML
}
# 24 runs that take this machine some 20 seconds, as busy as it is, and 24 that take 80.
experiment 2 500 > four.toml
began=${EPOCHREALTIME//[^0-9]/}
ABLATE_DB=$work/four.db "$ablate" sweep four.toml --quiet > /dev/null
epochs=$((500 * 20 * 1000000 / (6 * (${EPOCHREALTIME//[^0-9]/} - began))))
epochs=$((epochs < 200 ? 200 : epochs > 4000 ? 4000 : epochs))
experiment 12 "$epochs" > short.toml
experiment 12 $((4 * epochs)) > long.toml
echo "runs of $epochs and $((4 * epochs)) epochs"

fail() {
    echo "FAILED: $name: $*" >&2
    "$ablate" status "$work/$name" >&2 || true
    tail -n 5 "$work/$name"/logs/* "$work/slurm/log/slurmctld.log" >&2 || true
    exit 1
}

# Waits at most $1 seconds until the rest, a command, succeeds.
until_within() {
    local end=$((SECONDS + $1)); shift
    until "$@" > /dev/null 2>&1; do [ $SECONDS -lt $end ] || fail "in vain: $*"; sleep 0.2; done
}

asked() { [ "$only" = "  " ] || [[ $only = *" $1 "* ]]; }

# ---- what a launch has in SLURM and in its shards

array() { cat "$work/$name/plans/0001.job"; }
idle() { local queue && queue=$(squeue -h) && [ -z "$queue" ]; }
node_of() { squeue -h -t R -j "$(array)" -o '%K %B' | awk -v task="$1" '$1 == task { print $2 }'; }
task_of() { basename "$1" | sed 's/^[0-9]*-0*\([0-9][0-9]*\)\..*/\1/'; }
process_of() { sed -n '1s/.*"pid":\([0-9]*\).*/\1/p' "$1"; }
attempts_at() { find "$work/$name/shards" -name "$(printf '0001-%05d.*' "$1")"; }
sealed() { grep -aq "\"is\":\"sealed\",\"as\":\"$2\"" "$1" || fail "$1 is not sealed as $2"; }
two_attempts_at() { [ "$(attempts_at "$1" | wc -l)" -gt 1 ]; }
begun_again() { two_attempts_at "$1" || fail "task $1 was not begun again"; }

# The runs that a shard has begun and has told no end of.
open_runs() {
    local run='"run":"[0-9a-f]*' id='s/.*"//'
    comm -23 <(grep -ao "\"is\":\"started\",$run" "$1" | sed "$id" | sort) \
        <(grep -aoE "\"is\":\"(ended\",\"plan\":\{|interrupted\",)$run" "$1" | sed "$id" | sort)
}

# The shard of a process that is training a run at this moment, has finished one and has more to do.
find_victim() {
    for victim in "$work/$name"/shards/*.log; do
        if [ -n "$(open_runs "$victim")" ] && [[ $(grep -ac '"is":"ended"' "$victim") = [12] ]] &&
            [ "$(readlink "/proc/$(process_of "$victim")/exe")" = "$ablate" ]; then
            task=$(task_of "$victim")
            return 0
        fi
    done
    return 1
}
aim() {
    local end=$((SECONDS + 300))
    until find_victim 2> /dev/null; do [ $SECONDS -lt $end ] || fail "no task trains a run"; sleep 0.05; done
}

# ---- a launch from its beginning to its end

# launch NAME EXPERIMENT [ARGS]
launch() {
    name=$1 file=$2
    shift 2
    export ABLATE_DB=$work/$name.db
    "$ablate" launch "$file.toml" --dir "$work/$name" --quiet "$@" > /dev/null
}

# Everything that training came to, without times and places.
results() {
    "$ablate" sql --db "$1" --format csv \
        "SELECT id, seed, state, best_epoch, weights_hash, test_error FROM runs ORDER BY id"
}

# Waits until SLURM has nothing left of it, as long as shards grow. What a controller that was started again
# holds back is released, as `ablate status` says.
settle() {
    local size=- now since=$SECONDS
    until idle; do
        squeue -h -t PD -o '%i %r' | awk '/held/ { print $1 }' | xargs -r -n 1 scontrol release || true
        now=$(find "$work/$name/shards" -type f -exec cat {} + | wc -c)
        [ "$now" = "$size" ] || { size=$now since=$SECONDS; }
        [ $((SECONDS - since)) -lt 300 ] || fail "nothing has moved for five minutes"
        sleep 0.5
    done
}

finish() {
    settle
    local resumed=
    "$ablate" collect "$work/$name" > /dev/null || {
        resumed=", resumed"
        "$ablate" launch --resume "$work/$name" --chunk 4 --quiet > /dev/null
        settle
        "$ablate" collect "$work/$name" > /dev/null || fail "runs are missing"
    }
    local before
    before=$(results "$work/$name.db")
    "$ablate" collect "$work/$name" > /dev/null
    [ "$before" = "$(results "$work/$name.db")" ] || fail "collecting again changed something"
    [ -e "$file.db" ] || ABLATE_DB=$work/$file.db "$ablate" sweep "$file.toml" --quiet > /dev/null
    [ "$before" = "$(results "$work/$file.db")" ] || fail "other bits than a sweep's"
    [ "$(grep -c ,finished, <<< "$before")" = 24 ] || fail "not every cell once"
    echo "ok: $name: 24 runs in $(find "$work/$name/shards" -name '*.log' | wc -l) shards$resumed ($SECONDS s)"
}

# A stand-in for sbatch in front of the real one, from its standard input; $real is the real one.
stand_in() {
    mkdir -p bin
    { echo '#!/bin/bash'; echo "real=$(command -v sbatch)"; cat; } > bin/sbatch
    chmod +x bin/sbatch
}
jobs_named() { squeue -h -t all -o '%F %j' | sort -u | grep -c "$1\$" || true; }
submission() { sed 's/.*"name":"\([^"]*\)".*/\1/' "$work/$name/plans/0001.submission"; }

# ---- faults

if asked beyond-the-largest-array; then
    ! sbatch --array=0-23 --output=/dev/null --wrap true 2> refused || { name=- fail "SLURM takes any array"; }
    grep -q "Invalid job array" refused
    launch beyond-the-largest-array short --chunk 1
    [ "$(squeue -h -r -t all -j "$(array)" | wc -l)" = 8 ] || fail "not 8 tasks"
    finish
fi

if asked requeued; then
    launch requeued short --chunk 4
    aim
    scontrol requeue "$(array)_$task"
    finish
    sealed "$victim" stopped
    begun_again "$task"
fi

if asked preempted; then
    launch preempted long --chunk 4
    aim
    urgent=$(sbatch --parsable -p urgent -N 3 --exclusive --output=/dev/null --wrap 'sleep 3')
    until_within 300 bash -c "[ -z \"\$(squeue -h -j $urgent)\" ]"
    finish
    grep -aqs '"as":"stopped"' preempted/shards/* || fail "no task was preempted"
fi

if asked killed-worker; then
    launch killed-worker short --chunk 4
    aim
    kill -9 "$(process_of "$victim")"
    finish
    [ -n "$(open_runs "$victim")" ] || fail "it was not training"
    [ -e killed-worker/plans/0002.plan ] || fail "a task that is killed is not put back by SLURM"
fi

if asked killed-controller; then
    launch killed-controller short --chunk 4
    aim
    kill -9 "$(cat "$work/slurm/slurmctld.pid")"
    ! "$ablate" status killed-controller > said || fail "it is not unfinished"
    grep -q "SLURM cannot be asked" said || fail "the controller lives"
    slurmctld
    until_within 60 scontrol ping
    finish
fi

if asked split-brain; then
    launch split-brain long --chunk 12
    aim
    node=$(node_of "$task") old=$(process_of "$victim")
    kill -9 "$(cat "$work/slurm/slurmd.$node.pid")"
    # SLURM gives the node up and starts the task elsewhere, while the process of the node still trains.
    until_within 300 two_attempts_at "$task"
    [ "$(readlink "/proc/$old/exe")" = "$ablate" ] || fail "the old process was gone before the new one came"
    slurmd -N "$node"
    finish
fi

if asked time-limit; then
    # USR1 comes up to a minute before it is asked for: some time within the one minute that there is.
    launch time-limit long --chunk 6 --sbatch-arg=--time=1 --sbatch-arg=--signal=B:USR1@25
    finish
    victim=$(grep -al '"is":"sealed","as":"out of time"' time-limit/shards/* | head -n 1)
    [ "$victim" ] || fail "no task came to its limit"
    task=$(task_of "$victim")
    begun_again "$task"
    grep -qs "out of time: back into the queue" time-limit/logs/* || fail "it did not put itself back"
fi

if asked cancelled; then
    launch cancelled short --chunk 4
    aim
    ! "$ablate" launch --resume cancelled --quiet 2> refused || fail "what is queued was launched again"
    grep -q "SLURM's queue still has" refused || fail "$(cat refused)"
    "$ablate" cancel cancelled --quiet
    finish
    sealed "$victim" stopped
    [ -e cancelled/plans/0002.plan ] || fail "a task that is cancelled is not put back"
fi

if asked accepted-but-timed-out; then
    stand_in <<'SH'
"$real" "$@" > /dev/null || exit
[ -e timed-out ] && exec squeue -h -n "$(grep -o 'job-name=[^ ]*' <<< "$*" | cut -d= -f2)" -o %F
touch timed-out
echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
exit 1
SH
    PATH=$work/bin:$PATH launch accepted-but-timed-out short --chunk 4 --pause 100ms
    [ -e timed-out ] || fail "sbatch did not time out"
    [ "$(jobs_named "$(submission)")" = 1 ] || fail "submitted twice"
    finish
fi

if asked launch-killed; then
    # Between the acceptance of the array and the moment when its number is known.
    stand_in <<'SH'
"$real" "$@" > /dev/null
kill -9 $PPID
SH
    ! PATH=$work/bin:$PATH launch launch-killed short --chunk 4 2> /dev/null || fail "it was not killed"
    [ ! -e launch-killed/plans/0001.job ] || fail "it came to know the number"
    ! "$ablate" launch --resume launch-killed --quiet 2> refused || fail "what is queued was launched again"
    grep -q "SLURM's queue still has" refused || fail "$(cat refused)"
    finish
    [ "$(jobs_named "$(submission)")" = 1 ] || fail "submitted twice"
    [ ! -e launch-killed/plans/0002.plan ] || fail "its tasks were lost"
fi

if asked over-quota; then
    stand_in <<'SH'
last=$(grep -o 'array=0-[0-9]*' <<< "$*" | grep -o '[0-9]*$')
[ "${last:-0}" -lt 3 ] && exec "$real" "$@"
echo "$last" >> refusals
echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2
echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit)" >&2
exit 1
SH
    PATH=$work/bin:$PATH launch over-quota short --chunk 4 --pause 100ms
    [ "$(sort refusals | uniq -c | awk '{ print $1 "x" $2 }')" = 4x5 ] || fail "$(sort refusals | uniq -c)"
    finish
    ls over-quota/shards | grep -q '^0002-00002' || fail "not 3 tasks of a second plan"
fi

echo "every cell once, with the bits of a sweep, after every fault"
