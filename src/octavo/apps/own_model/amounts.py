"""Amounts: the settings of the stage `evaluate`: how much is measured, and with which questions."""

from __future__ import annotations

from octavo.spine.settings import Settings


class EvaluateSettings(Settings):
    """How much is measured, and with which questions."""

    probe: str = ""
    """A JSON Lines file of questions (`id`, `question`, `set`, `accept`); empty: the shipped probe for the embedded
    default, questions made from the documents for a folder."""
    questions: int = 200
    """Ask at most so many questions of each set; 0: all."""
    generated: int = 20
    """Answer so many of the questions in generate mode too; 0: none."""
    first: int = 5
    """Citations asked for with each answer."""
    held_out_documents: int = 300
    """Read at most so many documents that no training saw."""
    held_out_bytes: int = 60_000
    """Read at most so many bytes of them."""
    contaminated_from: float = 0.6
    """Share of a held-out document's words, weighted by rarity, that stand in one training document, from which the
    scores on held-out text are also given without it."""
    compressor_bytes: int = 1_000_000
    """Training text that the compressor, the baseline of bits per byte, may see first."""
