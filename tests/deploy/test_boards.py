"""The boards of a role have the same pins and buses, whatever they are; and the flash that two slots need."""

import ast

import pytest

from deploy.boards import boards
from deploy.build import budget
from deploy.modules import FIRMWARE, TOP
from deploy.slots import slot_size
from hil.firmware import PARTITION_SIZE

FULL = [name for name, board in boards().items() if len(board.roles) == 2]


OPTIONAL = {"p1_port", "s0_input"}  # where a meter's load may be read instead; a board may have no pin left for it


def tree(name: str) -> ast.Module:
    return ast.parse((FIRMWARE / "boards" / f"{name}.py").read_text())


def functions(name: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree(name).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", FULL)
def test_a_board_for_both_roles_has_all_that_a_devkit_has(name):
    assert functions(name).keys() | OPTIONAL == functions("esp32_devkit").keys() | OPTIONAL
    for what, node in functions(name).items():
        assert ast.unparse(node.args) == ast.unparse(functions("esp32_devkit")[what].args), what


def test_the_partition_table_holds_two_images_of_every_role_and_board():
    lines = (TOP / "deploy" / "partitions-4MiB.csv").read_text().splitlines()
    rows = [[word.strip() for word in line.split(",")] for line in lines if not line.startswith("#")]
    places = {name: (int(offset, 16), int(size, 16)) for name, _, _, offset, size in rows}
    end = 0x9000  # boot loader and the table itself
    for name, (offset, size) in places.items():
        assert offset >= end and offset % (0x10000 if name == "factory" else 4096) == size % 4096 == 0, name
        end = offset + size
    assert end == 4 << 20
    largest = max(budget(role, board.name) for board in boards().values() for role in board.roles)
    assert slot_size(places["romfs"][1]) >= largest
    assert places["romfs"][1] == PARTITION_SIZE, "the bench's boards have the same"


def test_every_board_file_is_known_to_the_host():
    assert {path.stem for path in (FIRMWARE / "boards").glob("*.py")} == boards().keys()
