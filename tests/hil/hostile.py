"""
Somebody who has the broker, and signs nothing that counts: TUF's ten attacks on an update
(theupdateframework.github.io/specification, 1.5.2) against a board that boots from slots.
"""

from collections.abc import Callable
from hashlib import sha256

from hil import firmware
from hil.identity import Identity
from hil.rollout import FIRST, SECOND, Rollout
from wire import firmware as pieces
from wire import message, topics

STRANGER = Identity.of(9, "a stranger")
FEW = 8  # pieces of a bad image: none of them may matter


def attacks(run: Rollout) -> dict[str, list[bytes]]:
    """The frames of each attack on a meter, by its name in docs/ota.md."""
    rom = firmware.image(run._trees["meter"], SECOND)
    other = pieces.pieces(rom[:-1] + b"?")
    good = pieces.pieces(rom)
    sign = _signer(run, rom)
    changed = good[0][:-1] + bytes((good[0][-1] ^ 1,))
    return {
        "arbitrary installation": sign(by=STRANGER) + good[:FEW],
        "endless data": [*sign(), *good[:2], *[good[1]] * 50],
        "extraneous dependencies": sign() + other[:FEW],
        "fast-forward": sign(version=FIRST + 1001) + good[:FEW],
        "indefinite freeze": sign(version=9, expires_s=run.options.start_s) + good[:FEW],
        "malicious mirrors": [*sign(), changed, *good[1:FEW]],
        "mix-and-match": sign()[:1] + sign(version=7)[1:] + other[:FEW],
        "rollback": sign(version=FIRST) + good[:FEW],
        "slow retrieval": sign() + good[:3],
        "wrong software": sign(role=3) + sign(board=b"esp32_c3") + good[:FEW],
    }


def _signer(run: Rollout, rom: bytes) -> Callable[..., list[bytes]]:
    """sign(by=None, **changes): what announces this image, signed by two release keys, or in their names by another."""

    def sign(by: Identity | None = None, **changes) -> list[bytes]:
        now_s, first = run.options.start_s, pieces.piece_hash(pieces.pieces(rom)[0])
        fields = {"role": 2, "board": b"esp32_devkit", "version": SECOND, "issued_s": now_s, "expires_s": now_s + 86400}
        fields |= {"size": len(rom), "sha256": sha256(rom).digest(), "first_piece": first} | changes
        content = [fields[name] for name, _ in pieces.LAYOUT.fields]
        kind, layout, network_id = pieces.KIND, pieces.LAYOUT, run.network.network_id
        return [message.seal(kind, layout, content, one.id, network_id, (by or one).sign) for one in run._keys[:2]]

    return sign


def attack(run: Rollout, name: str, at_s: int) -> list[str]:
    """Injects one attack after another from at_s on, ten seconds each; which were sent, when the run is over."""
    topic = topics.of_device(run.network.aggregator.id, run.network.devices[name].id, "firmware")
    sent: list[str] = []

    def send(what: str, frames: list[bytes]) -> None:
        done = [run.tap.inject(topic, frame) for frame in frames]
        if all(done):
            sent.append(what)

    for number, (what, frames) in enumerate(attacks(run).items()):
        run.time.at(run.time.now_ms + (at_s + 10 * number) * 1000, lambda what=what, frames=frames: send(what, frames))
    return sent
