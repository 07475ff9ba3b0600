"""What every test shares: random tests say how to repeat them, no machine is too slow for one, Ctrl-C is Ctrl-C."""

import signal

from hypothesis import settings

settings.register_profile("gridtide", deadline=None, print_blob=True)
settings.load_profile("gridtide")

# Started in the background of a script, a process ignores SIGINT, and so would whatever a test starts to interrupt it.
signal.signal(signal.SIGINT, signal.default_int_handler)
