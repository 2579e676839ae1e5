"""Terms: what kind of tokenizer is wanted, checked before any work is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from octavo.kinds.tokenizer import SPECIAL_TOKENS
from octavo.spine.errors import WRONG_USE, OctavoError

Algorithm = Literal["bpe", "parity", "wordpiece", "unigram", "bytes"]
ALGORITHMS: tuple[Algorithm, ...] = ("bpe", "parity", "wordpiece", "unigram", "bytes")
Unit = Literal["characters", "bytes", "records"]
UNITS: tuple[Unit, ...] = ("characters", "bytes", "records")
BYTES_VOCABULARY = 256 + len(SPECIAL_TOKENS)
SMALLEST = {"wordpiece": BYTES_VOCABULARY + 256}


@dataclass(frozen=True)
class Terms:
    """All that decides what is learnt from given texts."""

    algorithm: Algorithm = "bpe"
    vocabulary: int = 32_000
    groups: str = ""
    """The field of a record that says which group it is of: "", language or domain."""
    temperature: float = 1.0
    """Groups count as if drawn with p_i ∝ n_i^(1/T); 1 leaves them as they are."""
    repeats: float = 16.0
    """How often the text of a group counts at most, however small it is."""
    unit: Unit = "characters"
    """What `parity` makes equal: tokens for a character, a byte, or a record (of parallel text)."""
    plain: float = 0.0
    """Share of the merges that `parity` makes for all groups together, before the others."""
    window: int = 100
    """How many of the last merges `parity` looks at, so that no group takes them all; 0: it doesn't look."""
    least: int = 2
    """How often a pair must occur to be merged."""
    rarest: int = 1
    """Words that occur less often than this in their group are left out from the start."""
    memory_mb: int = 2048
    """Megabytes that learning may take; the rarest words are left out where they don't fit."""
    longest: int = 24
    """Bytes; a token of a merging algorithm is shorter than this."""

    def check(self) -> None:
        """Refuse what can't be carried out."""
        smallest = SMALLEST.get(self.algorithm, BYTES_VOCABULARY)
        if self.algorithm == "bytes" and self.vocabulary != BYTES_VOCABULARY:
            raise _wrong(
                "T021",
                f"Plain bytes are always {BYTES_VOCABULARY} tokens, not {self.vocabulary:,}",
                "leave the vocabulary out, or choose another algorithm",
            )
        if self.vocabulary < smallest:
            raise OctavoError(
                "T006",
                f"A vocabulary of {self.vocabulary} is too small",
                likely=f"{smallest - len(SPECIAL_TOKENS)} tokens for bytes and {len(SPECIAL_TOKENS)} special tokens "
                "must fit",
                do=f"set vocabulary to at least {smallest}",
                exit_code=WRONG_USE,
            )
        if self.algorithm == "parity" and not self.groups:
            raise _wrong(
                "T020", "Parity needs to know between whom", "set groups to the field that differs: language or domain"
            )
        if self.temperature != 1 and not self.groups:
            raise _wrong(
                "T022", "A temperature balances groups, and there are none", "set groups to language or domain"
            )

    def as_json(self) -> dict[str, Any]:
        """The terms as JSON values, for a recipe."""
        return dict(vars(self))


def _wrong(code: str, what: str, do: str) -> OctavoError:
    return OctavoError(code, what, do=do, exit_code=WRONG_USE)
