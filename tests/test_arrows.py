"""Who may import whom: the drawing in ARCHITECTURE.md, as a test."""

import ast
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
MAY_IMPORT = {
    "wire": set(),
    "firmware": {"wire"},
    "link": set(),
    "chain": {"wire"},
    "aggregator": {"wire", "chain", "link"},
    "cloud": {"wire", "chain", "link"},
    "deploy": {"wire"},
    "hil": {"wire", "deploy"},
    "phone": {"wire"},
    "cli": {"hil", "chain", "aggregator", "cloud", "deploy", "phone"},
}


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            rooms |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            rooms.add(node.module.split(".")[0])
    return rooms & MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_the_arrows_allow(room):
    files = list((TOP / room).rglob("*.py"))
    assert files, f"{room} has no files: is the table in this test still true?"
    for path in files:
        forbidden = imported_rooms(path) - MAY_IMPORT[room] - {room}
        assert not forbidden, f"{path.relative_to(TOP)} imports {sorted(forbidden)}"
