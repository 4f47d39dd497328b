#!/usr/bin/env bash
# parallel.sh ABLATE: a launch by GNU parallel over ssh, to two names of this machine: the command that
# `ablate launch` prints, one worker killed, the same command again. At the end every cell is finished once,
# with the bits of a sweep. Needs root and Debian's packages parallel, openssh-server and openssh-client;
# everything is in a folder of its own. About a minute.
set -euo pipefail
ablate=$(realpath "${1:?the program}")
work=$(mktemp -d)
mkdir -p /run/sshd
trap 'kill "$(cat "$work/sshd.pid")" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"
fail() { echo "FAILED: $*" >&2; cat shared/logs/* >&2 || true; exit 1; }

for key in host me; do ssh-keygen -q -t ed25519 -N '' -f $key; done
cat > sshd_config <<CONF
Port ${PORT:-16822}
ListenAddress 127.0.0.1
HostKey $work/host
AuthorizedKeysFile $work/me.pub
PidFile $work/sshd.pid
StrictModes no
PermitRootLogin prohibit-password
UsePAM no
CONF
cat > ssh_config <<CONF
Host node1 node2
  HostName 127.0.0.1
  Port ${PORT:-16822}
  User root
  IdentityFile $work/me
  UserKnownHostsFile $work/known_hosts
  StrictHostKeyChecking accept-new
  LogLevel ERROR
CONF
"$(command -v sshd || echo /usr/sbin/sshd)" -f sshd_config
export PARALLEL_SSH="ssh -F $work/ssh_config"

cat > look.toml <<'TOML'
[experiment]
question = "Does GNU parallel bring it to its end?"
seeds = 4

[grid]
train_size = 400
width = 32
pretraining = "none"
epochs = 500
patience = "never"
learning_rate = [0.05, 0.1]
TOML

export ABLATE_DB=$work/store.db
"$ablate" launch look.toml --dir shared --executor parallel --chunk 2 --max-parallel 1 > commands
sed -i 's/| parallel /| parallel -S node1,node2 /' commands
echo "+ $(head -n 1 commands)"
head -n 1 commands > tasks.sh
bash tasks.sh 2> said & started=$!
end=$((SECONDS + 300))
# One that trains: two are begun, and it has not come to its end.
until [ "$(cat shared/shards/* 2> /dev/null | grep -ac '"is":"started"')" -ge 2 ] &&
    victim=$(grep -aL '"is":"sealed"' shared/shards/* | head -n 1) && [ "$victim" ]; do
    [ $SECONDS -lt $end ] || fail "nothing is begun"
    sleep 0.1
done
kill -9 "$(sed -n '1s/.*"pid":\([0-9]*\).*/\1/p' "$victim")" || fail "it was over already"
! wait $started || fail "parallel did not tell that a task was killed"
grep -aq '"is":"sealed"' "$victim" && fail "the killed one came to its end"
echo "killed $(basename "$victim"); the same command again"
bash tasks.sh 2>> said || fail "again"
hosts=$(awk 'NR > 1 { print $2 }' shared/logs/*joblog | sort -u | xargs)
[ "$hosts" = "node1 node2" ] || fail "on $hosts"
[ "$(find shared/shards -name '*.log' | wc -l)" = 5 ] || fail "not one attempt more than tasks"

results() { "$ablate" sql --db "$1" --format csv "SELECT id, state, weights_hash FROM runs ORDER BY id"; }
tail -n +2 commands > collect.sh
bash collect.sh
ABLATE_DB=$work/local.db "$ablate" sweep look.toml --quiet > /dev/null
[ "$(results store.db)" = "$(results local.db)" ] || fail "other bits than a sweep's"
echo "ok: GNU parallel over ssh: every cell once, with the bits of a sweep"
