"""One module of many: it does what the many did, and a line of it is found in its source."""

import sys
from types import ModuleType

import pytest

from deploy import members, short
from deploy.errors import BuildError
from deploy.link import link, source_of

TREE = {
    "role.py": """import json
import scales as s
from wire import unit
from wire.unit import Kind, weigh
_UNUSED = 5
def _nobody_calls():
    return absent
def run(grams):
    from late import note
    def nested(kind, weigh=3):
        return [kind, weigh, [grams for grams in range(2)]]
    return json.dumps([weigh(grams), unit.KILO, s.Scale(grams).read(), note(grams), nested(unit.NAME), Kind("k").name])
""",
    "scales.py": """from wire.unit import KILO as _KILO
import chosen
_A, _B = 2, _KILO * 2
class Scale:
    def __init__(self, grams, factor=_A):
        self._grams = grams
        self.factor = factor
    def read(self, weigh=None):
        return (self._grams * self.factor, _B, chosen.pick(chosen), -_KILO - _A, lambda: weigh)[:4]
""",
    "chosen.py": """def pick(module):
    return module.__name__
""",
    "late.py": """from wire import unit
from scales import Scale
_seen = []
def note(grams):
    _seen.append(Scale(grams).factor)
    return [unit.weigh(grams), unit.KILO, len(_seen)]
""",
    "wire/__init__.py": "",
    "wire/unit.py": """from json import dumps
from .error import fail
KILO = 1 << 10
NAME = "unit"
class Kind:
    def __init__(self, name):
        self.name = name
def weigh(grams):
    if grams < 0:
        fail("light")
    return dumps(grams)
""",
    "wire/error.py": """class Fault(Exception):
    pass
def fail(why):
    raise Fault(why)
""",
}


def _load(texts, monkeypatch):
    """The module `role` of a tree, with all others importable."""
    names = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in texts}
    for name in ("scales", "chosen", "late", "wire", "wire.unit", "wire.error", "role"):
        monkeypatch.delitem(sys.modules, name, raising=False)
        module = ModuleType(name)
        if name == "wire":
            module.__path__ = []
        if name in names:
            monkeypatch.setitem(sys.modules, name, module)
    for name in sorted(names, key=lambda name: (name == "role", name in ("scales", "late"), -len(name))):
        module = sys.modules[name]
        module.__dict__["__package__"] = name.rpartition(".")[0]
        exec(compile(texts[names[name]], names[name], "exec"), module.__dict__)
        package, _, leaf = name.rpartition(".")
        if package:
            setattr(sys.modules[package], leaf, module)
    return sys.modules["role"]


def _linked():
    return link(TREE, "role.py", "role.run()")


def _all(texts):
    return short.shorten(members.shorten(texts))


@pytest.mark.parametrize("made", [lambda: _linked().texts, lambda: _all(_linked().texts)], ids=["linked", "and short"])
def test_it_does_what_it_did(made, monkeypatch):
    before = _load(TREE, monkeypatch).run(7)
    assert _load(made(), monkeypatch).run(7) == before


def test_what_is_always_needed_is_one_module_and_what_is_imported_later_or_passed_on_is_not():
    assert sorted(_linked().texts) == ["chosen.py", "late.py", "role.py", "wire/__init__.py"]


def test_numbers_stand_where_they_were_named_and_what_nobody_names_is_gone():
    text = _linked().texts["role.py"]
    assert "1024" in text and "2048" not in text.split("def read")[0]
    assert "absent" not in text and "_UNUSED" not in text and "KILO" not in text and "weigh(grams" not in text


def test_a_line_is_found_in_its_source(monkeypatch):
    made = _linked()
    role = _load(made.texts, monkeypatch)
    with pytest.raises(Exception, match="light") as caught:
        role.run(-1)
    lines = [entry.lineno + 1 for entry in caught.traceback if str(entry.path) == "role.py"]
    found = [source_of(made.files, line) for line in lines]
    assert [TREE[file].split("\n")[line - 1].strip() for file, line in found] == [
        TREE["role.py"].split("\n")[11].strip(),
        'fail("light")',
        "raise Fault(why)",
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def run():\n    global x\n    x = 1\n", "role.py:2"),
        ("def run(x):\n    return f'{x}'\n", "role.py:2"),
        ("from other import absent\ndef run():\n    return absent\n", "other has no absent"),
        ("import json as x\nimport other\ndef run():\n    return other.f(x)\n", "x is something else"),
    ],
)
def test_what_it_cannot_link_it_says(text, why):
    with pytest.raises(BuildError, match=why):
        link({"role.py": text, "other.py": "import struct as x\ndef f(y):\n    return x\n"}, "role.py", "run")
