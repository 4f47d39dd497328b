#!/usr/bin/env bash
# up.sh FOLDER [NODES]: a SLURM of its own on the loopback interface, without systemd and with nothing
# written outside FOLDER. Needs Debian's packages slurmctld, slurmd, slurm-client and munge, and root.
set -euo pipefail
D=${1:?dir}; N=${2:-3}; CPUS=${CPUS:-2}; BASE=${BASE_PORT:-16800}
mkdir -p "$D"; D=$(cd "$D"; pwd); chmod 755 "$D"
mkdir -p "$D"/{munge,ctld,spool,log}; chmod 755 "$D"/munge
[ -s "$D/munge/key" ] || { (umask 077; head -c 1024 /dev/urandom > "$D/munge/key"); }
MUNGE_SOCK=$D/munge/munge.sock
HOST=$(hostname -s)
cat > "$D/slurm.conf" <<CONF
ClusterName=ci
SlurmctldHost=$HOST(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$BASE
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$MUNGE_SOCK,cred_expire=${CRED_EXPIRE:-5}
StateSaveLocation=$D/ctld
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/slurmctld.pid
SlurmdPidFile=$D/slurmd.%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/slurmd.%n.log
SlurmctldParameters=idle_on_node_suspend
CommunicationParameters=NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$D/log/jobcomp.log
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0,requeue_delay=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MaxArraySize=${MAX_ARRAY:-1001}
MaxJobCount=10000
MinJobAge=300
JobRequeue=1
ReturnToService=2
SlurmdTimeout=${SLURMD_TIMEOUT:-10}
SlurmctldTimeout=10
InactiveLimit=0
KillWait=${KILLWAIT:-3}
OverTimeLimit=0
SlurmctldDebug=info
SlurmdDebug=info
NodeName=n[1-$N] NodeHostname=$HOST NodeAddr=127.0.0.1 Port=$((BASE+1))-$((BASE+N)) CPUs=$CPUS RealMemory=1000 State=UNKNOWN
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=main   Nodes=ALL Default=YES MaxTime=INFINITE LLN=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=${GRACE:-5} State=UP
PartitionName=urgent Nodes=ALL Default=NO  MaxTime=INFINITE LLN=YES PriorityTier=10 PreemptMode=OFF State=UP
CONF
export SLURM_CONF=$D/slurm.conf
munged --force --key-file="$D/munge/key" --socket="$MUNGE_SOCK" --pid-file="$D/munge/munged.pid" \
  --log-file="$D/log/munged.log" --seed-file="$D/munge/seed" --num-threads=2
slurmctld -i                       # forks, writes its pid file
for i in $(seq 1 "$N"); do slurmd -N "n$i"; done
# the env every client needs
cat > "$D/env" <<ENV
export SLURM_CONF=$D/slurm.conf
ENV
for _ in $(seq 1 100); do
  up=$(sinfo -h -N -p main -o %T 2>/dev/null | grep -cx idle || true)
  [ "$up" = "$N" ] && exit 0
  sleep 0.1
done
echo "cluster not up"; sinfo -N -l || true; exit 1
