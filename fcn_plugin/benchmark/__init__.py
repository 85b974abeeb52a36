"""What a network costs: parameters, multiply-accumulates, time and memory. `tools/benchmark.py` calls it."""
