"""Speed, measured as a ratio in one run: ours against the plain loop. `python -m benchmarks` prints the tables."""
