"""Spikes: a guard that refuses steps whose loss or gradient is beyond reason."""

from __future__ import annotations

import math
import statistics

from octavo.spine.errors import OctavoError

SPIKE_WINDOW = 128
SPIKE_DEVIATIONS = 6.0
SKIPPED_IN_A_ROW = 20


class SpikeGuard:
    """Refuses steps whose loss or gradient norm is not a number or leaps out of the last steps'.

    The rule of OLMo-core: more than six deviations above the mean of the last 128.
    """

    def __init__(self, losses: list[float], norms: list[float], in_a_row: int = 0) -> None:
        self.losses, self.norms = losses, norms
        self.in_a_row = in_a_row

    def refuses(self, loss: float, norm: float) -> bool:
        """Whether to skip the step; remembers what it saw of the steps it lets through."""
        broken = not (math.isfinite(loss) and math.isfinite(norm))
        if broken or _leaps(loss, self.losses) or _leaps(norm, self.norms):
            self.in_a_row += 1
            if self.in_a_row >= SKIPPED_IN_A_ROW:
                raise OctavoError(
                    "T003",
                    f"The training came apart: {SKIPPED_IN_A_ROW} steps in a row had a loss or gradient beyond reason",
                    likely="the learning rate is too high for this size",
                    do="set a lower learning_rate and run again",
                )
            return True
        self.in_a_row = 0
        for kept, value in ((self.losses, loss), (self.norms, norm)):
            kept.append(value)
            del kept[:-SPIKE_WINDOW]
        return False

    def memory(self) -> list[object]:
        """What must be saved to go on exactly, in the order of the constructor."""
        return [self.losses, self.norms, self.in_a_row]


def _leaps(value: float, before: list[float]) -> bool:
    if len(before) < SPIKE_WINDOW:
        return False
    return value > statistics.fmean(before) + SPIKE_DEVIATIONS * statistics.pstdev(before)
