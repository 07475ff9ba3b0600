"""
Deploy makes firmware out of `firmware/` and `wire/` and puts it on boards: which modules a
role needs, their cross-compilation, the images, their budget, and the serial side.

Runs on the host only. It imports nothing of ours: it reads the device tree as files.
"""
