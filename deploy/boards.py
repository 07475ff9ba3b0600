"""A Board is what the host must know of one: `boards.toml` as values."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import BuildError

ROLES = ("meter", "mlmd")
BENCH = "x64"  # the architecture of the emulated boards


@dataclass(frozen=True)
class Board:
    name: str
    architecture: str  # as mpy-cross names it
    chip: str  # as esptool names it
    image_offset: int
    roles: tuple[str, ...] = ROLES


def boards() -> dict[str, Board]:
    """All of them, by name."""
    tables = tomllib.loads(Path(__file__).with_name("boards.toml").read_text(encoding="utf-8"))
    return {name: Board(name, **table) for name, table in tables.items()}


def board(name: str) -> Board:
    """Raises BuildError."""
    known = boards()
    if name not in known:
        raise BuildError(f"BOARD={name} is not known: one of {', '.join(known)}")
    return known[name]


def check_role(role: str, made_for: Board) -> None:
    """Raises BuildError."""
    if role not in made_for.roles:
        raise BuildError(f"ROLE={role} is not for {made_for.name}: one of {', '.join(made_for.roles)}")
