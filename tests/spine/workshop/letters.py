"""What the stages of this workshop do to a text."""

from __future__ import annotations


def loud(text: str) -> str:
    """The text in capitals."""
    # capitals can be heard from afar
    return text.upper()
