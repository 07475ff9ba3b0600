"""An inbox is bounded, and no sender fills it alone."""

import asyncio

from link.inbox import Inbox


def test_messages_come_out_in_order_and_not_more_than_asked_for():
    async def story():
        inbox: Inbox[int] = Inbox(10, 10)
        for number in range(5):
            assert inbox.put("meter", number)
        assert await inbox.take(3) == [0, 1, 2]
        assert await inbox.take(3) == [3, 4]
        waiting = asyncio.create_task(inbox.take(3))
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.put("meter", 5)
        assert await waiting == [5]

    asyncio.run(story())


def test_a_flood_is_dropped_and_others_have_room():
    async def story():
        inbox: Inbox[int] = Inbox(10, 3)
        assert [inbox.put("flood", number) for number in range(5)] == [True] * 3 + [False] * 2
        assert inbox.put("meter", 9)
        assert await inbox.take(10) == [0, 1, 2, 9]
        assert inbox.put("flood", 5)

    asyncio.run(story())


def test_it_never_holds_more_than_it_may():
    inbox: Inbox[int] = Inbox(4, 2)
    taken = [inbox.put(sender, 0) for sender in "aabbcc"]
    assert taken == [True] * 4 + [False] * 2
    assert len(inbox) == 4
