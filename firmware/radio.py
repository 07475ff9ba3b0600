"""
The Radio carries frames of up to 250 bytes between a meter and its M-LMD: ESP-NOW, by
MAC address. It proves nothing about who sent what; signatures do.
"""

import asyncio

import espnow
import network

FRAME_MAX = 250
_PEERS_MAX = 20  # as many as the chip keeps
_TRIES = 3
_RETRY_MS = 500
_BUFFER = 8192  # frames of a whole micro area arrive at once


# As aioespnow does: waits without polling. MicroPython's asyncio shows its queue of streams as `core._io_queue`
# and awaits any generator; the stubs, CPython's with additions, know neither.
def _readable(radio):
    yield asyncio.core._io_queue.queue_read(radio)  # pyright: ignore[reportAttributeAccessIssue]


class Radio:
    # channel: None when the Wi-Fi access point decides it.
    def __init__(self, channel):
        station = network.WLAN(network.WLAN.IF_STA)
        station.active(True)
        if channel is not None:
            station.disconnect()
            station.config(channel=channel)
        station.config(pm=network.WLAN.PM_NONE)  # a sleeping receiver misses frames
        self._radio = espnow.ESPNow()
        self._radio.config(rxbuf=_BUFFER)
        self._radio.active(True)
        self._peers = []

    async def receive(self):
        """(MAC, frame) of the next frame, each bytes."""
        while True:
            await _readable(self._radio)  # pyright: ignore[reportGeneralTypeIssues]
            mac, frame = self._radio.recv(0)
            if mac is not None and frame is not None:
                return bytes(mac), bytes(frame)

    def _add_peer(self, mac):
        if mac in self._peers:
            return
        if len(self._peers) >= _PEERS_MAX:
            self._radio.del_peer(self._peers.pop(0))
        self._radio.add_peer(mac)
        self._peers.append(mac)

    async def send(self, mac, frame):
        """Send a frame. Returns whether the other radio answered, after a few tries."""
        assert len(frame) <= FRAME_MAX
        for attempt in range(_TRIES):
            try:
                self._add_peer(mac)
                if self._radio.send(mac, frame, True):
                    return True
            except OSError:
                pass  # the chip has no memory for it now: as if nobody had heard
            if attempt < _TRIES - 1:
                await asyncio.sleep_ms(_RETRY_MS)
        return False
