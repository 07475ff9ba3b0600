"""The coordinator by itself, with members that only note when they are called."""

from hil.grant import Coordinator
from hil.participant import NEVER_MS


class Member:
    """Due at the times in `due_ms`; `sends` is done when its round is routed."""

    def __init__(self, name, story, due_ms=(), sends=None):
        self.name = name
        self.until_ms = 0
        self.is_nudged = False
        self._story, self._due_ms, self._sends = story, list(due_ms), sends

    def is_due(self, now_ms):
        return self.is_nudged or self.until_ms <= now_ms

    def grant(self, now_ms):
        self._story.append(f"{now_ms} {self.name} runs")
        self.is_nudged = False
        self._due_ms = [due for due in self._due_ms if due > now_ms]
        self.until_ms = min(self._due_ms, default=NEVER_MS)

    def rests(self):
        return True

    def route(self, now_ms):
        if self._sends and self._story[-1].startswith(str(now_ms)):
            sends, self._sends = self._sends, None
            self._story.append(f"{now_ms} {self.name} sends")
            sends()


def test_an_instant_is_played_in_rounds_before_time_moves():
    story = []
    time = Coordinator(0)
    hears = Member("hears", story)
    time.members = [Member("asks", story, [10], lambda: setattr(hears, "is_nudged", True)), hears]
    time.exchange = lambda: story.append("exchange")
    time.at(10, lambda: story.append("planned"))
    time.at(25, lambda: story.append("never reached"))
    time.run_until(20)
    assert story == [
        "0 asks runs",
        "0 hears runs",
        "0 asks sends",
        "exchange",
        "0 hears runs",
        "exchange",
        "planned",
        "exchange",
        "10 asks runs",
        "exchange",
    ]
    assert time.now_ms == 20
    assert time.grants == 4


def test_plans_of_one_instant_are_carried_out_in_the_order_they_were_made():
    story = []
    time = Coordinator(1000)
    for name in "abc":
        time.at(2000, lambda name=name: story.append(name))
    time.at(500, lambda: story.append("what is late is done now"))
    time.run_until(3000)
    assert story == ["what is late is done now", "a", "b", "c"]
