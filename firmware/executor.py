"""The Executor takes a command from its bytes to its receipt: judge, remember, act, measure, sign."""

import commands
from receipts import Receipts

from wire import command, receipt

_RECEIPTS_MAX = 4


class Executor:
    # next_sequence(kind): the next number of this boot. rotate_key(): make and announce the next key.
    def __init__(self, identity, equipment, memory, clock, counters, next_sequence, rotate_key):
        self._identity = identity
        self._equipment = equipment
        self._memory = memory
        self._clock = clock
        self._counters = counters
        self._next_sequence = next_sequence
        self._rotate_key = rotate_key
        self._receipts = Receipts(_RECEIPTS_MAX)

    async def execute(self, data):
        """
        Take a Command (untrusted bytes). Returns the signed Receipt, or None when nothing is answered.

        One that was taken before is answered as before and not acted on: its receipt may have been lost.
        """
        identity, now_s = self._identity, self._clock.utc_s()
        last_sequence = self._memory.command_sequence
        verdict = commands.judge(data, identity.device_id, last_sequence, now_s, identity.open_of_aggregator)
        if verdict.finding in (commands.FORGED, commands.FOREIGN, commands.REPLAYED):
            self._counters.count(verdict.finding)
            return self._receipts.answering(verdict.digest) if verdict.finding == commands.REPLAYED else None
        outcome, reason, value = await self._act(verdict, now_s)
        finding = verdict.finding
        if finding == commands.FRESH:
            finding = "commands_obeyed" if outcome == receipt.OBEYED else commands.REFUSED
        self._counters.count(finding)
        return self._answer(verdict, now_s, outcome, reason, value)

    # What is remembered comes first: power may fail at any point, and no command acts twice.
    async def _act(self, verdict, now_s):
        order = verdict.command
        if verdict.finding == commands.FRESH:
            await self._equipment.prepare(order)
        self._memory.take_command(order.sequence, self._equipment.energy.note())
        if verdict.finding != commands.FRESH:
            return receipt.REFUSED, verdict.reason, 0
        if order.action == command.ROTATE_KEY:
            self._rotate_key()
            return receipt.OBEYED, "none", 0
        return await self._equipment.obey(order, now_s)

    def _answer(self, verdict, now_s, outcome, reason, value):
        order, seen = verdict.command, self._equipment.snapshot()
        acted_s = now_s or 0
        if outcome == receipt.OBEYED:
            # By the aggregator's clock the command's time had come; this one may be a little behind.
            acted_s = max(acted_s, order.not_before_s)
        fields = (
            self._memory.boot,
            self._next_sequence(receipt.KIND),
            order.sequence,
            order.decision_id,
            verdict.digest,
            acted_s,
            outcome,
            receipt.REASONS.index(reason),
            order.action,
            value,
            seen.power_w,
            seen.temperature_mc,
            seen.soc_permille,
            seen.relays,
        )
        signed = self._identity.seal(receipt.KIND, receipt.LAYOUT, fields)
        self._receipts.keep(signed, self._identity.device_id, acted_s, verdict.digest)
        return signed
