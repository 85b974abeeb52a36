#!/usr/bin/env bash
# Evaluates a checkpoint on several GPUs (or CPU processes where there is no GPU).
#
#   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES_PER_MACHINE [arguments of test.py …]
#
# On many machines, run it on each with NNODES, NODE_RANK (0, 1, …), MASTER_ADDR and PORT set.
exec "$(dirname "${BASH_SOURCE[0]}")/torchrun.sh" test.py "$1" "$3" "$2" "${@:4}"
