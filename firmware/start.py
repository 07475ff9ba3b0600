"""The main.py of a board with two slots: it lets the selector choose, and leaves nothing of it on the heap."""

import selector

if selector.prepare():
    selector.attempt()
selector.forget()
del selector
__import__("main")
