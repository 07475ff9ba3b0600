"""The full node on either engine: which one, and what it does while the validators are away."""

import pytest

from chain.cometbft.errors import NotReached
from chain.cometbft.follower import marker
from chain.embedded import EmbeddedLedger
from chain.errors import LedgerError
from cloud.engine import open_ledger
from cloud.settings import CloudSettings
from link.settings import SettingsError, load
from tests.cloud.town import START, Town


@pytest.fixture
def town(tmp_path) -> Town:
    made = Town(tmp_path / "town")
    made.submit(*made.everybody())
    made.block()
    return made


def away(*_: object) -> list:
    raise NotReached("two of four do not answer")


def test_what_was_submitted_waits_until_the_validators_are_back(town, monkeypatch):
    transaction = town.heater_contract()
    town.submit(transaction)
    with monkeypatch.context() as partition:
        partition.setattr(town.ledger, "submit", away)
        for _ in range(2):
            with pytest.raises(NotReached):
                town.block()
    assert [block.transactions for block in town.block()] == [(transaction,)]
    assert town.block() == []


def test_an_interval_is_opened_when_they_are_back(town, monkeypatch):
    with monkeypatch.context() as partition:
        partition.setattr(town.ledger, "submit", away)
        with pytest.raises(NotReached):
            town.open_interval(START + 1)
    (opened,) = town.open_interval(START + 1)
    assert opened.interval == START + 1


def test_others_blocks_are_published_before_an_interval_is_opened(town, monkeypatch):
    transaction = town.heater_contract()
    monkeypatch.setattr(town.ledger, "catch_up", lambda: [town.ledger.commit([transaction])])
    blocks = town.open_interval(START + 1)
    assert [block.height for block in blocks] == [2, 3] and blocks[0].transactions == (transaction,)


def settings(directory, more: str = "") -> CloudSettings:
    text = 'genesis = "genesis.toml"\nsecret_key_file = "cloud.key"\nbroker = "127.0.0.1:1883"\n'
    text += f'ledger = "{directory / "ledger.sqlite"}"\nfeeder_power_w_max = 1\n{more}'
    (directory / "cloud.toml").write_text(text)
    return load(CloudSettings, directory / "cloud.toml")


def test_an_engine_is_one_of_two(tmp_path):
    assert settings(tmp_path).engine == "embedded"
    with pytest.raises(SettingsError, match="engine: Input should be 'embedded' or 'cometbft'"):
        settings(tmp_path, 'engine = "diesel"\n')


def test_a_followed_ledger_is_not_written_by_the_embedded_engine(town, tmp_path):
    ledger = open_ledger(settings(tmp_path), town.genesis)
    assert type(ledger) is EmbeddedLedger
    ledger.close()
    marker(tmp_path / "ledger.sqlite").write_text("[0, 0, 1]")
    with pytest.raises(LedgerError, match='follows validators: set engine = "cometbft"'):
        open_ledger(settings(tmp_path), town.genesis)


def test_a_node_that_nobody_started_is_named(town, tmp_path, monkeypatch):
    monkeypatch.setattr("cloud.engine.PATIENCE_S", 0.05)
    chosen = settings(tmp_path, f'engine = "cometbft"\ncometbft_rpc = "unix:{tmp_path}/none.sock"\n')
    with pytest.raises(NotReached, match=r"none\.sock"):
        open_ledger(chosen, town.genesis)
