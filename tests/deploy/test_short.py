"""Names that one function or one class has to itself."""

import pytest

from deploy.short import shorten
from deploy.words import WORDS

ONE, TWO = WORDS[:2]
ARGUMENTS = {
    "nobody passes it by name": ("def f(length):\n    return length\n", f"def f({ONE}):\n    return {ONE}\n"),
    "somebody does": ("def f(length):\n    return length\nf(length=1)\n",) * 2,
    "it is an attribute, too": (
        "def f(self, length):\n    self.length = length\n",
        f"def f(self, {ONE}):\n    self.length = {ONE}\n",
    ),
    "it is a variable of the module, too": (
        "length = 1\ndef f(length):\n    return length\n",
        f"length = 1\ndef f({ONE}):\n    return {ONE}\n",
    ),
    "another function has a variable of its name": (
        "def f(length):\n    return length\ndef g():\n    length = 1\n    return length\n",
        f"def f({ONE}):\n    return {ONE}\ndef g():\n    length = 1\n    return length\n",
    ),
    "a function inside has its own": (
        "def f(a):\n    return lambda b: (a, b)\n",
        f"def f({ONE}):\n    return lambda {TWO}: ({ONE}, {TWO})\n",
    ),
    "a default is worked out outside": (
        "def f(a):\n    def g(b=a):\n        return b\n",
        f"def f({ONE}):\n    def g({TWO}={ONE}):\n        return {TWO}\n",
    ),
    "a list hides it": ("def f(a):\n    return [a for a in a]\n", f"def f({ONE}):\n    return [a for a in {ONE}]\n"),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments(name):
    before, after = ARGUMENTS[name]
    assert shorten({"a.py": before}) == {"a.py": after}


ATTRIBUTES = {
    "all classes share words": (
        "class C:\n    def _f(self):\n        self._a = self._f\nclass D:\n    def _g(self):\n        pass\n",
        f"class C:\n    def {TWO}(self):\n        self.{ONE} = self.{TWO}\n"
        f"class D:\n    def {ONE}(self):\n        pass\n",
    ),
    "somebody else reaches it": ("class C:\n    def _f(self):\n        pass\nC()._f()\n",) * 2,
    "it comes from above": ("class C(D):\n    def f(self):\n        self._a = 1\n",) * 2,
    "it is MicroPython's": ("class C:\n    def f(self):\n        return self._io_queue\n",) * 2,
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_private_attributes(name):
    before, after = ATTRIBUTES[name]
    assert shorten({"a.py": before}) == {"a.py": after}
