"""
The signed messages of a Gridtide grid: formats, strict decoding, Merkle trees.

Runs unchanged on MicroPython and CPython; imports nothing of ours and does no I/O.
docs/wire.cddl is the published form of what stands here.
"""
