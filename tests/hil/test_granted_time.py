"""A board's asyncio, its timers and its links on granted time."""

import time

import pytest

from hil.errors import ParticipantDied

# Appended to most scripts: stays on for ever.
REST = """
async def for_ever():
    while True:
        await asyncio.sleep(3600)
"""


def test_a_night_of_sleep_takes_no_time(bench):
    board = bench.board(
        "sleeper",
        """
        import asyncio, time
        async def main():
            start = time.ticks_ms()
            for wanted in (1, 250, 60_000, 8 * 3600_000):
                await asyncio.sleep_ms(wanted)
                print(time.ticks_diff(time.ticks_ms(), start))
            time.sleep(5)
            print(time.ticks_diff(time.ticks_ms(), start))
            await asyncio.sleep(86400)
        asyncio.run(main())
        """,
    )
    wall = time.monotonic()
    bench.run(9 * 3600)
    assert bench.printed(board) == ["1", "251", "60251", "28860251", "28865251"]
    assert time.monotonic() - wall < 60


def test_equal_deadlines_run_in_the_order_in_which_they_were_set(bench):
    board = bench.board(
        "tasks",
        """
        import asyncio
        async def say(name, wait_ms):
            await asyncio.sleep_ms(wait_ms)
            print(name)
        async def main():
            tasks = [asyncio.create_task(say(name, 10)) for name in "abcdef"]
            late = asyncio.create_task(say("late", 1000))
            await asyncio.gather(*tasks)
            late.cancel()
            try:
                await late
            except asyncio.CancelledError:
                print("cancelled")
            try:
                await asyncio.wait_for_ms(say("never", 500), 20)
            except asyncio.TimeoutError:
                print("timeout")
            flag = asyncio.Event()
            asyncio.create_task(say("before the flag", 0))
            flag.set()
            await flag.wait()
            await asyncio.sleep(9999)
        asyncio.run(main())
        """,
    )
    bench.run(5)
    assert bench.printed(board) == [*"abcdef", "cancelled", "timeout", "before the flag"]


def test_a_failed_task_tells_who_awaits_it(bench):
    board = bench.board(
        "fails",
        """
        import asyncio
        async def fail():
            await asyncio.sleep_ms(5)
            raise ValueError("as planned")
        async def main():
            task = asyncio.create_task(fail())
            try:
                await task
            except ValueError as error:
                print(error, task.done())
            await asyncio.sleep(9999)
        asyncio.run(main())
        """,
    )
    bench.run(1)
    assert bench.printed(board) == ["as planned True"]


def test_the_clock_starts_in_2000_can_be_set_and_can_jump(bench):
    board = bench.board(
        "clock",
        """
        import asyncio, time, machine
        async def main():
            print(time.time(), time.gmtime()[:6])
            await asyncio.sleep(90)
            print(time.time(), time.mktime((2000, 1, 1, 0, 1, 30, 0, 0)))
            machine.RTC().datetime((2026, 11, 20, 0, 13, 0, 0, 0))
            await asyncio.sleep(10)
            print(time.gmtime()[:6], machine.RTC().datetime())
            ticks = time.ticks_ms()
            await asyncio.sleep(100)
            print(time.gmtime()[:6], time.ticks_diff(time.ticks_ms(), ticks))
            await asyncio.sleep(9999)
        asyncio.run(main())
        """,
    )
    bench.run(150)
    board.jump_clock(-3600_000)
    bench.run(100)
    assert bench.printed(board) == [
        "0 (2000, 1, 1, 0, 0, 0)",
        "90 90",
        "(2026, 11, 20, 13, 0, 10) (2026, 11, 20, 4, 13, 0, 10, 0)",
        "(2026, 11, 20, 12, 1, 50) 100000",
    ]


def test_two_boards_exchange_radio_frames(bench):
    ping = """
        import asyncio, time, espnow, aioespnow
        PEER = bytes((2, 0, 0, 0, 0, %d))
        async def main():
            radio = aioespnow.AIOESPNow()
            radio.active(True)
            radio.add_peer(PEER)
            await asyncio.sleep(1)
            if %d == 2:
                print(await radio.asend(PEER, b"ping"))
                try:
                    await radio.asend(b"stranger", b"ping")
                except OSError as error:
                    print(error)
                async for mac, frame in radio:
                    print(mac == PEER, frame, time.time())
            async for mac, frame in radio:
                await asyncio.sleep(2)
                await radio.asend(mac, frame + b" pong")
        asyncio.run(main())
    """
    asks = bench.board("asks", ping % (2, 2))
    bench.board("answers", ping % (1, 1))
    bench.run(10)
    assert bench.printed(asks) == ["True", "(-12393, 'ESP_ERR_ESPNOW_NOT_FOUND')", "True b'ping pong' 3"]


def test_a_radio_that_is_off_does_not_answer(bench):
    board = bench.board(
        "alone",
        """
        import espnow, time
        radio = espnow.ESPNow()
        radio.active(True)
        peer = bytes((2, 0, 0, 0, 0, 9))
        radio.add_peer(peer)
        print(radio.send(peer, b"hello"), radio.recv(500), radio.stats())
        time.sleep(9999)
        """,
    )
    bench.run(10)
    assert bench.printed(board) == ["False (None, None) (1, 0, 1, 0, 0)"]


def test_pins_adc_and_uart_are_the_plants(bench):
    bench.wires.answers = {b"\x01\x04": (b"\x01\x04\x02", 20)}
    bench.wires.inputs = {0: 1}
    board = bench.board(
        "wired",
        """
        import asyncio, time
        from machine import ADC, UART, Pin
        async def main():
            relay = Pin(26, Pin.OUT, value=0)
            button = Pin(0, Pin.IN, Pin.PULL_UP)
            button.irq(lambda pin: print("edge", pin.value(), time.time()), Pin.IRQ_FALLING)
            print(ADC(Pin(34), atten=ADC.ATTN_11DB).read_uv(), button.value())
            uart = UART(2, baudrate=9600, tx=17, rx=16)
            stream = asyncio.StreamReader(uart)
            start = time.ticks_ms()
            uart.write(b"\\x01\\x04")
            print(await stream.read(16), time.ticks_diff(time.ticks_ms(), start), uart.any(), uart.read())
            uart.write(b"nobody answers this")
            try:
                await asyncio.wait_for_ms(stream.read(16), 300)
            except asyncio.TimeoutError:
                print("silence", time.ticks_diff(time.ticks_ms(), start))
            relay(1)
            await asyncio.sleep(9999)
        asyncio.run(main())
        """,
    )
    bench.run(5)
    bench.wires.inputs[0] = 0
    board.notice_edges()
    bench.run(5)
    expected = ["1234567 1", "b'\\x01\\x04\\x02' 20 0 None", "silence 320", "edge 0 5"]
    assert bench.printed(board) == expected
    assert bench.wires.outputs == [("wired", 26, 0, 0), ("wired", 26, 1, 320)]


def test_a_reset_starts_the_program_again(bench):
    board = bench.board(
        "resets",
        """
        import machine, time
        print(machine.reset_cause(), machine.unique_id())
        time.sleep(1)
        if machine.reset_cause() == machine.PWRON_RESET:
            machine.reset()
        if machine.reset_cause() == machine.HARD_RESET:
            machine.deepsleep(60_000)
        if machine.reset_cause() == machine.DEEPSLEEP_RESET:
            watchdog = machine.WDT(timeout=2000)
            time.sleep(1)
            watchdog.feed()
            time.sleep(9999)
        time.sleep(9999)
        """,
    )
    bench.run(100)
    identity = "b'\\x02\\x00\\x00\\x00\\x00\\x01'"
    assert bench.printed(board) == [f"{cause} {identity}" for cause in (1, 2, 4, 3)]
    assert board.boots == 4


def test_a_board_that_crashes_fails_the_run_with_its_last_words(bench):
    bench.board("broken", "import time\ntime.sleep(60)\nprint('about to fail')\n1 / 0\n")
    with pytest.raises(ParticipantDied, match=r"(?s)broken ended by itself.*about to fail.*ZeroDivisionError"):
        bench.run(100)


def test_the_power_fails_in_the_middle_of_a_write(bench):
    board = bench.board(
        "writes",
        """
        import time, os
        kept = open("log").read() if "log" in os.listdir() else ""
        print(len(kept), kept == "".join(["%08d" % n for n in range(len(kept) // 8)]))
        n = len(kept) // 8
        while True:
            with open("log", "a") as log:
                log.write("%08d" % n)
            n += 1
            time.sleep(1)
        """,
    )
    lost = []
    board.power_lost = lambda: lost.append(bench.time.now_ms)
    for cut in range(1, 12):
        bench.run(20.5)
        board.arm_power_cut(cut)
        bench.run(30)
        assert len(lost) == cut
        board.power_on()
    bench.run(1)
    sizes = [int(line.split()[0]) for line in bench.printed(board)]
    assert len(sizes) == 12
    assert sizes == sorted(sizes)
    assert sizes[-1] > 11 * 20 * 8
    assert all(line.endswith("True") for line in bench.printed(board))
    assert max(board.erases.values()) > 0
