"""
The super-light client: checks a balance, a reading, a price or a lot with a proof of under 2 kB against a header it
trusts. It imports `wire` only, and no database, no network, no ledger.
"""
