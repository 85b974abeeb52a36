#!/usr/bin/env bash
# Trains on several GPUs (or CPU processes where there is no GPU), on one machine or many.
#
#   tools/dist_train.sh CONFIG PROCESSES_PER_MACHINE [arguments of train.py …]
#
# On many machines, run it on each with NNODES, NODE_RANK (0, 1, …), MASTER_ADDR and PORT set.
exec "$(dirname "${BASH_SOURCE[0]}")/torchrun.sh" train.py "$1" "$2" "${@:3}"
