"""What is known of networks, and the paper's comparisons from it. `tools/report.py` calls it."""
