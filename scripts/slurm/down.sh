#!/usr/bin/env bash
# down.sh FOLDER: stops what up.sh started there, by its process files, and nothing else.
D=$(cd "${1:?dir}"; pwd); export SLURM_CONF=$D/slurm.conf
scancel --state=PENDING --full -u "$(id -un)" 2>/dev/null; scancel -u "$(id -un)" 2>/dev/null
for _ in $(seq 1 50); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.1; done
pids=
for f in "$D"/slurmd.*.pid "$D"/slurmctld.pid "$D"/munge/munged.pid; do [ -s "$f" ] && pids="$pids $(cat "$f")"; done
for p in $pids; do kill "$p" 2>/dev/null; done
for _ in $(seq 1 100); do
  # a zombie still answers kill -0 (pid 1 may never reap it), so look at its state
  alive=; for p in $pids; do [ -e /proc/$p/stat ] && ! grep -q '^State:.Z' /proc/$p/status 2>/dev/null && alive="$alive $p"; done
  [ -z "$alive" ] && exit 0; sleep 0.1
done
echo "still alive: $alive" >&2; for p in $alive; do kill -9 "$p"; done; exit 1
