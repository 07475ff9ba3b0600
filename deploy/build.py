"""
A Build is the firmware of one role for one board, as files of a device tree and as one
ROMFS image of the same files. The bench's emulated boards boot the same images, built here
for their architecture.

main.py stays a source file: that is what MicroPython looks for and runs at start.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy import members, modules, romfs, short
from deploy.boards import Board, board, check_role
from deploy.compact import compact
from deploy.cross import compile_module
from deploy.errors import BuildError
from deploy.link import Linked, link
from deploy.words import PLAIN_WORDS

_START = "main.py"
_BY_HAND = (
    "provisioning.public_key() provisioning.change_key() selector.mount_active()"  # what provision.py says to boards
)
_BUDGET = Path(__file__).with_name("budget.toml")


@dataclass(frozen=True)
class Build:
    role: str
    board: Board
    files: dict[str, bytes]  # of the device tree
    rom: bytes
    budget: int  # bytes of `rom`
    lines: str = ""  # of its one large module: where each source begins

    def write(self, folder: Path) -> None:
        """The tree and the image, under `folder`; what an earlier build left there is replaced."""
        tree = folder / "tree"
        for path in sorted(tree.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, data in self.files.items():
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (folder / "rom.img").write_bytes(self.rom)
        (folder / "lines.txt").write_text(self.lines, encoding="utf-8")

    def check_budget(self) -> None:
        """Raises BuildError."""
        if len(self.rom) > self.budget:
            raise BuildError(
                f"{self.role} on {self.board.name} takes {len(self.rom)} bytes, {len(self.rom) - self.budget} above its"
                f" budget: make it smaller, or raise the budget in {_BUDGET.name} and say why"
            )


def build(role: str, board_name: str) -> Build:
    """Raises BuildError."""
    made_for = board(board_name)
    check_role(role, made_for)
    sources = modules.needed(role, board_name, made_for.architecture)
    linked = _linked(sources, f"{role}.py")
    files = _files(sources, linked, made_for.architecture)
    lines = "".join(f"{line:6} {name}\n" for line, name in linked.files)
    return Build(role, made_for, files, rom(files), budget(role, board_name), lines)


def budget(role: str, board_name: str) -> int:
    """The most bytes an image may take."""
    return tomllib.loads(_BUDGET.read_text(encoding="utf-8"))[role][board_name]


def tree(role: str, board_name: str, architecture: str) -> dict[str, bytes]:
    """The files of the device tree. Raises BuildError."""
    return whole(modules.needed(role, board_name, architecture), f"{role}.py", architecture)


def whole(sources: Mapping[str, Path], root: str, architecture: str) -> dict[str, bytes]:
    """`sources` (name in the tree -> file), which nothing else calls into, linked into `root` and cross-compiled."""
    return _files(sources, _linked(sources, root), architecture)


def _files(sources: Mapping[str, Path], linked: Linked, architecture: str) -> dict[str, bytes]:
    files = _compiled(compact(short.shorten(members.shorten(linked.texts)), PLAIN_WORDS), architecture)
    return dict(sorted((files | {_START: sources[_START].read_bytes()}).items()))


def _linked(sources: Mapping[str, Path], root: str) -> Linked:
    texts = _texts(sources)
    start = texts.pop(_START)
    return link(texts, root, start + _BY_HAND)


def compiled(sources: Mapping[str, Path], architecture: str) -> dict[str, bytes]:
    """`sources` (name in the tree -> file) cross-compiled, for code that others import."""
    return _compiled(compact(_texts(sources)), architecture)


def _texts(sources: Mapping[str, Path]) -> dict[str, str]:
    return {name: source.read_text(encoding="utf-8") for name, source in sources.items()}


def _compiled(texts: Mapping[str, str], architecture: str) -> dict[str, bytes]:
    return {name.removesuffix(".py") + ".mpy": compile_module(text, name, architecture) for name, text in texts.items()}


def rom(files: Mapping[str, bytes]) -> bytes:
    """The ROMFS image of a tree."""
    return romfs.image(files)
