"""
What can go wrong on the way to a board.

    DeployError
    +-- BuildError    a module is missing, does not compile, or the image is above its budget
    +-- ProvisionError  the board, a setting or the broker stands in the way
    +-- ReleaseError  a key, an image or a release is not what it must be
    +-- FlashError    a tool failed, or the board did not answer as it should
"""


class DeployError(Exception):
    """The message says what to change."""


class BuildError(DeployError):
    pass


class FlashError(DeployError):
    pass


class ProvisionError(DeployError):
    pass


class ReleaseError(DeployError):
    pass
