"""NOR flash in memory whose power fails at a given write. Runs on MicroPython: for tests of what a power cut leaves."""

BLOCK = 4096
EIO = -5


class PowerCut(Exception):
    pass


class Flash:
    """NOR flash in memory. At the `left`-th write half of it is done and the power fails: nothing is written after."""

    # erases: where to count them, block -> number.
    def __init__(self, data, left=-1, erases=None):
        self.data = data
        self.left = left
        self.erases = {} if erases is None else erases
        self.is_dead = False

    def _spend(self):
        self.left -= 1
        self.is_dead = self.left == 0
        return self.is_dead

    def readblocks(self, block, buffer, offset=0):
        if self.is_dead:
            return EIO
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]
        return 0

    def writeblocks(self, block, buffer, offset=0):
        if self.is_dead:
            return EIO  # a file that was open is closed by the garbage collector, too late
        cut = self._spend()
        at, size = block * BLOCK + offset, len(buffer) // 2 if cut else len(buffer)
        self.data[at : at + size] = bytes(buffer[:size])
        if cut:
            raise PowerCut()
        return 0

    def ioctl(self, request, argument):
        if self.is_dead:
            return EIO
        if request == 4:
            return len(self.data) // BLOCK
        if request == 5:
            return BLOCK
        if request == 6:
            if self._spend():
                raise PowerCut()
            self.erases[argument] = self.erases.get(argument, 0) + 1
            self.data[argument * BLOCK : (argument + 1) * BLOCK] = b"\xff" * BLOCK
        return 0
