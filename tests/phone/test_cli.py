"""From the command line: a proof file made from a ledger, checked with a key and nothing else."""

import json

import pytest
from typer.testing import CliRunner

from chain.cli import app as ledger
from phone.cli import app as phone
from tests.chain.world import START
from tests.phone.node import Node

RUN = CliRunner().invoke


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Node:
    folder = tmp_path_factory.mktemp("ledger")
    node = Node(folder / "ledger.sqlite")
    genesis = node.world.genesis
    (folder / "genesis.toml").write_text(
        f'network_id = "{genesis.network_id.hex()}"\nstart_interval = {genesis.start_interval}\n'
        f'operator_public_key = "{genesis.operator_public_key.hex()}"\nhistory_intervals = 96\n'
    )
    node.folder = folder
    return node


def prove(node: Node, what: str, *arguments: object):
    files = [str(node.folder / name) for name in ("ledger.sqlite", "genesis.toml")]
    made = RUN(ledger, ["prove", what, *files, *map(str, arguments)])
    assert made.exit_code == 0, made.output
    (node.folder / "proof.json").write_text(made.output)
    return json.loads(made.output)


def check(node: Node, *more: str, key: str = "cloud"):
    public_key = node.world.key(key).public.hex()
    return RUN(phone, ["check", str(node.folder / "proof.json"), public_key, *more])


def test_all_kinds(node):
    user = node.world.id("user-m2")
    key = next(key for key, lot in node.state.lots.items() if not lot.origins)
    place = json.loads(_place(node))
    (node.folder / "place.json").write_text(json.dumps(place))
    cases = [
        ("wallet", (user.hex(),), node.state.wallets.get(user)._asdict()),
        ("price", (START,), None),
        ("lot", (int.from_bytes(key[:4], "big"), key[4:12].hex(), key[12]), {"energy_wh": node.state.lots.get(key)[0]}),
        ("reading", (node.folder / "place.json",), None),
        ("transaction", (3, 0), {"status": 0}),
    ]
    for what, arguments, expected in cases:
        assert prove(node, what, *arguments)["size_bytes"] < 2048
        checked = check(node)
        assert checked.exit_code == 0, checked.output
        assert expected is None or json.loads(checked.output) == expected
        assert check(node, key="area").exit_code == 1, "another key"


def _place(node: Node) -> str:
    from chain.prove import path_to

    index, count, path = path_to(node.readings, 3)
    told = {"area_id": node.world.id("area").hex(), "window_start_s": node.window_start_s, "part": 0}
    told |= {"reading": node.readings[3].hex(), "index": index, "count": count, "path": [one.hex() for one in path]}
    return json.dumps(told)


def test_a_later_header_makes_the_proof_an_old_one(node):
    prove(node, "wallet", node.world.id("user-m1").hex())
    latest = node.folder / "header"
    latest.write_bytes(node.headers[-1])
    assert check(node, str(latest)).exit_code == 0
    told = json.loads((node.folder / "proof.json").read_text())
    from phone.proof import decode
    from wire import message, proof

    old = decode(bytes.fromhex(told["proof"]))._replace(header=node.headers[-2])
    told["proof"] = message.encode(proof.LAYOUT, old).hex()
    (node.folder / "proof.json").write_text(json.dumps(told))
    refused = check(node, str(latest))
    assert refused.exit_code == 1 and "old_header" in refused.output


@pytest.mark.parametrize("rubbish", ["", "{}", "[]", '{"network_id": "zz", "proof": "00", "question": {}}'])
def test_what_is_no_proof_file(node, rubbish):
    (node.folder / "proof.json").write_text(rubbish)
    assert check(node).exit_code == 2


def test_what_there_is_not(node):
    files = [str(node.folder / name) for name in ("ledger.sqlite", "genesis.toml")]
    assert RUN(ledger, ["prove", "wallet", *files, "xyz"]).exit_code == 2
    assert RUN(ledger, ["prove", "transaction", *files, "1", "99"]).exit_code == 2
    assert RUN(ledger, ["prove", "wallet", files[0] + "x", files[1], "00" * 8]).exit_code == 2
    for rubbish in ("", "[]", '{"area_id": 1}'):
        (node.folder / "place.json").write_text(rubbish)
        assert RUN(ledger, ["prove", "reading", *files, str(node.folder / "place.json")]).exit_code == 2
    prove(node, "wallet", "00" * 7 + "99")
    refused = check(node)
    assert refused.exit_code == 1 and "not_there" in refused.output
