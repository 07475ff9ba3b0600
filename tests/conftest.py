"""What every test shares: random tests print how to repeat them, and no machine is too slow for one."""

from hypothesis import settings

settings.register_profile("gridtide", deadline=None, print_blob=True)
settings.load_profile("gridtide")
