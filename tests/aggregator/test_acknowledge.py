"""Acknowledgements: exact runs of sequences, six to a message, small enough for the radio."""

import pytest

from aggregator.acknowledge import acknowledgements, ranges
from tests.aggregator.area import NOW, ident, sign
from wire import acknowledgement

A, B = sorted((ident("meter-1"), ident("meter-2")))


@pytest.mark.parametrize(
    ("keys", "runs"),
    [
        ([], []),
        ([(A, 1, 5)], [(A, 1, 5, 5)]),
        ([(A, 1, 6), (A, 1, 5), (A, 1, 5), (A, 1, 7)], [(A, 1, 5, 7)]),
        ([(A, 1, 5), (A, 1, 7)], [(A, 1, 5, 5), (A, 1, 7, 7)]),
        ([(A, 1, 5), (A, 2, 6)], [(A, 1, 5, 5), (A, 2, 6, 6)]),
        ([(B, 1, 2), (A, 1, 1)], [(A, 1, 1, 1), (B, 1, 2, 2)]),
    ],
)
def test_runs(keys, runs):
    assert [tuple(run) for run in ranges(keys)] == runs


def test_six_runs_to_a_message_which_fits_the_radio():
    keys = [(bytes([number]) * 8, 2**32 - 1, 2**32 - 1) for number in range(13)]
    messages = acknowledgements(keys, NOW)
    assert [len(message.entries) for message in messages] == [6, 6, 1]
    signed = [sign("aggregator", acknowledgement.KIND, acknowledgement.LAYOUT, message) for message in messages]
    assert max(map(len, signed)) <= acknowledgement.SIZE_MAX
