"""
ProofError               what was sent proves nothing
  its `name` is one of NAMES: callers show it, tests expect it
"""

NAMES = (
    "malformed",  # not a proof, or not a header, as wire decodes them
    "stranger",  # the header is not signed by a key we trust
    "fork",  # two headers for one height, or one that does not follow
    "old_header",  # before one that is followed already
    "wrong_question",  # a proof of something else than was asked
    "not_under_root",  # the hashes do not lead to the header's root
    "not_canonical",  # a way through the trie that no state has
    "not_there",  # it proves that there is no such row
    "wrong_value",  # the row is not of the form that its table has
)


class ProofError(Exception):
    def __init__(self, name: str, detail: str = "") -> None:
        assert name in NAMES, name
        super().__init__(name + (": " + detail if detail else ""))
        self.name = name
