"""The full node's headers: one for each block, one chain, whatever crash came between; and its answers to phones."""

import pytest

from phone.client import Phone
from phone.ed25519 import verify
from phone.header import HeaderChain
from tests.aggregator.area import NETWORK, ident, signer
from tests.cloud.town import START, Town
from wire import merkle, message, proof, topics
from wire.errors import WireError


@pytest.fixture
def town(tmp_path):
    made = Town(tmp_path / "town")
    made.submit(*made.everybody())
    made.block()
    made.live_through(START)
    made.open_interval(START + 1)
    return made


def chain() -> HeaderChain:
    cloud = signer("cloud")
    return HeaderChain({cloud.identity: cloud.public_key}, NETWORK, verify)


def ask(town: Town, table: int, key: bytes) -> bytes:
    question = message.encode(proof.ASK_LAYOUT, proof.Ask(b"somebody", table, key))
    (answer,) = town.node.answer_ask(question)
    assert answer.topic == topics.of_proof(b"somebody") == "gridtide/v1/ledger/proof/736f6d65626f6479"
    return answer.payload


def test_every_block_has_a_header_and_they_are_a_chain(town):
    followed = chain()
    for number, block in enumerate(town.blocks, start=1):
        found = followed.follow(town.ledger.header(number))
        assert (found.height, found.app_hash) == (number, block.app_hash)
        assert found.transactions_root == block.transactions_root == merkle.root(block.transactions)
    (latest,) = town.node.header()
    assert latest == (topics.HEADER, town.ledger.header(len(town.blocks)))


def test_a_crash_before_the_header_leaves_no_gap(town, monkeypatch):
    before = town.ledger.height
    with monkeypatch.context() as crash:
        crash.setattr(town.ledger, "store_header", lambda *_: (_ for _ in ()).throw(OSError("gone")))
        with pytest.raises(OSError, match="gone"):
            town.open_interval(START + 2)
    assert town.ledger.height > before and town.ledger.header(town.ledger.height) is None
    town.crash()
    followed = chain()
    for height in range(1, town.ledger.height + 1):
        followed.follow(town.ledger.header(height))


def test_a_phone_asks_and_checks(town):
    phone = Phone(chain())
    assert phone.price(ask(town, proof.PRICES, (START + 1).to_bytes(4, "big")), START + 1)
    wallet = phone.wallet(ask(town, proof.WALLETS, ident("user-1")), ident("user-1"))
    assert wallet == town.ledger.state.wallets.get(ident("user-1")) and wallet.balance_micro < 0


@pytest.mark.parametrize("question", [b"", b"\x80", b"\x83\x47somebod\x12\x40", b"\x83\x48somebody\x19\x01\x00\x40"])
def test_a_question_that_is_none(town, question):
    with pytest.raises(WireError):
        town.node.answer_ask(question)


def test_a_table_that_is_none(town):
    assert town.node.answer_ask(message.encode(proof.ASK_LAYOUT, proof.Ask(b"somebody", 255, b""))) == []
