"""
Which modules a role needs: everything of `firmware/` and `wire/` that its start file imports,
directly or through others, in a function or at the top. What nobody imports takes no flash.

A board's file is named in the config and a role's in main.py's choice; both are fixed here.
Native code for words of another size is left out.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from deploy.boards import BENCH, ROLES, boards
from deploy.errors import BuildError

TOP = Path(__file__).parents[1]
FIRMWARE = TOP / "firmware"
_ROOTS = (FIRMWARE, TOP)  # what sys.path is on a device: the tree has firmware's files at its top, wire beside them
_PACKAGES = {FIRMWARE: ("drivers", "boards"), TOP: ("wire",)}


def needed(role: str, board: str, architecture: str) -> dict[str, Path]:
    """Name in the device tree ("wire/cbor.py") -> source file, sorted by name. Raises BuildError."""
    found: dict[str, Path] = {}
    waiting = ["main", role, f"boards.{board}"]
    while waiting:
        for name in _files(waiting.pop()):
            if name not in found and not _is_left_out(name, role, architecture):
                found[name] = path = _source(name)
                waiting += _imports(name, path)
    return dict(sorted(found.items()))


def for_all_boards(role: str) -> list[str]:
    """The names of what any board needs for a role."""
    made_for = [board for board in boards().values() if role in board.roles]
    return sorted({name for board in made_for for name in needed(role, board.name, board.architecture)})


def _is_left_out(name: str, role: str, architecture: str) -> bool:
    stem = name.removesuffix(".py")
    words = "_32" if architecture == BENCH else "_64"
    return (stem in ROLES and stem != role) or (stem.endswith(words) and stem.startswith("crypto_"))


def _files(module: str) -> Iterator[str]:
    """The files that importing a dotted name runs, in the device tree; none for MicroPython's own modules."""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        path = "/".join(parts[:length])
        for name in (f"{path}.py", f"{path}/__init__.py"):
            if _find(name):
                yield name


def _find(name: str) -> Path | None:
    if "/" not in name:
        return FIRMWARE / name if (FIRMWARE / name).is_file() else None
    package = name.split("/", maxsplit=1)[0]
    for root in _ROOTS:
        if package in _PACKAGES[root] and (root / name).is_file():
            return root / name
    return None


def _source(name: str) -> Path:
    path = _find(name)
    if path is None:
        raise BuildError(f"no {name} in firmware/ or wire/")
    return path


def _imports(name: str, path: Path) -> list[str]:
    package = name.split("/", maxsplit=1)[0]
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(([package] if node.level else []) + ([node.module] if node.module else []))
            modules += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return modules
