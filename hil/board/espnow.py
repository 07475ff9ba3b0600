"""`espnow.ESPNow` of an ESP32: frames of up to 250 bytes between boards, carried by the bench."""

import board_channel as bench
import board_frames as frames

MAX_DATA_LEN = 250
MAX_TOTAL_PEER_NUM = 20
ADDR_LEN = 6
_NOT_INIT = -12389
_INVALID_ARGUMENT = -12390
_FULL = -12392
_NOT_FOUND = -12393
_EXIST = -12395
_BROADCAST = b"\xff" * 6
_QUEUE_MAX = 64  # frames; the board drops what comes beyond
_READABLE = 1
_WRITABLE = 4


class ESPNow:
    _one = None

    def __new__(cls, *_):
        if ESPNow._one is None:
            ESPNow._one = object.__new__(cls)
            ESPNow._one._on = False
        return ESPNow._one

    def __init__(self):
        if not hasattr(self, "peers_table"):
            self.peers_table = {}
            self._queue = []
            self._timeout_ms = 300000
            self._handler = None
            self._sent = self._answered = self._received = self._dropped = 0
            bench.takers[(frames.RADIO_IN, 0)] = self._take_in

    def _take_in(self, payload):
        if len(self._queue) >= _QUEUE_MAX:
            self._dropped += 1
            return
        self._received += 1
        source = payload[:6]
        if source in self.peers_table:
            self.peers_table[source] = [-50, bench.now_ms]
        self._queue.append((source, payload[6:]))
        if self._handler:
            self._handler(self)

    def active(self, on=None):
        if on is not None and bool(on) != self._on:
            self._on = bool(on)
            bench.emit(frames.RADIO_ON, 1 if on else 0)
        return self._on

    def config(self, what=None, *, timeout_ms=None, **_settings):
        if timeout_ms is not None:
            self._timeout_ms = timeout_ms
        return self._timeout_ms if what == "timeout_ms" else None

    def irq(self, handler):
        self._handler = handler

    def add_peer(self, mac, *_settings, **_options):
        if not self._on:
            raise OSError(_NOT_INIT, "ESP_ERR_ESPNOW_NOT_INIT")
        if mac in self.peers_table:
            raise OSError(_EXIST, "ESP_ERR_ESPNOW_EXIST")
        if len(self.peers_table) >= MAX_TOTAL_PEER_NUM:
            raise OSError(_FULL, "ESP_ERR_ESPNOW_FULL")
        self.peers_table[bytes(mac)] = [0, 0]

    def del_peer(self, mac):
        if self.peers_table.pop(mac, None) is None:
            raise OSError(_NOT_FOUND, "ESP_ERR_ESPNOW_NOT_FOUND")

    def get_peers(self):
        return tuple([(mac, b"\0" * 16, 0, 0, False) for mac in self.peers_table])

    def peer_count(self):
        return len(self.peers_table), 0

    # With sync, whether the peer's radio answered the frame.
    def send(self, mac, message=None, sync=True):
        if message is None:
            return all([self.send(peer, mac, sync) for peer in list(self.peers_table)])
        if not self._on:
            raise OSError(_NOT_INIT, "ESP_ERR_ESPNOW_NOT_INIT")
        if mac not in self.peers_table:
            raise OSError(_NOT_FOUND, "ESP_ERR_ESPNOW_NOT_FOUND")
        if not 0 < len(message) <= MAX_DATA_LEN:
            raise ValueError("ESP-NOW frames have 1 to 250 bytes")
        bench.emit(frames.RADIO_OUT, 0, bytes(mac) + bytes(message))
        self._sent += 1
        if not sync or mac == _BROADCAST:
            return True
        heard = bool(bench.call(frames.RADIO_HEARD, 0, bytes(mac))[0])
        self._answered += heard
        return heard

    def any(self):
        return bool(self._queue)

    def recv(self, timeout_ms=None):
        wait_ms = self._timeout_ms if timeout_ms is None else timeout_ms
        until_ms = frames.NEVER_MS if wait_ms < 0 else bench.now_ms + wait_ms
        while not self._queue and bench.now_ms < until_ms:
            bench.idle(until_ms)
        return self._queue.pop(0) if self._queue else (None, None)

    irecv = recv

    def recvinto(self, slots, timeout_ms=None):
        mac, message = self.recv(timeout_ms)
        if mac is None:
            return 0
        slots[0], slots[1] = mac, message
        return len(message)

    def stats(self):
        return (self._sent, self._answered, self._sent - self._answered, self._received, self._dropped)

    def __iter__(self):
        return self

    def __next__(self):
        return self.recv()

    def ioctl(self, request, argument):
        if request != 3:
            return 0
        return argument & (_WRITABLE | (_READABLE if self._queue else 0))
