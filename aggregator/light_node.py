"""
The light node: follows the ledger's headers, keeps its area's part of each block, seals
windows and offers them to the ledger until a block has them.

Before anything is sealed the ledger has been followed to its end since the start: should
our file be older than the ledger (a restored backup), the ledger's word stands, and no
number is ever given to two light blocks.
"""

from hashlib import sha256

from chain.ed25519 import verify
from chain.status import Status
from wire import area_block, contract, cose, kind, light_block, message, receipt, topics
from wire.errors import WireError

from .follow import Gap, Next, Same, follow
from .keys import read_announcement, read_revocation, read_rotation
from .light_block import Sealer, seal
from .refusal import Refused
from .registry import device_of_area, read_registration
from .site import Outgoing, Site


class LightNode:
    """
    is_level: followed to the ledger's end since the start, or since the last gap or disconnect. changed_keys: whose
    key was changed by blocks applied since somebody looked last.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self.changed_keys: list[bytes] = []
        self.head = site.store.area.head()
        self.is_level = False

    def fetch(self) -> Outgoing:
        """Asks the full node for what comes after our head."""
        asked = area_block.Fetch(self._site.area_id, self.head.height + 1)
        return Outgoing(area_block.FETCH_TOPIC, message.encode(area_block.FETCH_LAYOUT, asked))

    def read(self, data: bytes) -> Next | Gap | Same | None:
        """What an area block (untrusted bytes) means to us. A refused one is counted and None."""
        site = self._site
        try:
            step = follow(data, self.head, site.cloud_id, site.cloud_key, site.network_id, verify)
        except (WireError, Refused) as error:
            site.refused[error.name] += 1
            return None
        if isinstance(step, Gap):
            self.is_level = False
        elif isinstance(step, Same):
            self.is_level = True
        return step

    def apply(self, step: Next) -> None:
        """Keeps what the next block says of us; inside a transaction."""
        for transaction, status in zip(step.block.transactions, step.block.statuses, strict=True):
            self._site.store.submissions.seen(sha256(transaction).digest(), step.block.height, status)
            if status != Status.APPLIED:
                continue
            try:
                self._learn(transaction, step.head.height)
            except WireError as error:  # whatever the full node says of it, we do not take it
                self._site.refused[error.name] += 1
        self._site.store.area.add_part(step.head, step.block.interval, step.data)
        self.head = step.head

    def _learn(self, transaction: bytes, height: int) -> None:
        """Raises WireError."""
        envelope = cose.open_envelope(transaction)
        if envelope.kind == kind.REGISTRATION:
            self._learn_device(transaction)
        elif envelope.kind == kind.CONTRACT:
            self._learn_contract(message.decode(contract.LAYOUT, envelope.payload))
        elif envelope.kind == kind.CLOSE_CONTRACT:
            closed = message.decode(contract.CLOSE_LAYOUT, envelope.payload)
            self._site.store.area.remove_load(closed.contract_id)
        elif envelope.kind == kind.LIGHT_BLOCK:
            found = message.decode(light_block.LAYOUT, envelope.payload)
            if envelope.signer_id == self._site.signer.identity:
                self._reconcile(transaction, found)
            elif found.area_id == self._site.area_id:
                self._site.store.readings.note_predecessors(found)
        elif envelope.kind == kind.RECEIPT and envelope.signer_id in self._site.registry.devices:
            answered = message.decode(receipt.LAYOUT, envelope.payload)
            self._site.store.commands.note_used(envelope.signer_id, answered.command_sequence)
        elif envelope.kind == kind.ROTATION:
            self._change_key(transaction, height)
        elif envelope.kind == kind.REVOCATION:
            self._end_device(transaction, height)

    def _learn_device(self, transaction: bytes) -> None:
        """Raises WireError."""
        site = self._site
        registered = read_registration(transaction, site.operator_id, site.operator_key, site.network_id, verify)
        device = device_of_area(registered, site.area_id)
        if device is not None:
            site.registry.devices[registered.subject_id] = device
            site.store.area.add_device(registered.subject_id, device)
            site.store.area.set_owner(registered.subject_id, registered.owner_id)

    def _change_key(self, transaction: bytes, height: int) -> None:
        """Raises WireError."""
        site = self._site
        operator = (site.operator_id, site.operator_key)
        change = read_rotation(transaction, site.registry, operator, site.network_id)
        if change is None:
            return
        site.registry.devices[change.device_id] = change.device
        site.registry.former.pop(change.device_id, None)
        if change.former is not None:
            site.registry.former[change.device_id] = change.former
        site.store.keys.rotate(change.device_id, change.former, change.device.public_key, height)
        self.changed_keys.append(change.device_id)

    def _end_device(self, transaction: bytes, height: int) -> None:
        """Raises WireError."""
        site = self._site
        device_id = read_revocation(transaction, (site.operator_id, site.operator_key), site.network_id)
        device = site.registry.devices.pop(device_id, None)
        if device is not None:
            site.registry.former.pop(device_id, None)
            site.registry.revoked[device_id] = device
            site.store.keys.revoke(device_id, device, height)

    def announce(self, data: bytes, device_id: bytes, now_s: float) -> list[Outgoing]:
        """A device's next key (untrusted bytes), for the ledger. Raises WireError, Refused."""
        site = self._site
        wanted = read_announcement(data, device_id, site.registry, site.network_id)
        if wanted is None:
            self.changed_keys.append(device_id)  # it has not heard
            return []
        with site.store.transaction():
            site.store.submissions.add(kind.ROTATION, wanted, int(now_s))
        return [Outgoing(topics.SUBMIT, wanted)]

    def _learn_contract(self, agreed: contract.Contract) -> None:
        is_ours = agreed.device_id in self._site.registry.devices
        if agreed.contract_kind == contract.DEFERRABLE and is_ours and agreed.terms:
            self._site.store.area.add_load(agreed.contract_id, agreed.device_id, agreed.terms[0])

    def _reconcile(self, data: bytes, found: light_block.LightBlock) -> None:
        """One of our light blocks is on the ledger. When it is not the one we have, the ledger's word stands."""
        readings, digest = self._site.store.readings, sha256(data).digest()
        if readings.light_block(found.number) == digest:
            return
        self._site.store.submissions.withdraw(readings.reopen_from(found.number))
        readings.adopt(digest, data, found)

    def seal(self, now_s: float) -> list[Outgoing]:
        """Seals every window with readings received before this instant; the light blocks, to be submitted."""
        site, store = self._site, self._site.store
        with store.transaction():
            windows = list(store.readings.unsealed(int(now_s * 1000)))
            chain = seal(
                windows,
                {window.window_start_s: store.readings.parts_of(window.window_start_s) for window in windows},
                store.readings.last_light_block(),
                site.registry.mlmds,
                Sealer(site.area_id, site.network_id, site.signer.sign, site.signer.identity),
            )
            for sealed in chain:
                store.readings.seal(sealed)
                store.submissions.add(kind.LIGHT_BLOCK, sealed.data, int(now_s))
            site.write_refused()
        return [Outgoing(topics.SUBMIT, sealed.data) for sealed in chain]

    def open_submissions(self) -> list[Outgoing]:
        """Everything the ledger has not answered yet."""
        return [Outgoing(topics.SUBMIT, submission.data) for submission in self._site.store.submissions.open()]
