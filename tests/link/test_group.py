"""What a group's members say to one another over a broker, and who else hears it."""

import pytest

from link.group import OPEN, Group, load_group

OLD, NEW, OTHER = bytes(32), bytes(range(32)), bytes([7]) * 32
OURS, THEIRS = "grid/ledger/block", "grid/area/reading"


def group(*keys: bytes) -> Group:
    return Group("grid/ledger/", keys)


@pytest.mark.parametrize(
    ("sender", "receiver", "is_heard"),
    [
        (group(NEW), group(NEW), True),
        (group(NEW), group(OTHER), False),
        (group(OLD), group(NEW, OLD), True),  # while a key is changed
        (group(NEW, OLD), group(OLD), False),  # the first one seals: who left hears nothing
        (group(), group(NEW), False),  # a stranger is not heard
        (OPEN, OPEN, True),
    ],
)
def test_who_hears_whom(sender, receiver, is_heard):
    crossed = sender.sealed(OURS, b"a block")
    assert receiver.opened(OURS, crossed) == (b"a block" if is_heard else None)
    assert receiver.opened(THEIRS, sender.sealed(THEIRS, b"a reading")) == b"a reading"


def test_what_was_changed_on_the_way_is_not_heard():
    sealed = group(NEW).sealed(OURS, b"a block")
    assert b"a block" not in sealed
    for wrong in (sealed[:-1] + bytes((sealed[-1] ^ 1,)), b"", sealed[:23]):
        assert group(NEW).opened(OURS, wrong) is None


@pytest.mark.parametrize("text", ["", "zz", "00" * 31, f"{'00' * 32}\n{'00' * 33}"])
def test_a_wrong_key_file_is_named(tmp_path, text):
    path = tmp_path / "group.key"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"group\.key"):
        load_group("grid/ledger/", path)
    with pytest.raises(ValueError, match="nowhere"):
        load_group("grid/ledger/", tmp_path / "nowhere")
