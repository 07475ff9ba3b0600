"""
Counters say how a device has fared in its life: for the operator and the bench's report.
They are written with every reading. Nothing but the clock's drift is read back for use, and
that is learned again when it is lost.
"""

import json
import os

NAMES = (
    "readings_signed",
    "readings_acknowledged",
    "boots",
    "commands_obeyed",
    "commands_refused",
    "commands_expired",
    "commands_replayed",
    "commands_foreign",
    "commands_forged",
    "acknowledgements_refused",
    "heap_peak_bytes",
    "relay_switches",
    "relay_switches_today_max",
    "clock_faults",
    "clock_drift_ppm",
    "orders_taken",  # of the M-LMD: to shed
    "orders_refused",
    "firmware_refused",
    "notices_refused",  # of keys
    # What the day's maximum is counted with.
    "relay_day",
    "relay_switches_today",
)
_DAY_S = 86400


class Counters:
    def __init__(self, path):
        self._path = path
        self.values = dict.fromkeys(NAMES, 0)
        self._load()

    def _load(self):
        try:
            with open(self._path) as file:
                kept = json.load(file)
        except (OSError, ValueError):
            return  # the first boot, or a file that was spoilt: counting starts again
        for name in NAMES:
            if isinstance(kept.get(name), int):
                self.values[name] = kept[name]

    def count(self, name):
        self.values[name] += 1

    def peak(self, name, value):
        self.values[name] = max(self.values[name], value)

    def count_switch(self, utc_s):
        """The relay switched. utc_s: None while the clock is not set; it counts for the day known last."""
        day = self.values["relay_day"] if utc_s is None else utc_s // _DAY_S
        if day != self.values["relay_day"]:
            self.values["relay_day"], self.values["relay_switches_today"] = day, 0
        self.count("relay_switches")
        self.count("relay_switches_today")
        self.peak("relay_switches_today_max", self.values["relay_switches_today"])

    # Renamed into place: there is always a whole file.
    def write(self):
        beside = self._path + ".new"
        with open(beside, "w") as file:
            json.dump(self.values, file)
        os.rename(beside, self._path)
