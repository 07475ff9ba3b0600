"""
A household's phone gets its own meter's reading proved: the place from the aggregator, the root from the full node,
each by one question on its topic. Nobody else is answered, and nothing bent is believed.
"""

import pytest

from aggregator.prove import answer
from aggregator.refusal import Refused
from phone.client import Household, Phone, ask_for_reading, read_place, root_asked_for, with_place
from phone.ed25519 import verify
from phone.errors import ProofError
from phone.header import HeaderChain
from tests.aggregator.area import NETWORK, NOW, ident, reading_of, record, signer
from tests.aggregator.site import Aggregator
from tests.cloud.town import START, Town
from wire import message, proof, reading_ask
from wire.errors import WireError
from wire.interval import WINDOW_S

WINDOW = START * 1800
ASKER = b"a phone!"


class Street:
    """A full node and an aggregator, without sockets: what one sends is handed to the other."""

    def __init__(self, directory) -> None:
        self.town = Town(directory / "town")
        self.town.submit(*self.town.everybody(), self.town.heater_contract())
        self.aggregator = Aggregator(directory / "store.sqlite")
        self.make_block()
        self.town.open_interval(START)
        self.readings = {
            name: reading_of(name, 1, 1, record(WINDOW, consumed_wh=used))
            for name, used in (("meter-1", 500), ("meter-2", 300), ("mlmd-1", 810))
        }
        self.aggregator.now_s = NOW + WINDOW_S + 5
        self.aggregator.take(*self.readings.values())
        self.aggregator.now_s += 30
        (sealed,) = self.aggregator.seal()
        self.town.submit(sealed.payload)
        self.town.now_s = self.aggregator.now_s
        self.make_block()

    def make_block(self) -> None:
        self.town.block()
        self.aggregator.follow(*(sent.payload for sent in self.town.node.parts()))

    def ask(self, device: str, user: str = "user-1", window_start_s: int = WINDOW, network: bytes = NETWORK):
        key = signer(user)
        question = ask_for_reading(Household(key.public_key, network, key.sign), ASKER, ident(device), window_start_s)
        sent = answer(question, self.aggregator.site)
        assert {one.topic for one in sent} <= {reading_ask.answer_topic_of(ident("aggregator"), ASKER)}
        return [read_place(one.payload) for one in sent]

    def row(self, place) -> bytes:
        table, key = root_asked_for(place)
        question = message.encode(proof.ASK_LAYOUT, proof.Ask(ASKER, table, key))
        (sent,) = self.town.node.answer_ask(question)
        return sent.payload


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    return Street(tmp_path_factory.mktemp("street"))


def phone() -> Phone:
    cloud = signer("cloud")
    return Phone(HeaderChain({cloud.identity: cloud.public_key}, NETWORK, verify))


def test_a_household_gets_its_reading_proved(street):
    (place,) = street.ask("meter-1")
    made = with_place(street.row(place), place)
    found = phone().reading(made, ident("aggregator"), WINDOW, place.part, signer("meter-1").public_key)
    assert found.is_signed and found.content.records[0].consumed_wh == 500
    assert place.reading == street.readings["meter-1"] and len(made) < 2048


def test_of_a_window_without_a_reading_there_is_no_place(street):
    assert street.ask("meter-1", window_start_s=WINDOW + WINDOW_S) == []


@pytest.mark.parametrize(
    "device, user, network, refused",
    [
        ("meter-2", "user-1", NETWORK, "not_theirs"),
        ("meter-1", "user-2", NETWORK, "not_theirs"),
        ("meter-1", "operator", NETWORK, "not_theirs"),
        ("mlmd-1", "user-1", NETWORK, "not_theirs"),
        ("meter-99", "user-1", NETWORK, "not_theirs"),
        ("meter-1", "user-1", b"othernet", "bad_signature"),
    ],
)
def test_nobody_else_is_answered(street, device, user, network, refused):
    with pytest.raises((Refused, WireError)) as error:
        street.ask(device, user, network=network)
    assert error.value.name == refused


def test_who_signs_with_another_key_than_the_id_was_made_from(street):
    user, mallory = signer("user-1"), signer("mallory")
    for key, sign, refused in (
        (user.public_key, mallory.sign, "bad_signature"),
        (mallory.public_key, mallory.sign, "not_theirs"),
        (bytes(32), user.sign, "unknown_signer"),
    ):
        question = ask_for_reading(Household(key, NETWORK, sign), ASKER, ident("meter-1"), WINDOW)
        with pytest.raises((Refused, WireError)) as error:
            answer(question, street.aggregator.site)
        assert error.value.name == refused
    for rubbish in (b"", b"\x80", street.readings["meter-1"]):
        with pytest.raises(WireError):
            answer(rubbish, street.aggregator.site)


def test_an_aggregator_that_bends_its_answer_is_not_believed(street):
    (place,) = street.ask("meter-1")
    (other,) = street.ask("meter-2", "user-2")
    row = street.row(place)
    forged = reading_of("meter-1", 1, 1, record(WINDOW, consumed_wh=5))
    for bent in (
        place._replace(reading=forged),
        place._replace(reading=other.reading),
        place._replace(place=other.place),
        place._replace(place=place.place._replace(count=place.place.count + 1)),
        place._replace(place=place.place._replace(path=())),
    ):
        with pytest.raises(ProofError):
            phone().reading(with_place(row, bent), ident("aggregator"), WINDOW, place.part)
    with pytest.raises(ProofError, match="malformed"):
        read_place(b"\x80")


def test_a_decision_under_the_header(street):
    from chain.prove import decision

    town = street.town
    block = next(one for one in reversed(town.blocks) if one.decisions)
    made = decision(block.decisions, 0, town.ledger.header(block.height))
    assert phone().decision(made, block.height) == block.decisions[0] and len(made) < 2048
    header = phone().headers.read(town.ledger.header(block.height))
    assert header.decisions_root != header.outcomes_root
    bent = message.decode(proof.LAYOUT, made)
    for fields in ({"leaf": bent.leaf[:-1] + b"\x06"}, {"place": ()}, {"header": town.ledger.header(1)}):
        with pytest.raises(ProofError):
            phone().decision(message.encode(proof.LAYOUT, bent._replace(**fields)), block.height)
