"""Shapes: how numbers, white space, code, capitals and words at the start of a text are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from octavo.tokenizer.audit.open import Examined, Opened, Plain
from octavo.tokenizer.audit.parallel import samples, shipped

EVERY = 37
"""Long numbers are tried in steps of this."""


@dataclass(frozen=True)
class Shapes:
    """What was found, each in plain numbers."""

    digits: dict[int, dict[str, int]]
    """Number of digits → how they are cut ("3+1") → how many numbers are cut like that."""
    uniform_digits: bool
    """Whether all numbers of a length are cut alike, so that place values stand at the same tokens."""
    indentation: dict[int, int]
    """Spaces in front of a word → tokens they take."""
    samples: dict[str, dict[str, float]]
    """Name → bytes per token, tokens, and what the tokens over those of plain bytes are."""
    case_cost: dict[str, float]
    """Tokens of the shipped English words as Title and UPPER, over lower."""
    start_cost: float
    """Tokens of words at the start of a text over those behind a space; above 1 they are cut otherwise."""
    round_trip: list[str]
    """What does not come back as it was from encoding and decoding, of the samples and sentences."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def look_at_shapes(examined: Examined) -> Shapes:
    """Cut numbers of one to seven digits, spaces, the shipped samples and words."""
    digits = {length: _digit_cuts(examined, length) for length in range(1, 8)}
    texts = samples()
    words = sorted({word.strip(".,?") for text in shipped().texts["en"] for word in text.lower().split()})
    behind = _lengths_after(examined, words)
    return Shapes(
        digits,
        all(len(cuts) == 1 for cuts in digits.values()),
        {n: _of_spaces(examined, n) for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)},
        {name: _cost(examined, text) for name, text in texts.items()},
        {
            "Title": sum(_lengths_after(examined, [word.title() for word in words])) / max(sum(behind), 1),
            "UPPER": sum(_lengths_after(examined, [word.upper() for word in words])) / max(sum(behind), 1),
        },
        sum(examined.lengths(words)) / max(sum(behind), 1),
        _changed(examined, texts) if isinstance(examined, Opened) else [],
    )


def _digit_cuts(examined: Examined, length: int) -> dict[str, int]:
    first = 10 ** (length - 1) if length > 1 else 0
    step = 1 if length <= 3 else EVERY * 10 ** (length - 4)
    numbers = [str(number) for number in range(first, 10**length, step)]
    if isinstance(examined, Plain):
        return {"+".join("1" * length): len(numbers)}
    found: dict[str, int] = {}
    for ids in examined.encode_all(["a " + number for number in numbers]):
        sizes = [sum(0x30 <= byte <= 0x39 for byte in examined.piece_bytes(number)) for number in ids]
        cut = "+".join(str(size) for size in sizes if size)
        found[cut or "unknown"] = found.get(cut or "unknown", 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _of_spaces(examined: Examined, count: int) -> int:
    """The tokens that an indented line has more than the same line without the spaces."""
    return len(examined.encode("x\n" + " " * count + "return x")) - len(examined.encode("x\nreturn x"))


def _cost(examined: Examined, text: str) -> dict[str, float]:
    tokens, size = len(examined.encode(text)), len(text.encode())
    return {"tokens": tokens, "bytes_per_token": size / max(tokens, 1), "of_bytes": tokens / size}


def _lengths_after(examined: Examined, words: Sequence[str]) -> list[int]:
    before = len(examined.encode("a"))
    return [length - before for length in examined.lengths(["a " + word for word in words])]


def _changed(opened: Opened, texts: dict[str, str]) -> list[str]:
    """Names of texts that decoding does not give back."""
    named = dict(texts) | {f"sentences in {lang}": " ".join(lines) for lang, lines in shipped().texts.items()}
    return [name for name, text in named.items() if opened.decode(opened.encode(text)) != text]
