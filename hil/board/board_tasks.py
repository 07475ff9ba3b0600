"""
Tasks and their queue for the Unix port's asyncio, in place of its C module `_asyncio`.

The C module stamps new tasks with the machine's own clock, and which of two tasks
stamped in one millisecond runs first depends on that millisecond. Here the stamp is
virtual, and equal stamps run in the order in which they were queued: one seed, one order.
"""

from time import ticks_diff, ticks_ms


# A sorted tuple: a device has a dozen tasks, not thousands, and a tuple is the least that holds them.
class TaskQueue:
    _tasks = ()

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = key = ticks_ms() if key is None else key
        tasks = self._tasks
        at = len(tasks)
        while at and ticks_diff(tasks[at - 1].ph_key, key) > 0:
            at -= 1
        self._tasks = tasks[:at] + (task,) + tasks[at:]

    def pop(self):
        first = self._tasks[0]
        self._tasks = self._tasks[1:]
        return first

    def remove(self, task):
        self._tasks = tuple([one for one in self._tasks if one is not task])


# `state`: True while it runs, a TaskQueue of those who await it, or a callback; None when done and unheard, then False.
# `data`: what it waits on (a queue or a task), the exception to throw into it, or how it ended.
class Task:
    _context = None  # asyncio.core's names, one for all

    def __init__(self, coro, context=None):
        self.coro = coro
        self.data = None
        self.state = True
        self.ph_key = 0
        Task._context = Task._context or context

    def __iter__(self):
        if not self.state:
            self.state = False
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data or StopIteration
        waiting = self._context["cur_task"]
        self.state.push(waiting)
        waiting.data = self

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        if self is self._context["cur_task"]:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        ready = self._context["_task_queue"]
        if hasattr(task.data, "remove"):
            task.data.remove(task)
            ready.push(task)
        elif ticks_diff(task.ph_key, ticks_ms()) > 0:
            ready.remove(task)
            ready.push(task)
        task.data = self._context["CancelledError"]
        return True
