from hypothesis import settings

# The machine is shared: how long an example takes says nothing, so no test depends on it.
settings.register_profile("chain", deadline=None, print_blob=True)
settings.load_profile("chain")
