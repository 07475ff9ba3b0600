"""A regulator's full node: its blocks cross the broker sealed, its time moves on, and it has no prices."""

import asyncio

from chain.genesis import Genesis
from chain.ledgers import REGULATORY, TRADING, open_block
from chain.state import State
from cloud.demand import market_step
from link.mqtt import MqttLink
from tests.cloud.test_service import NETWORK, START, Process, broker, signer  # noqa: F401
from wire import cose, kind, ledger_time, topics

GROUP_KEY = bytes(range(32))


async def first_messages(address: str) -> list[bytes]:
    """What a stranger on the broker sees of the full node: at least a strategy."""
    heard: list[bytes] = []
    news = asyncio.Event()

    def on_message(_: str, payload: bytes) -> None:
        heard.append(payload)
        news.set()

    link = MqttLink(address, "stranger", [topics.BLOCK, topics.STRATEGY], on_message)
    task = asyncio.create_task(link.run())
    async with asyncio.timeout(30):
        await news.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return heard


def test_who_is_no_member_reads_nothing(tmp_path, broker):  # noqa: F811
    process = Process(tmp_path, broker)
    (tmp_path / "group.key").write_text(GROUP_KEY.hex())
    with (tmp_path / "cloud.toml").open("a") as settings:
        settings.write(f'group_key_file = "{tmp_path / "group.key"}"\n')
    with (tmp_path / "genesis.toml").open("a") as genesis:
        genesis.write(f'ledger_kind = "{REGULATORY}"\n')
    heard = []
    process.start()
    try:
        heard = asyncio.run(first_messages(broker.address))
    finally:
        assert process.stop() == 0
    for sealed in heard:
        assert sealed[:2] != b"\xd2\x84", "no signed message in the clear"
        assert cose.open_envelope(open_block(sealed, GROUP_KEY)).kind in (kind.STRATEGY, kind.BLOCK)


def test_a_consortiums_ledger_has_time_and_nothing_else_by_itself():
    genesis = Genesis(NETWORK, signer("operator").public_key, START, ledger_kind=TRADING)
    drafts = market_step(State.begin(genesis), START + 1)
    assert [draft.kind for draft in drafts] == [ledger_time.ADVANCE_KIND]
