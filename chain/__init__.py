"""
The ledger: one deterministic state machine over signed transactions, and the engine that keeps it on disk.

`transition` decides and `rules` hold the law; neither reads a clock nor does I/O. `embedded` is the one file here
that writes.
"""
