"""How fast pairs are read, this package's way and others'. `tools/benchmark_data.py` calls it."""
