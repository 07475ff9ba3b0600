"""Four real validators on loopback: they agree, one is killed and comes back, and others' programs can check them."""

import base64
import itertools
import json
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from chain.cometbft import program
from chain.cometbft.follower import FollowingLedger
from chain.cometbft.home import Node, address, free_ports
from chain.cometbft.network import Network
from chain.cometbft.rpc import Rpc
from chain.embedded import EmbeddedLedger
from chain.status import Status
from chain.verify import verify
from phone.proof import check_state
from tests.chain.some_days import play
from tests.chain.test_weights import set_weight
from tests.chain.world import World
from tests.cometbft.nodes import applied, homes, need_cometbft, running, runs
from wire import double_vote, kind, message, proof

pytestmark = pytest.mark.real
TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def days() -> World:
    return play(intervals=4)


@pytest.fixture
def network(days, tmp_path):
    need_cometbft()
    with homes(tmp_path, days.genesis, 4) as nodes, running(nodes, snapshot_every=5) as network:
        yield network


def app_hash(node: Node, height: int) -> bytes:
    """After a height, as the node's next header has it."""
    rpc = Rpc(node.place.rpc_address)
    header = rpc.call("block", height=str(height + 1))["block"]["header"]
    rpc.close()
    return bytes.fromhex(header["app_hash"])


def follow(world: World, network: Network, directory: Path, node: Node | None = None) -> FollowingLedger:
    rpc = Rpc((node or network.nodes[0]).place.rpc_address)
    return FollowingLedger.follow(directory / "followed.sqlite", world.genesis, rpc)


def test_a_log_is_agreed_on_although_a_validator_is_killed(days, network, tmp_path):
    ledger = follow(days, network, tmp_path)
    pieces = runs(applied(days))
    for number, piece in enumerate(pieces):
        if number == len(pieces) // 3:
            network.kill_node(network.nodes[3])
        if number == 2 * len(pieces) // 3:
            network.start_node(network.nodes[3])
        blocks = ledger.submit(piece)
        assert not ledger.refused and {status for block in blocks for status in block.statuses} == {Status.APPLIED}
    assert ledger.app_hash == days.state.app_hash and ledger.height == len(pieces)
    network.wait_for_height(ledger.followed + 1)
    assert {app_hash(node, ledger.followed) for node in network.nodes} == {days.state.app_hash}
    followed = ledger.followed
    ledger.close()
    again = follow(days, network, tmp_path)
    assert (again.height, again.followed >= followed) == (len(pieces), True)
    again.close()
    network.stop()
    compare_with_the_embedded_engine(days, network, tmp_path)


def compare_with_the_embedded_engine(days: World, network: Network, tmp_path: Path) -> None:
    embedded = EmbeddedLedger.open(tmp_path / "embedded.sqlite", days.genesis)
    for transaction in applied(days):
        embedded.commit([transaction])
    assert embedded.app_hash == days.state.app_hash
    embedded.close()
    for path in (tmp_path / "followed.sqlite", *(node.ledger for node in network.nodes)):
        verified = verify(path, days.genesis)
        assert not verified.faults and verified.state.app_hash == days.state.app_hash


def test_what_a_client_gets_over_rpc(days, network, tmp_path):
    rpc = Rpc(network.nodes[1].place.rpc_address)
    first, second = (base64.b64encode(one).decode() for one in days.log[:2])
    done = rpc.call("broadcast_tx_commit", tx=first)
    assert (done["check_tx"]["code"], done["tx_result"]["code"]) == (0, 0)
    assert rpc.call("broadcast_tx_sync", tx=second)["code"] == 0
    ledger = follow(days, network, tmp_path)
    ledger.submit(days.log[:12])
    assert not ledger.refused.keys() - set(days.log[:1])
    ledger.close()
    # The door, over RPC: a replay that no node's memory of transactions knows, and what is none.
    bad = bytes((*days.log[12][:-1], days.log[12][-1] ^ 1))
    assert [one.log for one in rpc.hand_in([bad, b"none"])] == ["BAD_SIGNATURE", "MALFORMED"]
    found = rpc.query("wallet", b"stranger", prove=True)
    assert found["code"] == 2 and "no such row" in found["log"]
    found = rpc.query("subject", days.id("cloud"), prove=True)
    network.wait_for_height(int(found["height"]) + 1, [1])
    key, value = (base64.b64decode(found[name]) for name in ("key", "value"))
    (operation,) = found["proofOps"]["ops"]
    proved = message.decode(proof.STATE, base64.b64decode(operation["data"]))
    assert bytes((proved.table,)) + proved.key == key
    assert check_state(proved, app_hash(network.nodes[1], int(found["height"]))) == value
    rpc.close()


def test_cometbfts_own_light_client_follows_the_chain(days, network, tmp_path):
    """Trusting one header and two nodes, it verifies every later header by the validators' signatures."""
    ledger = follow(days, network, tmp_path)
    for piece in runs(days.log[:14]):
        ledger.submit(piece)
    network.wait_for_height(ledger.followed + 1)
    first, second, *_ = (f"http://{node.place.rpc_address}" for node in network.nodes)
    trusted = ledger._rpc.call("block", height="1")["block_id"]["hash"]
    status = ledger._rpc.call("status")["node_info"]["network"]
    (port,) = free_ports(1)
    command = [program.find(), "light", status, "-p", first, "-w", second, "--height", "1", "--hash", trusted]
    command += ["--laddr", f"tcp://127.0.0.1:{port}", "--home-dir", str(tmp_path / "light")]
    light = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        client = Rpc(f"127.0.0.1:{port}")
        network.wait(lambda: is_listening(port), "the light client")
        height = ledger.followed + 1
        header = client.call("commit", height=str(height))["signed_header"]["header"]
        assert bytes.fromhex(header["app_hash"]) == ledger.app_hash
        assert client.call("validators", height=str(height))["count"] == "4"
        client.close()
    finally:
        light.kill()
        light.wait()
        ledger.close()


def is_listening(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
    except OSError:
        return False
    return True


def test_a_node_that_joins_late_takes_a_snapshot(days, tmp_path):
    need_cometbft()
    with homes(tmp_path, days.genesis, 5, validators=4) as nodes:
        late = nodes.pop()
        with running(nodes, snapshot_every=3) as network:
            ledger = follow(days, network, tmp_path)
            for piece in runs(applied(days)):
                ledger.submit(piece)
            servers = ",".join(node.place.rpc_address for node in nodes[:2])
            trusted = ledger._rpc.call("block", height="2")["block_id"]["hash"]
            with (late.home / "config" / "config.toml").open("a") as config:
                config.write(
                    f'\n[statesync]\nenable = true\nrpc_servers = "{servers}"\ntrust_height = 2\n'
                    f'trust_hash = "{trusted}"\ndiscovery_time = "5s"\n'
                )
            network.nodes.append(late)
            network.start_node(late)
            rpc = Rpc(late.place.rpc_address)
            network.wait_for_height(ledger.followed, [4], 90)
            network.wait(lambda: base64.b64decode(rpc.query("app_hash")["value"]) == ledger.app_hash, "its state")
            assert ledger.app_hash == days.state.app_hash
            assert int(rpc.call("status")["sync_info"]["earliest_block_height"]) > 1, "it has no first block"
            rpc.close()
            ledger.close()


def test_the_cluster_command_leaves_nothing_behind(tmp_path):
    need_cometbft()
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "chain.cometbft.cluster", "--out", str(tmp_path / "cluster")]
    command += ["--ready", str(ready)]
    for _ in range(2):  # a new network, and the same again
        with subprocess.Popen(command, cwd=TOP, stdout=subprocess.PIPE, text=True) as cluster:
            try:
                for line in cluster.stdout:
                    if line.count("peers 3") == 4:
                        break
                addresses = json.loads(ready.read_text())
                assert len(addresses) == 4 and all(Rpc(address).height() >= 1 for address in addresses)
                cluster.send_signal(signal.SIGINT)
                assert cluster.wait(30) == 0
            finally:
                cluster.kill()
        listed = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
        assert str(tmp_path) not in listed


def test_an_organisation_with_nearly_all_the_weight_cannot_stop_the_others(tmp_path):
    """Two validators of one heavy organisation fall at once: without its cap they would be 99 % of the power."""
    need_cometbft()
    world = World()
    with homes(tmp_path, world.genesis, 5) as nodes, running(nodes) as network:
        ledger = follow(world, network, tmp_path, nodes[4])
        weights = (("a", 1000), ("a", 1000), ("b", 10), ("c", 10), ("d", 10))
        for node, (organisation, weight) in zip(nodes, weights, strict=True):
            world.must(set_weight(world, "", organisation, weight, validator_key=node.validator))
        ledger.submit(world.log)
        ledger.submit([world_step(world)])  # powers count from the second height on
        network.wait_for_height(ledger.followed + 1)
        told = ledger._rpc.call("validators", height=str(ledger.followed + 1))["validators"]
        assert sorted(int(one["voting_power"]) for one in told) == [7_499, 7_500, 10_000, 10_000, 10_000]
        for node in nodes[:2]:
            network.kill_node(node)
        ledger.submit([world_step(world)], patience_s=90)
        assert ledger.app_hash == world.state.app_hash
        ledger.close()


def world_step(world: World) -> bytes:
    """Some transaction that changes the state."""
    world.must(world.registration(f"user {len(world.log)}", "user"))
    return world.log[-1]


def test_a_validator_that_votes_twice_is_on_record(tmp_path):
    """Its key runs on two machines: the others put both signed votes into a block, each offence once."""
    need_cometbft()
    world = World().people()
    with homes(tmp_path, world.genesis, 5, validators=4) as nodes:
        shutil.copy(nodes[3].home / "config" / "priv_validator_key.json", nodes[4].home / "config")
        with running(nodes) as network:
            rpcs = [Rpc(node.place.rpc_address) for node in nodes]
            for number, node in enumerate(nodes[:4]):
                world.must(set_weight(world, "", f"organisation {number}", 10, validator_key=node.validator))
            rpcs[0].hand_in(world.log)
            numbers = itertools.count(1)

            def is_on_record() -> bool:
                number = next(numbers)
                rpcs[number % 5].hand_in([world.receipt("mlmd", number)])
                return bool(offences(rpcs[0]))

            network.wait(is_on_record, "evidence in a block", 120)
            network.wait_for_height(rpcs[0].height(), [0, 1, 2])
            found = offences(rpcs[0])
            assert len(found) == len(set(found)) and {who for who, *_ in found} == {address(nodes[3].validator)}
            assert found == offences(rpcs[1])[: len(found)]
            convict(world, nodes[3].validator, rpcs[0], network, tmp_path)
            for rpc in rpcs:
                rpc.close()


def convict(world: World, offender: bytes, rpc: Rpc, network: Network, folder: Path) -> None:
    """A follower notices it; once the votes are proved to the ledger, the offender's power is gone at every node."""
    ledger = FollowingLedger.follow(folder / "followed.sqlite", world.genesis, Rpc(rpc.address))
    votes = ledger.offences()[0]
    assert votes.validator_key == offender
    shown = (world.next_nonce("user-m1"), *votes)
    world.must(world.sign("user-m1", kind.DOUBLE_VOTE, double_vote.LAYOUT, shown))
    ledger.submit([world.log[-1]])
    assert len(ledger.state.excluded) == 1 and votes not in ledger.offences()
    ledger.close()

    def is_out() -> bool:
        validators = rpc.call("validators", per_page="100")["validators"]
        return base64.b64encode(offender).decode() not in [one["pub_key"]["value"] for one in validators]

    network.wait(is_out, "the offender to lose its power", 60)


def offences(rpc: Rpc) -> list[tuple[str, str, int, int]]:
    """(who, height, round, step) of every double vote that stands in a block."""
    found = []
    for height in range(1, rpc.height() + 1):
        for one in rpc.call("block", height=str(height))["block"]["evidence"]["evidence"]:
            vote = one["value"]["vote_a"]
            found.append((vote["validator_address"], vote["height"], vote["round"], vote["type"]))
    return found


def test_of_two_spends_handed_to_two_nodes_one_is_applied(days, network, tmp_path):
    """The same nonce twice: whichever block comes first, the other transaction never stands in one, or is refused."""
    world = World()
    one, two = world.registration("one", "user"), world.registration("two", "user")
    rpcs = [Rpc(node.place.rpc_address) for node in network.nodes]
    assert [rpc.hand_in([spend])[0].code for rpc, spend in zip(rpcs[:2], (one, two), strict=True)] == [0, 0]
    network.wait(lambda: all(int(rpc.call("num_unconfirmed_txs")["total"]) == 0 for rpc in rpcs), "empty mempools")
    network.wait_for_height(rpcs[0].height())
    known = [[rpc.query("subject", world.id(name))["code"] == 0 for name in ("one", "two")] for rpc in rpcs]
    assert known == [known[0]] * 4 and sum(known[0]) == 1
    for rpc in rpcs:
        rpc.close()
