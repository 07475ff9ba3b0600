"""The boards of a role have the same pins and buses, whatever they are."""

import ast

import pytest

from deploy.boards import boards
from deploy.modules import FIRMWARE

FULL = [name for name, board in boards().items() if len(board.roles) == 2]


def tree(name: str) -> ast.Module:
    return ast.parse((FIRMWARE / "boards" / f"{name}.py").read_text())


def functions(name: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree(name).body if isinstance(node, ast.FunctionDef)}


def pins(name: str) -> list[int]:
    found = []
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "Pin" and isinstance(node.args[0], ast.Constant):
                found.append(node.args[0].value)
            if node.func.id == "UART":
                found += [
                    word.value.value
                    for word in node.keywords
                    if word.arg in ("tx", "rx") and hasattr(word.value, "value")
                ]
    return found


@pytest.mark.parametrize("name", FULL)
def test_a_board_for_both_roles_has_all_that_a_devkit_has(name):
    assert functions(name).keys() == functions("esp32_devkit").keys()
    for what, node in functions(name).items():
        assert ast.unparse(node.args) == ast.unparse(functions("esp32_devkit")[what].args), what


@pytest.mark.parametrize("name", list(boards()))
def test_no_pin_is_used_twice(name):
    used = pins(name)
    assert len(used) >= 4 and len(used) == len(set(used)), sorted(used)


def test_every_board_file_is_known_to_the_host():
    assert {path.stem for path in (FIRMWARE / "boards").glob("*.py")} == boards().keys()
