"""
Starts the role that `config.json` names. An error that nobody handles ends the program;
the watchdog, once running, then restarts the board.
"""

import asyncio
import gc
import os
import sys

if "state" in os.listdir() and [name for name in os.listdir("state") if name in ("rekey", "next_key")]:
    import rekey

    rekey.settle()
    del sys.modules["rekey"], sys.modules["provisioning"], rekey

import config

# Collecting early keeps what lives long together: the heap is small.
gc.threshold(16384)
settings = config.read()
# What reads a config is a twentieth of the heap, and done with.
del sys.modules["config"], config
board = getattr(__import__("boards." + settings.board), settings.board)
if settings.role == "mlmd":
    import mlmd as role
else:
    import meter as role
asyncio.run(role.run(settings, board))
