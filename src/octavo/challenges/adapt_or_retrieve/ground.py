"""Ground: a base model that reads, documents before and after a change, and questions about them.

The base is the seed that comes with the package. The documents are invented anew with each seed, so that nothing of
them can be known from elsewhere: some stay as they are (*seen*), some get a newer version after the training
(*changed*), some come only then (*never seen*). What is *nowhere* is asked for too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from octavo.challenges.chronicle import Chronicle, Statement
from octavo.challenges.invented import BASE, Invented, knowing_nothing, shipped
from octavo.kinds.documents import Document

SETS = ("seen", "changed", "never seen")
FACTS = 2
"""Facts of a document; each is asked for."""
STRANGERS = 12
"""Questions about unknown things from which a tuned model may learn to decline."""


@dataclass(frozen=True)
class Scale:
    """How much there is, and how much may be computed."""

    documents: int
    """Of each set."""
    nowhere: int
    texts: int
    tokens: int
    """The budget: FLOPs of training on so many tokens."""


DEFAULT = Scale(8, 12, 12, 40_000)
TINY = Scale(8, 12, 12, 512)


@dataclass(frozen=True)
class Ground(Invented):
    """The same for the baseline and for every response."""

    scale: Scale
    facts: dict[str, list[list[Statement]]]
    """Set → documents → facts, as they are when it is asked."""
    old: list[list[Statement]]
    """The changed documents as they were."""
    strangers: tuple[str, ...]
    nowhere: tuple[str, ...]
    texts: tuple[str, ...]
    """Of the world that the base was trained on, about other things: what may be forgotten."""

    @property
    def subject(self) -> str:
        """What is tried, and within which budget."""
        return (
            f"{BASE}; each may train on {self.scale.tokens:,} tokens ({self.budget:.2g} FLOPs) a seed, "
            f"its updates included"
        )

    @property
    def budget(self) -> float:
        """FLOPs."""
        from octavo.challenges.taught import ROW

        return self.shape.flops_per_token(ROW) * self.scale.tokens

    @property
    def before(self) -> list[list[Statement]]:
        """What there is to learn from at first."""
        return [*self.facts["seen"], *self.old]

    @property
    def news(self) -> list[list[Statement]]:
        """What comes afterwards."""
        return [*self.facts["changed"], *self.facts["never seen"]]


def document_of(facts: list[Statement]) -> Document:
    """The document of a thing: its facts, dated; a newer version has the same id."""
    text = " ".join(one.text for one in facts)
    return Document(facts[0].subject, text, title=facts[0].subject, date=max(one.date for one in facts))


def prepare(project: Path | None, scratch: Path, seed: int, scale: Scale = DEFAULT) -> Ground:
    """The documents of one seed."""
    base = shipped()
    chronicle = Chronicle(f"adapt or retrieve {seed}")
    seen, old = ([chronicle.thing(FACTS) for _ in range(scale.documents)] for _ in range(2))
    strangers = tuple(chronicle.stranger() for _ in range(STRANGERS))
    changed = [[chronicle.change(one) for one in facts] for facts in old]
    never = [chronicle.thing(FACTS) for _ in range(scale.documents)]
    elsewhere = Chronicle(f"elsewhere {seed}")
    texts = tuple(document_of(elsewhere.thing(4)).text for _ in range(scale.texts))
    nowhere = tuple(chronicle.stranger() for _ in range(scale.nowhere))
    facts = {"seen": seen, "changed": changed, "never seen": never}
    return Ground(base, seed, scratch, scale, facts, old, strangers, nowhere, texts)


def tiny(project: Path | None, scratch: Path, seed: int) -> Ground:
    """The same with a small base that knows nothing, where only that everything works is to be seen."""
    return knowing_nothing(prepare(project, scratch, seed, TINY))
