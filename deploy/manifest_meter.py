# mypy: ignore-errors
# ruff: noqa: F821 - as manifest.py
"""Freezes the role meter, and what MicroPython's own ESP32 builds freeze."""

include("$(PORT_DIR)/boards/manifest.py")
include("manifest.py", role="meter")
