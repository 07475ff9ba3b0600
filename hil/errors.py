"""
BenchError               the bench cannot start or go on; its text is for the person who started it
  OptionError            an option outside what is allowed
  ParticipantDied        a process of the run ended by itself; the text ends with its last log lines
  NotAtRest              a participant or the broker did not finish an instant in the wall time allowed
"""


class BenchError(Exception):
    pass


class OptionError(BenchError):
    pass


class ParticipantDied(BenchError):
    pass


class NotAtRest(BenchError):
    pass
