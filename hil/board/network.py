"""`network.WLAN` of an ESP32: associated as soon as it is asked to be; the link's faults are the socket's."""

import board_channel as bench

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010


class WLAN:
    IF_STA = STA_IF
    IF_AP = AP_IF
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2

    _state = {}  # noqa: RUF012

    def __init__(self, interface=STA_IF):
        self._at = self._state.setdefault(interface, {"active": False, "connected": False, "channel": 1})

    def active(self, on=None):
        if on is None:
            return self._at["active"]
        self._at["active"] = bool(on)
        if not on:
            self._at["connected"] = False
        return bool(on)

    def connect(self, _ssid=None, _key=None, **_options):
        if not self._at["active"]:
            raise OSError("Wifi Not Started")
        self._at["connected"] = True

    def disconnect(self):
        self._at["connected"] = False

    def isconnected(self):
        return self._at["connected"]

    def status(self, what=None):
        if what == "rssi":
            return -50
        return STAT_GOT_IP if self._at["connected"] else STAT_IDLE

    def config(self, what=None, **settings):
        if what == "mac":
            return bench.mac
        if what is not None:
            return self._at.get(what)
        self._at.update(settings)
        return None

    def ifconfig(self, _addresses=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


def country(_code=None):
    return "XX"


def hostname(_name=None):
    return "gridtide"
