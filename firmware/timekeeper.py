"""The Timekeeper asks for the time: at start, when the clock is in doubt, and every few hours."""

import asyncio
import os

from waiting import until

from wire import signed_time
from wire.errors import WireError

_ASK_MS, _ASK_MS_MAX = 10000, 300000
_CONFIRM_MS = 6 * 3600 * 1000


class Timekeeper:
    # on_set(): called when the clock was set for the first time.
    def __init__(self, clock, identity, on_set):
        self._clock = clock
        self._identity = identity
        self._on_set = on_set
        self._doubt = asyncio.Event()
        self._news = asyncio.Event()
        self._confirmed = False

    def doubt(self):
        """The clock may be wrong: ask."""
        self._doubt.set()

    def link_up(self):
        """There is somebody to ask now; a question of before was lost."""
        if not self._confirmed:
            self._news.set()

    async def keep(self, ask):
        """Ask for ever. ask(challenge): async, sends 8 random bytes to who knows the time."""
        while True:
            self._confirmed = False
            pause_ms = _ASK_MS
            while not self._confirmed:
                challenge = os.urandom(signed_time.CHALLENGE_SIZE)
                self._clock.ask(challenge)
                await ask(challenge)
                if not await until(self._news, pause_ms):
                    pause_ms = min(2 * pause_ms, _ASK_MS_MAX)
            await until(self._doubt, _CONFIRM_MS)

    def answer(self, signer_id, data):
        """Take a Time (untrusted bytes) that signer_id must have signed. Returns whether it answers our question."""
        layout, size_max = signed_time.LAYOUT, signed_time.SIZE_MAX
        try:
            answer = self._identity.open(signer_id, signed_time.KIND, layout, data, size_max)
        except WireError:
            return False
        was_set = self._clock.is_set()
        if not self._clock.answer(answer.time_s, answer.challenge):
            return False
        self._confirmed = True
        self._news.set()
        if not was_set:
            self._on_set()
        return True
