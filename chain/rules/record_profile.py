"""A user leaves their particulars for the operator, in boxes that only the two can open. The latest ones count."""

from chain.rules.sent import Sent
from chain.state import Boxes, State
from chain.status import Status

STEP = 256
OVERHEAD = 48  # of a sealed box


def apply(state: State, sent: Sent) -> Status:
    # CHECK
    boxes = Boxes(sent.message.for_user, sent.message.for_operator)
    if any((len(box) - OVERHEAD) % STEP for box in boxes) or len(boxes.for_user) != len(boxes.for_operator):
        return Status.PROFILE_NOT_PADDED
    # APPLY
    state.profiles.put(sent.signer_id, boxes)
    return Status.APPLIED
