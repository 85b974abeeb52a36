#!/usr/bin/env bash
# Trains on a Slurm cluster: one task per machine, each of which starts its own processes with torchrun.
#
#   NODES=2 GPUS_PER_NODE=8 tools/slurm_train.sh PARTITION CONFIG [arguments of train.py …]
#
# CPUS_PER_GPU (8) is for the data-loading workers. More options for srun go into SRUN_ARGS.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: NODES=2 GPUS_PER_NODE=8 $0 PARTITION CONFIG [arguments of train.py …]" >&2
    exit 2
fi
partition=$1 config=$2
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export GPUS_PER_NODE="${GPUS_PER_NODE:-8}"
# Unquoted on purpose: SRUN_ARGS holds several words.
# shellcheck disable=SC2016,SC2086
exec srun --partition="$partition" --nodes="${NODES:-1}" --ntasks-per-node=1 \
    --gres="gpu:$GPUS_PER_NODE" --cpus-per-task="$((GPUS_PER_NODE * ${CPUS_PER_GPU:-8}))" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    bash -c 'NNODES=$SLURM_NNODES NODE_RANK=$SLURM_NODEID \
        MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1) \
        exec "$0" "$1" "$GPUS_PER_NODE" "${@:2}"' "$here/dist_train.sh" "$config" "${@:3}"
