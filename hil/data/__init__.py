"""The benchmark data behind the bench: a slice of SimBench (see ATTRIBUTION.md) and the script that made it."""
