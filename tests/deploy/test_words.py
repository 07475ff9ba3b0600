"""Words that cost no heap, and names that must not be taken from MicroPython's own objects."""

import ast
import subprocess

from deploy.members import BOARD_NAMES, shorten
from deploy.words import WORDS
from hil import interpreter
from hil.images import BOARD

RUN = """
import micropython
micropython.qstr_info()
for word in open("words").read().split():
    compile(word, "", "eval")
micropython.qstr_info()
"""


def test_micropython_has_every_word_already(tmp_path):
    (tmp_path / "words").write_text(" ".join(WORDS))
    (tmp_path / "run.py").write_text(RUN)
    command = [*interpreter.command(), "run.py"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    before, after = (int(line.split("n_qstr=")[1].split(",")[0]) for line in said)
    assert len(WORDS) == len(set(WORDS)) > 500
    assert after - before < 20, "but for the names of this very script"


def test_the_boards_own_names_stay():
    defined = set()
    for name in ("machine", "network", "espnow", "esp32"):
        for node in ast.walk(ast.parse((BOARD / f"{name}.py").read_text())):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                defined.add(node.name)
    assert defined <= {*WORDS, *BOARD_NAMES, "set_image"}, "set_image is the bench's own way in"


def test_a_member_is_the_same_in_all_files():
    files = {
        "a.py": "class C:\n    def turn_left(self):\n        self.angle = 1\n",
        "b.py": "def f(c, turn_left):\n    c.turn_left()\n    return c.angle\n",
    }
    made = shorten(files)
    left, angle = made["a.py"].split("def ")[1].split("(")[0], made["a.py"].split("self.")[1].split(" ")[0]
    assert {left, angle} <= set(WORDS)
    assert made["b.py"] == f"def f(c, turn_left):\n    c.{left}()\n    return c.{angle}\n"


def test_a_member_that_micropython_or_a_text_names_stays():
    text = """class C:
    def write(self):
        self.active = 1
    def field(self):
        return namedtuple("T", ("field",))
"""
    assert shorten({"a.py": text}) == {"a.py": text}
