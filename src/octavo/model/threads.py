"""Threads: how those that compute wait for each other. Light to import, because it must act before torch is loaded."""

from __future__ import annotations

import os


def wait_asleep() -> None:
    """Let threads sleep while they wait for each other instead of spinning.

    The OpenMP library reads this once, when torch is loaded. A machine of its own loses nothing measurable; on one
    that does something else as well, spinning threads keep each other from the core and a step takes four to seven
    times as long (measured with two cores and a load of four).
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
