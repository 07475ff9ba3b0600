"""
`gc` of a board: what the emulation takes of the heap is not counted, as on a board its
modules are C in the flash. Their objects are: there they would be on the heap, too.
"""

import gc as _host
from gc import collect, disable, enable, isenabled, threshold  # noqa: F401

emulation_bytes = 0


# Called by the start script when the emulated modules are loaded, and nothing else is.
def begin():
    global emulation_bytes
    collect()
    emulation_bytes = _host.mem_alloc()


def mem_alloc():
    return _host.mem_alloc() - emulation_bytes


mem_free = _host.mem_free
