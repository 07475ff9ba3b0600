"""
The two lengths of time everything is counted in. Both begin at UTC epoch 0, so a day
that starts or ends daylight saving has the same 48 market intervals as any other.
"""

WINDOW_S = 900  # a reading's record, a light block
INTERVAL_S = 1800  # a price, a settlement


def interval_of(utc_s):
    """The number of the market interval that `utc_s` lies in."""
    return utc_s // INTERVAL_S


def start_of(interval):
    """UTC seconds at which market interval `interval` begins."""
    return interval * INTERVAL_S


def window_start(utc_s):
    """UTC seconds at which the window that `utc_s` lies in begins."""
    return utc_s - utc_s % WINDOW_S
