"""The configs that a newcomer starts from are configs."""

import json
from pathlib import Path

import pytest
from config import parse

from deploy.boards import board

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("role", ["meter", "mlmd"])
def test_an_example_is_a_config(role):
    table = json.loads((EXAMPLES / f"{role}.json").read_text())
    made = parse(table | {"device_id": "00" * 8}, bytes(32))
    assert made.role == role and role in board(made.board).roles
