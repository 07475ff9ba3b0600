"""A phone against a full node: what is true is proved in under 2 kB, and nothing else is."""

from hashlib import sha256
from random import Random

import pytest

from chain.embedded import load_state
from chain.ledger_file import LedgerFile
from chain.prove import outcome, path_to, prove, with_reading
from chain.state import TABLES, u32
from phone.client import Phone
from phone.errors import ProofError
from phone.proof import check_row, decode, fields
from tests.chain.world import START, World
from tests.phone.kept import trusting, write
from tests.phone.node import Node
from wire import kind, merkle, message, proof
from wire.proof import ArchivedRow, MerklePath, Proof, StateProof

SIZE_MAX = 2048  # what a proof may have, its header with it
NUMBER = {name: number for number, (name, _) in enumerate(TABLES)}


@pytest.fixture(scope="module")
def node(tmp_path_factory) -> Node:
    return Node(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")


@pytest.fixture
def phone(node) -> Phone:
    return Phone(trusting(node.world))


def test_the_tables_a_phone_knows_are_those_of_the_state():
    known = (proof.PRICES, proof.WALLETS, proof.LOTS, proof.ROOTS, proof.ARCHIVE)
    assert tuple(NUMBER[name] for name in ("prices", "wallets", "lots", "roots", "archive")) == known


def test_a_balance(node, phone):
    user = node.world.id("user-m2")
    made = node.prove(proof.WALLETS, user)
    assert phone.wallet(made, user) == node.world.state.wallets.get(user)
    assert len(made) < SIZE_MAX


def test_a_price_in_the_state_and_one_that_left_it(node, phone):
    for interval, is_archived in ((node.state.interval - 1, False), (START, True), (START + 6, True)):
        made = node.prove(proof.PRICES, u32(interval))
        expected = [price for at, price in _posted(node.world) if at == interval]
        assert [phone.price(made, interval)] == expected
        assert bool(decode(made).archived) == is_archived and len(made) < SIZE_MAX


def _posted(world: World):
    from chain.opened import open_transaction

    for transaction, status in zip(world.log, world.statuses, strict=True):
        opened = open_transaction(transaction)
        if opened.envelope.kind == kind.PRICE and status == 0:
            yield opened.content.interval, opened.content.price_micro_per_kwh


def test_a_lot(node, phone):
    key, lot = next((key, lot) for key, lot in node.state.lots.items() if not lot.origins)
    made = node.prove(proof.LOTS, key)
    assert phone.lot_wh(made, int.from_bytes(key[:4], "big"), key[4:12], key[12]) == lot.energy_wh
    assert len(made) < SIZE_MAX


def test_every_reading_of_a_light_block(node, phone):
    key = node.world.key("m1").public
    for index, data in enumerate(node.readings):
        made = node.prove_reading(index)
        found = phone.reading(made, node.world.id("area"), node.window_start_s, 0, key)
        assert found.is_signed and found.device_id == node.world.id("m1")
        assert found.content.records[0].consumed_wh == index + 1 and found.content.sequence == index + 1
        assert len(made) < SIZE_MAX and data in made


def test_a_reading_of_a_device_that_did_not_sign_it(node, phone):
    with pytest.raises(ProofError, match="malformed: bad_signature"):
        phone.reading(node.prove_reading(0), node.world.id("area"), node.window_start_s, 0, node.world.key("m2").public)


def test_what_became_of_a_transaction(node, phone):
    for height in (1, 2, len(node.headers) // 2, len(node.headers)):
        block = node.file.block(height)
        made = outcome(block.transactions, block.statuses, 0, node.headers[height - 1])
        assert phone.status(made, block.transactions[0], height) == block.statuses[0]
        refuses("wrong_question", phone.status, made, block.transactions[0], height + 1)
        refuses("wrong_question", phone.status, made, b"another", height)


def test_that_there_is_no_such_row(node, phone):
    """Every table, many keys: each absence is proved, whether the way ends at nothing or at another row."""
    ends = set()
    for number in range(200):
        key = sha256(number.to_bytes(2, "big")).digest()[:8]
        made = node.prove(proof.WALLETS, key)
        found = decode(made)
        ends.add(found.state[0].end)
        assert check_row(found, proof.WALLETS, key, node.state.app_hash).value is None
        refuses("not_there", phone.wallet, made, key)
    assert ends == {proof.NOTHING, proof.OTHER}


def test_every_row_of_the_state(node):
    for table in node.state.tables:
        for key, _ in table.items():
            found = decode(node.prove(table.number, key))
            assert check_row(found, table.number, key, node.state.app_hash).value == table.encoded(key)


def test_every_row_that_left_the_state(node):
    count = 0
    for interval in node.file.history.roots():
        for row in node.file.history.of_interval(interval):
            found = decode(node.prove(row.number, row.key))
            said = check_row(found, row.number, row.key, node.state.app_hash)
            assert (said.value, said.is_archived) == (row.value, True)
            count += 1
    assert count > 50


def refuses(name, question, *arguments):
    with pytest.raises(ProofError) as error:
        question(*arguments)
    assert error.value.name == name, error.value


# ---- what is not true ----


def test_a_proof_for_another_question(node, phone):
    mine, other = node.world.id("user-m1"), node.world.id("user-m2")
    refuses("wrong_question", phone.wallet, node.prove(proof.WALLETS, other), mine)
    refuses("wrong_question", phone.wallet, node.prove(NUMBER["nonces"], mine), mine)
    refuses("wrong_question", phone.price, node.prove(proof.PRICES, u32(START)), START + 1)
    refuses("wrong_question", phone.price, node.prove(proof.WALLETS, mine), START)


def test_a_header_of_a_stranger_another_network_or_another_height(node, phone):
    user = node.world.id("user-m1")
    honest = node.prove(proof.WALLETS, user)
    content = phone.headers.read(node.headers[-1])
    from wire import header

    for signer, network in (("area", b"test-net"), ("cloud", b"othernet")):
        forged = node.world.sign(signer, kind.HEADER, header.LAYOUT, content, network)
        refuses("stranger", phone.wallet, with_header(honest, forged), user)
    refuses("malformed", phone.wallet, with_header(honest, b"\xd2\x84"), user)
    refuses("not_under_root", phone.wallet, with_header(honest, node.headers[5]), user)


def test_an_old_balance_does_not_pass_for_todays(node, phone, tmp_path):
    user = node.world.id("user-m2")
    half = len(node.world.log) // 2
    write(node.world, tmp_path / "old.sqlite", node.world.log[:half])
    file = LedgerFile(tmp_path / "old.sqlite", is_writing=False)
    old = prove(load_state(file, node.world.genesis), file, proof.WALLETS, user, node.headers[half - 1])
    file.close()
    phone.wallet(old, user)
    phone.wallet(node.prove(proof.WALLETS, user), user)
    refuses("old_header", phone.wallet, old, user)


def test_headers_are_one_chain(node):
    chain = trusting(node.world)
    for data in node.headers:
        chain.follow(data)
    assert chain.latest.app_hash == node.state.app_hash
    other = trusting(node.world)
    other.follow(node.headers[3])
    from wire import header

    forked = other.latest._replace(height=5, previous_hash=bytes(32))
    refuses("fork", other.follow, node.world.sign("cloud", kind.HEADER, header.LAYOUT, forked))
    same = other.latest._replace(app_hash=bytes(32))
    refuses("fork", other.follow, node.world.sign("cloud", kind.HEADER, header.LAYOUT, same))
    refuses("old_header", other.follow, node.headers[2])


def with_header(made: bytes, data: bytes) -> bytes:
    return message.encode(proof.LAYOUT, decode(made)._replace(header=data))


def test_a_leaf_counted_twice_under_an_odd_tree_is_refused(node, phone):
    """Seven leaves: the last one carried up, not doubled; an eighth that repeats it is under no root."""
    last = node.readings[-1]
    doubled = [*node.readings, last]
    assert merkle.root(doubled) != merkle.root(node.readings)
    area = node.world.id("area")
    for index in (6, 7):
        forged = with_reading(node.prove_reading(6), last, path_to(doubled, index))
        refuses("wrong_question", phone.reading, forged, area, node.window_start_s, 0)
    path = merkle.proof(node.readings, 6)
    place = MerklePath(7, 7, tuple(path))
    refuses(
        "not_under_root", phone.reading, with_reading(node.prove_reading(6), last, place), area, node.window_start_s, 0
    )


def test_second_preimages(node, phone):
    """An inner node given out for a leaf, and a leaf of one tree for one of the other."""
    user = node.world.id("user-m1")
    honest = decode(node.prove(proof.WALLETS, user)).state[0]
    shorter = honest._replace(depth=honest.depth - 1, siblings=honest.siblings[:-1])
    for end, value in ((proof.OTHER, bytes(64)), (proof.ROW, honest.value), (proof.NOTHING, b"")):
        forged = message.encode(
            proof.LAYOUT, Proof(node.headers[-1], (shorter._replace(end=end, value=value),), (), b"", ())
        )
        with pytest.raises(ProofError):
            phone.wallet(forged, user)
    left, right = (merkle.leaf_hash(one) for one in node.readings[:2])
    inner = MerklePath(0, 4, tuple(merkle.proof(node.readings, 0)[1:]))
    forged = with_reading(node.prove_reading(0), left + right, inner)
    with pytest.raises(ProofError):
        phone.reading(forged, node.world.id("area"), node.window_start_s, 0)


def test_the_absence_of_what_is_there_cannot_be_proved(node):
    """The way to a row that exists, ended early, late, at nothing, or at a neighbour."""
    user = node.world.id("user-m1")
    honest = decode(node.prove(proof.WALLETS, user)).state[0]
    others = [decode(node.prove(proof.WALLETS, sha256(bytes([n])).digest()[:8])).state[0] for n in range(50)]
    for other in others:
        forged = other._replace(key=user)
        with pytest.raises(ProofError):
            check_row(Proof(b"", (forged,), (), b"", ()), proof.WALLETS, user, node.state.app_hash)
    for end, value in ((proof.NOTHING, b""), (proof.OTHER, bytes(64))):
        forged = honest._replace(end=end, value=value)
        with pytest.raises(ProofError):
            check_row(Proof(b"", (forged,), (), b"", ()), proof.WALLETS, user, node.state.app_hash)


@pytest.mark.parametrize("seed", range(4))
def test_no_changed_proof_says_anything_else(node, seed):
    """Bytes flipped, cut, moved and repeated: what still holds says what the honest one said."""
    random = Random(f"forger {seed}")
    user, area = node.world.id("user-m2"), node.world.id("area")
    cases = [
        (node.prove(proof.WALLETS, user), lambda phone, data: phone.wallet(data, user)),
        (node.prove(proof.PRICES, u32(START + 2)), lambda phone, data: phone.price(data, START + 2)),
        (node.prove_reading(3), lambda phone, data: phone.reading(data, area, node.window_start_s, 0)),
    ]
    latest = node.headers[-1]
    for made, question in cases:
        honest = Phone(trusting(node.world))
        truth = question(honest, made)
        bare = with_header(made, b"")  # checked against the latest: no signature hides what the hashes let through
        for _ in range(700):
            phone = Phone(trusting(node.world))
            phone.headers.follow(latest)
            try:
                said = question(phone, mutated(random, bare))
            except ProofError:
                continue
            assert said == truth


def mutated(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        at = random.randrange(len(changed))
        what = random.randrange(4)
        if what == 0:
            changed[at] ^= 1 << random.randrange(8)
        elif what == 1:
            changed[at] = random.randrange(256)
        elif what == 2:
            del changed[at : at + random.choice((1, 32, 34))]
        else:
            there = random.randrange(len(changed))
            changed[at : at + 32] = changed[there : there + 32]
        if not changed:
            return b""
    return bytes(changed)


def test_fields_of_another_form(node):
    refuses("wrong_value", fields, b"\x83\x01\x02\x40", int, int, int)
    refuses("wrong_value", fields, b"\x01", int)
    refuses("wrong_value", fields, b"\xff", int)
    refuses("not_there", fields, None, int)


def test_layouts_stay_small():
    """The greatest ways there are: 2**40 rows are 40 branches deep, a light block has at most 2**18 readings."""
    hashes = (b"\xff" * 32,) * 32
    deep = StateProof(26, bytes(18), 40, b"\xff" * 5, hashes + hashes[:8], proof.ROW, bytes(40))
    place = MerklePath(0xFFFF, 0xFFFFF, hashes[:12])
    whole = Proof(bytes(290), (deep,), (), bytes(200), (place,))
    assert len(message.encode(proof.LAYOUT, whole)) < 2.5 * 1024
    assert ArchivedRow._fields[:3] == ("table", "key", "value")
