"""Received bytes waiting to be read, as every stream of a board keeps them: UART and sockets alike."""


class Inbox:
    def __init__(self):
        self._data = bytearray()

    def __len__(self):
        return len(self._data)

    def take_in(self, data):
        self._data.extend(data)

    def read(self, size):
        piece = bytes(self._data[:size])
        self._data = self._data[len(piece) :]  # no room is kept: a board's is its C's
        return piece

    # A line with its newline, or all there is.
    def line(self):
        end = self._data.find(b"\n")
        return self.read(end + 1 if end >= 0 else len(self._data))
