"""
LoadShedding answers a falling frequency in stages: each gives up more load, and load
comes back one stage at a time, deepest first, only after the frequency has been good
for a while. Which loads belong to a stage is the caller's table.

Stages and their order follow Regulation (EU) 2017/2196, Annex: storage and flexible
loads go first, general shedding begins at 49.0 Hz and is complete at 48.0 Hz.
"""

from collections import namedtuple

# A stage begins after begin_ms below begin_mhz and ends after end_ms at or above end_mhz.
Stage = namedtuple("Stage", ("begin_mhz", "begin_ms", "end_mhz", "end_ms"))

STAGES = (
    Stage(49_800, 5_000, 49_900, 30_000),  # batteries stop charging
    Stage(49_200, 500, 49_900, 60_000),  # heaters and other deferrable loads
    Stage(49_000, 200, 49_900, 120_000),  # what the contracts call optional
    Stage(48_400, 200, 49_900, 300_000),  # the micro area's breaker opens
)

# Anything else is no mains frequency but a chip without a signal.
_KNOWN_MHZ_MIN = 40_000
_KNOWN_MHZ_MAX = 70_000


class LoadShedding:
    """
    `stage` is how many stages are in force, 0..len(stages). spread_ms, other for each
    device, keeps them from coming back all at once.
    """

    def __init__(self, stages=STAGES, spread_ms=0):
        assert all([stages[i].begin_mhz > stages[i + 1].begin_mhz for i in range(len(stages) - 1)])
        assert all([stage.begin_mhz < stage.end_mhz for stage in stages])
        self.stage = 0
        self._stages = stages
        self._spread_ms = spread_ms
        self._low_ms = [0] * len(stages)
        self._counting = False
        self._good_ms = 0

    def step(self, elapsed_ms, frequency_mhz):
        """Take one sample and return `stage`. An unknown frequency (0) holds the stage and starts no delay."""
        if not _KNOWN_MHZ_MIN <= frequency_mhz <= _KNOWN_MHZ_MAX:
            self._good_ms = 0
            self._forget_dips()
        else:
            self._shed(elapsed_ms, frequency_mhz)
            self._restore(elapsed_ms, frequency_mhz)
        return self.stage

    # Nearly always there is no dip to forget, and nothing is allocated.
    def _forget_dips(self):
        if self._counting:
            self._low_ms = [0] * len(self._stages)
            self._counting = False

    def _shed(self, elapsed_ms, frequency_mhz):
        if frequency_mhz >= self._stages[0].begin_mhz:
            self._forget_dips()
            return
        self._counting = True
        for i, stage in enumerate(self._stages):
            if frequency_mhz >= stage.begin_mhz:
                self._low_ms[i] = 0
                continue
            self._low_ms[i] += elapsed_ms
            if self._low_ms[i] >= stage.begin_ms and self.stage <= i:
                self.stage = i + 1
                self._good_ms = 0

    def _restore(self, elapsed_ms, frequency_mhz):
        if not self.stage:
            return
        stage = self._stages[self.stage - 1]
        if frequency_mhz < stage.end_mhz:
            self._good_ms = 0
            return
        self._good_ms += elapsed_ms
        if self._good_ms >= stage.end_ms + self._spread_ms:
            self.stage -= 1
            self._good_ms = 0
