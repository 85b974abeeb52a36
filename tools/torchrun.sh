#!/usr/bin/env bash
# What dist_train.sh and dist_test.sh share: torchrun.sh SCRIPT CONFIG PROCESSES_PER_MACHINE [arguments …]
set -euo pipefail
if [ -z "${3:-}" ]; then
    echo "usage: see the first lines of dist_train.sh and dist_test.sh" >&2
    exit 2
fi
script="$(dirname "${BASH_SOURCE[0]}")/$1"
exec python -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" --nproc_per_node="$3" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    "$script" "$2" "${@:4}"
