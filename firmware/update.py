"""
An Update takes a new firmware from its announcement to a whole image in the spare slot.

It believes the operator's release keys, several at once, and nobody else: not the
aggregator, not the M-LMD that carries the pieces. Announcements are judged before they are
verified, so that noise costs no signature check. One hash and less than a piece are kept
in memory; after a power cut it goes on at the last whole block of the flash.

Imported when an announcement comes, or a download was going on at the last power-off.
"""

import asyncio
import struct

from slots import BLOCK_SIZE, NONE, UPDATE, Flash, Image
from twin import Twin
from waiting import until

from wire import cose, firmware, message
from wire.errors import WireError

# Nobody signs releases by the thousand: a higher step is a stolen key that wants to shut out every later version.
VERSION_STEP_MAX = 1000
_WINDOW = 6  # pieces asked for at a time: an M-LMD carries those of all its meters
_PAUSE_MS = 200
_ANSWER_MS, _ANSWER_MS_MAX = 5000, 300000
_HEAD = ">BH32s"  # length of the announcement, index, hash of the next piece; then both, and the tail


def judge(wanted, role, board, now_s, slots, slot_size):
    """Why this device does not take `wanted` (a Firmware, perhaps not verified yet), or None."""
    if (wanted.role, wanted.board) != (role, board.encode()):
        return "not_for_us"
    if now_s is None:
        return "no_time"
    if now_s >= wanted.expires_s:
        return "expired"
    if wanted.version > slots.version_floor + VERSION_STEP_MAX:
        return "version_step"
    if not slots.may_take(wanted.version):
        return "old_version"
    if wanted.size > slot_size:
        return "too_large"
    return None


class Update:
    # slots: Slots. release: (threshold, {id: public key}). verify(public_key, message, signature) -> bool.
    # count(name): counts what was refused. on_ready(): the next start tries the image.
    def __init__(self, partition, slots, network_id, release, role, board, verify, clock, count, on_ready):
        self._flash = Flash(partition)
        self._network_id = network_id
        self._threshold, self._keys = release
        self._role, self._board = role, board
        self._verify = verify
        self._clock = clock
        self._count = count
        self._on_ready = on_ready
        self._slots = slots
        self._twin = Twin(UPDATE)
        self._said = {}  # signer -> the payload it signed last
        self._payload = b""  # of the announcement that is being followed
        self._wanted = None  # its Firmware, while its image is being fetched
        self._index = 0
        self._expected = b""
        self._asked_to = 0
        self._progress = asyncio.Event()
        self._begun = asyncio.Event()
        self._resume()

    @property
    def wanted(self):
        """The Firmware that is being fetched, or None."""
        return self._wanted

    def take(self, frame):
        """Take an announcement or a piece (untrusted bytes)."""
        try:
            if frame[:1] == firmware.PIECE:
                self._take_piece(frame)
            else:
                self._take_announcement(frame)
        except WireError:
            self._count("firmware_refused")

    # -- the announcement ---------------------------------------------------------------------

    def _take_announcement(self, frame):
        envelope = cose.open_envelope(frame, firmware.SIZE_MAX)
        if envelope.kind != firmware.KIND:
            raise WireError("wrong_kind", str(envelope.kind))
        if envelope.payload == self._payload or self._said.get(envelope.signer_id) == envelope.payload:
            return  # known
        wanted = message.decode(firmware.LAYOUT, envelope.payload, firmware.SIZE_MAX)
        if self._judge(wanted):
            self._count("firmware_refused")
            return
        public_key = self._keys.get(envelope.signer_id)
        if public_key is None:
            raise WireError("unknown_signer")
        cose.check_signature(envelope, public_key, self._network_id, self._verify)
        self._said[envelope.signer_id] = envelope.payload
        if len([one for one in self._said.values() if one == envelope.payload]) >= self._threshold:
            self._said.clear()
            self._begin(wanted, envelope.payload)

    def _judge(self, wanted):
        if self._slots.state != NONE:
            return "busy"  # a restart is due
        if self._wanted and wanted.version <= self._wanted.version:
            return "old_version"
        return judge(wanted, self._role, self._board, self._clock.utc_s(), self._slots, self._flash.slot_size)

    # What was fetched before a trial that lost its power is still there.
    def _begin(self, wanted, payload):
        self._payload, self._wanted = payload, wanted
        if self._flash.is_whole(self._slots.spare, _image(wanted)):
            self._finish()
            return
        self._slots.spoil()
        self._index, self._expected = 0, wanted.first_piece
        self._keep(b"")
        self._begun.set()

    # -- the pieces ---------------------------------------------------------------------------

    def _take_piece(self, frame):
        wanted = self._wanted
        if not wanted or frame[9:11] != self._index.to_bytes(2, "big"):
            return  # late, or again
        name = wanted.sha256[: firmware.NAME_SIZE]
        data, following = firmware.open_piece(frame, name, self._index, self._expected, wanted.size)
        at = self._index * firmware.DATA_SIZE
        room = BLOCK_SIZE - at % BLOCK_SIZE
        self._flash.write(self._slots.spare, at, data[:room])
        self._index, self._expected = self._index + 1, following
        if len(data) >= room:
            self._keep(data[room:])
            self._flash.write(self._slots.spare, at + room, data[room:])
        if self._index == firmware.piece_count(wanted.size):
            self._finish()
        if not self._wanted or self._index >= self._asked_to:
            self._progress.set()

    def _finish(self):
        wanted, self._wanted = self._wanted, None
        assert wanted
        if self._flash.is_whole(self._slots.spare, _image(wanted)):
            self._slots.offer(wanted.version, wanted.size, wanted.sha256)
            self._twin.write(b"")
            self._on_ready()
        else:
            self._payload = b""  # the flash did not keep it: from the start, when it is announced again
            self._count("firmware_refused")

    # -- across power cuts --------------------------------------------------------------------

    # The tail is what of the last piece lies in the block that is written next.
    def _keep(self, tail):
        head = struct.pack(_HEAD, len(self._payload), self._index, self._expected)
        self._twin.write(head + self._payload + tail)

    def _resume(self):
        body = self._twin.body
        if not body or self._slots.state != NONE:
            return
        length, index, expected = struct.unpack_from(_HEAD, body, 0)
        start = struct.calcsize(_HEAD)
        payload, tail = body[start : start + length], body[start + length :]
        wanted = message.decode(firmware.LAYOUT, payload, firmware.SIZE_MAX)
        if not self._slots.may_take(wanted.version) or self._slots.images[self._slots.spare].size:
            return  # it was tried already
        self._payload, self._wanted, self._index, self._expected = payload, wanted, index, expected
        self._flash.write(self._slots.spare, index * firmware.DATA_SIZE - len(tail), tail)
        self._begun.set()

    # -- asking -------------------------------------------------------------------------------

    async def fetch_forever(self, ask):
        """Ask for what is missing. ask(frame): async, sends a request towards the aggregator."""
        while True:
            await self._begun.wait()
            self._begun.clear()
            wait_ms = _ANSWER_MS
            while self._wanted:
                if not await self._fetch(ask, wait_ms):
                    wait_ms = min(2 * wait_ms, _ANSWER_MS_MAX)
                else:
                    wait_ms = _ANSWER_MS
                await asyncio.sleep_ms(_PAUSE_MS)

    # Whether the window came. An expired announcement ends the download.
    async def _fetch(self, ask, wait_ms):
        wanted, now_s = self._wanted, self._clock.utc_s()
        assert wanted
        if now_s is not None and now_s >= wanted.expires_s:
            self._wanted, self._payload = None, b""
            self._count("firmware_refused")
            return False
        self._progress.clear()
        self._asked_to = min(self._index + _WINDOW, firmware.piece_count(wanted.size))
        name = wanted.sha256[: firmware.NAME_SIZE]
        await ask(firmware.request(name, self._index, self._asked_to - self._index))
        return await until(self._progress, wait_ms)


def _image(wanted):
    return Image(wanted.version, wanted.size, wanted.sha256)
