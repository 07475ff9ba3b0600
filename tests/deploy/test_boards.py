"""The boards of a role have the same pins and buses, whatever they are."""

import ast

import pytest

from deploy.boards import boards
from deploy.modules import FIRMWARE

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


def test_every_board_file_is_known_to_the_host():
    assert {path.stem for path in (FIRMWARE / "boards").glob("*.py")} == boards().keys()
