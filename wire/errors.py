"""
WireError                bytes from outside that are not what they should be
  its `name` is one of the NAMES below: callers count by name, tests expect by name

Nothing else is raised for untrusted bytes. An AssertionError here is our own fault.
"""

# Append, never reorder: the test vectors name these.
NAMES = (
    "too_large",  # more bytes than the message may have
    "too_deep",  # nested deeper than the message may be
    "truncated",  # the bytes end inside an item
    "trailing_bytes",  # bytes after the item
    "not_canonical",  # a longer encoding than needed, or map keys out of order
    "indefinite_length",
    "duplicate_key",
    "forbidden_type",  # float, text, simple value, unknown tag
    "not_sign1",  # not a COSE_Sign1 structure
    "bad_header",  # protected header is not {alg: EdDSA, kid, typ}
    "wrong_kind",  # a message of another kind than this place takes
    "wrong_length",  # an array, a byte string or a signature of the wrong length
    "wrong_type",  # bytes where an integer stands, and the like
    "out_of_range",  # an integer outside its field's limits
    "bad_signature",
    "unknown_signer",
)


class WireError(Exception):
    def __init__(self, name, detail=""):
        assert name in NAMES, name
        super().__init__(name + (": " + detail if detail else ""))
        self.name = name
