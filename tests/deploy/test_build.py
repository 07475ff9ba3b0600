"""What `make firmware` builds: for every role and board, within its budget, and bootable."""

import ast
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer import Typer
from typer.testing import CliRunner

from deploy import build, modules, romfs
from deploy.boards import ROLES, boards
from deploy.cli import firmware
from deploy.errors import BuildError
from deploy.modules import TOP
from hil import interpreter

PAIRS = [(role, board.name) for board in boards().values() for role in board.roles]


@pytest.mark.parametrize(("role", "board"), PAIRS)
def test_every_role_builds_for_every_board_within_its_budget(role, board):
    made = build.build(role, board)
    made.check_budget()
    assert romfs.image(made.files) == made.rom
    assert {"main.py", "config.mpy", f"{role}.mpy", f"boards/{board}.mpy"} <= made.files.keys()
    assert "device.mpy" not in made.files, "what a role always needs is one module"


def test_above_the_budget_is_an_error():
    made = build.build("meter", "esp32_devkit")
    with pytest.raises(BuildError, match="1 above its budget"):
        build.Build(made.role, made.board, made.files, made.rom, len(made.rom) - 1).check_budget()


@pytest.mark.parametrize(("role", "board"), [("meter", "toaster"), ("boss", "esp32_c3"), ("mlmd", "sonoff_pow")])
def test_an_unknown_name_says_which_there_are(role, board):
    with pytest.raises(BuildError, match="one of"):
        build.build(role, board)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_takes_what_it_imports_and_no_more(role):
    names = modules.needed(role, "esp32_devkit", "xtensawin")
    other = "meter" if role == "mlmd" else "mlmd"
    assert f"{other}.py" not in names and "boards/esp32_c3.py" not in names
    assert "crypto_field_32.py" in names and "crypto_field_64.py" not in names
    assert "wire/reading.py" in names and "wire/price.py" not in names


def test_no_docstring_reaches_a_board():
    name = "sha512.py"
    source = modules.needed("meter", "esp32_devkit", "xtensawin")[name]
    docstring = ast.get_docstring(ast.parse(source.read_text()))
    (made,) = build.compiled({name: source}, "xtensawin").values()
    assert docstring and docstring.split("\n", maxsplit=1)[0].encode() not in made


def test_a_build_replaces_what_was_there(tmp_path):
    stale = tmp_path / "tree" / "wire" / "gone.mpy"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    made = build.build("mlmd", "esp32_c3")
    made.write(tmp_path)
    written = {str(path.relative_to(tmp_path / "tree")): path.read_bytes() for path in (tmp_path / "tree").rglob("*.*")}
    assert written == made.files
    assert (tmp_path / "rom.img").read_bytes() == made.rom
    first, *_, last = (tmp_path / "lines.txt").read_text().splitlines()
    assert first.split()[0] == "1" and last.split()[1] == "mlmd.py"


SIGN = """
import sys, vfs
with open(sys.argv[1], "rb") as file:
    vfs.mount(vfs.VfsRom(file.read()), "/rom")
sys.path[:] = ["/rom", sys.argv[2], ".frozen"]
import provisioning
with open("key.bin", "wb") as file:
    file.write(bytes(32))
print(provisioning.public_key(), "crypto_field_64" in sys.modules)
"""


def test_what_was_linked_and_cross_compiled_derives_a_key_with_native_code(tmp_path):
    from nacl.signing import SigningKey

    (tmp_path / "sign.py").write_text(SIGN)
    (tmp_path / "rom.img").write_bytes(build.rom(build.tree("meter", "esp32_devkit", "x64")))
    for name in ("espnow", "network"):
        (tmp_path / f"{name}.py").write_text("")
    command = [*interpreter.command(), "sign.py", "rom.img", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [bytes(SigningKey(bytes(32)).verify_key).hex(), "True"]


@pytest.mark.parametrize("role", ROLES)
def test_a_frozen_build_has_the_same_modules(role, monkeypatch):
    """The manifest, run as MicroPython's build does: in its own folder and with the build's functions in scope."""
    monkeypatch.chdir(TOP / "deploy")
    frozen: dict[str, Path] = {}

    def module(name: str, base_path: str) -> None:
        frozen[name] = Path(base_path, name)

    def package(folder: str, files: tuple[str, ...], base_path: str) -> None:
        frozen.update({f"{folder}/{file}": Path(base_path, folder, file) for file in files})

    def include(name: str, **options: str) -> None:
        if "$(PORT_DIR)" not in name:
            scope = {"module": module, "package": package, "include": include, "options": SimpleNamespace(**options)}
            exec(compile(Path(name).read_text(), name, "exec"), scope)

    include(f"manifest_{role}.py")
    assert sorted(frozen) == modules.for_all_boards(role)
    assert all(path.is_file() for path in frozen.values())


@pytest.mark.parametrize(
    "words", [("--role", "toaster"), ("--board", "toaster"), ("--role", "mlmd", "--board", "sonoff_pow")]
)
def test_what_is_not_built_is_said(words, tmp_path):
    command = Typer()
    command.command()(firmware)
    assert CliRunner().invoke(command, [*words, "--out", str(tmp_path)]).exit_code == 1
