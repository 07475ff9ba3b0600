"""The Choice is which slot a start runs. It is made before anything of an image runs, and by no image."""

from slots import READY, TRYING


# One of five things is found at a start:
# 1 a new image that is READY, and whole: its one boot
# 2 one that is READY and not whole any more: given up before it runs
# 3 one that was TRYING and has not confirmed itself: given up, for its own reason or the reset's
# 4 nothing new: the active one
# 5 the same, but its flash has lost bits: the other one, if that is whole; the version on record stays
def choose(kept, flash, reset_reason):
    """
    (slot, whether it is on trial). kept: Slots, which are brought up to date first. flash: Flash.

    reset_reason: of slots.REASONS, what the reset says of a trial that left no word.
    """
    if kept.state == READY:
        if flash.is_whole(kept.spare, kept.images[kept.spare]):
            kept.attempt()
            return kept.spare, True
        kept.roll_back("damaged")
    elif kept.state == TRYING:
        kept.roll_back(kept.reason if kept.reason != "none" else reset_reason)
    if kept.is_known and not flash.is_whole(kept.active, kept.images[kept.active]) and _can_stand_in(kept, flash):
        return kept.spare, False
    return kept.active, False


def _can_stand_in(kept, flash):
    spare = kept.images[kept.spare]
    return spare.version <= kept.version_floor and flash.is_whole(kept.spare, spare)
