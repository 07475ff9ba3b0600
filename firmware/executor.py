"""The Executor takes a command from its bytes to its receipt: judge, remember, act, measure, sign, keep."""

import struct

import commands

from wire import command, receipt


class Executor:
    # teller: keeps what is told until it is acknowledged, and makes the next key: a Device.
    def __init__(self, identity, equipment, memory, clock, counters, teller):
        self._identity = identity
        self._equipment = equipment
        self._memory = memory
        self._clock = clock
        self._counters = counters
        self._teller = teller
        self._answered = 0  # the last command that was answered since the start

    async def execute(self, data):
        """
        Take a Command (untrusted bytes); its receipt is kept and told until it is acknowledged.

        One that was taken before is not acted on. Its receipt is told now, if it still waits.
        """
        identity, now_s = self._identity, self._clock.utc_s()
        last_sequence = self._memory.command_sequence
        verdict = commands.judge(data, identity.device_id, last_sequence, now_s, identity.open_of_aggregator)
        if verdict.finding in (commands.FORGED, commands.FOREIGN, commands.REPLAYED):
            self._counters.count(verdict.finding)
            if verdict.finding == commands.REPLAYED:
                self._answer_again(verdict, now_s)
            return
        outcome, reason, value = await self._act(verdict, now_s)
        finding = verdict.finding
        if finding == commands.FRESH:
            finding = "commands_obeyed" if outcome == receipt.OBEYED else commands.REFUSED
        self._counters.count(finding)
        self._answer(verdict, now_s, outcome, reason, value)

    # The last one of before this start may have no receipt: then power failed while it was carried out.
    def _answer_again(self, verdict, now_s):
        sequence = verdict.command.sequence
        if self._answered < sequence == self._memory.command_sequence:
            self._answered = sequence
            if not self._teller.has_told(_note(sequence)):
                self._answer(verdict, now_s, receipt.REFUSED, "interrupted", 0)
        self._teller.telling.wake()

    # What is remembered comes first: power may fail at any point, and no command acts twice.
    async def _act(self, verdict, now_s):
        order = verdict.command
        if verdict.finding == commands.FRESH:
            await self._equipment.prepare(order)
        self._memory.take_command(order.sequence, self._equipment.energy.note())
        if verdict.finding != commands.FRESH:
            return receipt.REFUSED, verdict.reason, 0
        if order.action == command.ROTATE_KEY:
            self._teller.rotate_key()
            return receipt.OBEYED, "none", 0
        return await self._equipment.obey(order, now_s)

    def _answer(self, verdict, now_s, outcome, reason, value):
        order, seen = verdict.command, self._equipment.snapshot()
        acted_s = now_s or 0
        if outcome == receipt.OBEYED:
            # By the aggregator's clock the command's time had come; this one may be a little behind.
            acted_s = max(acted_s, order.not_before_s)
        fields = (
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
        self._answered = order.sequence
        kind, layout = receipt.KIND, receipt.LAYOUT
        self._teller.tell(kind, layout, receipt.ACKNOWLEDGED, fields, _note(order.sequence))


# What a receipt is found again by: the command it answers.
def _note(command_sequence):
    return struct.pack(">I", command_sequence)
