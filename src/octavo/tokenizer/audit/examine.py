"""Examine: the whole audit of a tokenizer, part by part, as one value that can be printed, kept and compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.tokenizer.audit.behaviour import VERIFIED, WEAKLY_VERIFIED, Repeated, repeat
from octavo.tokenizer.audit.embeddings import Indicators, indicate
from octavo.tokenizer.audit.languages import LanguageReport, score_languages, verdicts
from octavo.tokenizer.audit.open import Opened, open_tokenizer
from octavo.tokenizer.audit.parallel import Parallel, shipped
from octavo.tokenizer.audit.shapes import Shapes, look_at_shapes
from octavo.tokenizer.audit.speed import Growth, protection, time_growth
from octavo.tokenizer.audit.tokens import MULTI, SINGLE, UNDECODABLE, TokenReport, classify
from octavo.tokenizer.audit.usage import Usage, count_usage

FEW_SENTENCES = 100
PROBED = 200
"""Candidates that are asked for at most when a model is given."""


@dataclass(frozen=True)
class Wanted:
    """What to examine a tokenizer on; every part but the tokenizer may be missing."""

    parallel: Parallel | None = None
    corpus: tuple[Path, ...] = ()
    share: float = 1.0
    """Of the records of the corpus that are read, an even sample by their ids."""
    model: Path | None = None
    reference: Path | None = None
    price: float | None = None
    context: int | None = None
    speed: bool = True
    on: str = "processes"
    workers: int = 0


@dataclass
class Examination:
    """All that was found about one tokenizer."""

    opened: Opened
    languages: LanguageReport
    tokens: TokenReport
    shapes: Shapes
    usage: Usage | None = None
    growth: list[Growth] = field(default_factory=list)
    indicators: Indicators | None = None
    repeated: list[Repeated] = field(default_factory=list)
    not_asked: str = ""
    """Why the model was not asked to repeat tokens, where one was given."""

    def as_json(self) -> dict[str, Any]:
        """One document; times are in it, so it is not the same from run to run where speed was measured."""
        return {
            "tokenizer": str(self.opened.path),
            "form": self.opened.form,
            "model": self.opened.model,
            "vocabulary": self.opened.size,
            "verdicts": self.verdicts(),
            "languages": self.languages.as_json(),
            "tokens": self.tokens.as_json(self.opened),
            "shapes": self.shapes.as_json(),
            "usage": self.usage.as_json(self.opened) if self.usage else None,
            "speed": [growth.as_json() for growth in self.growth],
            "embeddings": self.indicators.as_json(self.opened) if self.indicators else None,
            "behaviour": [one.as_json() | {"piece": self.opened.pieces[one.id]} for one in self.repeated],
            "behaviour_not_asked": self.not_asked,
        }

    def verdicts(self) -> list[str]:
        """What matters, in sentences, the most important first."""
        said = verdicts(self.languages, self.opened)
        if self.languages.sentences < FEW_SENTENCES:
            said.append(
                f"only {self.languages.sentences} short sentences were compared; a file of parallel lines tells more"
            )
        counts = self.tokens.counts
        if never := counts[SINGLE] + counts[MULTI]:
            said.append(f"{never} tokens can't be reached by any text that was tried")
        if counts[UNDECODABLE]:
            said.append(f"{counts[UNDECODABLE]} tokens are parts of characters (broken UTF-8 when they stand alone)")
        if self.tokens.unblockable:
            named = ", ".join(self.tokens.unblockable[:5])
            said.append(f"text can become a special-looking token even when special tokens are blocked: {named}")
        elif self.tokens.reachable_special:
            first, more = self.tokens.reachable_special[0], len(self.tokens.reachable_special) - 1
            said.append(
                f"text becomes {first} (and {more} others) unless special tokens are blocked; "
                "octavo blocks them, other programs must be told to"
            )
        if not self.shapes.uniform_digits:
            said.append("numbers of one length are cut in different ways, which makes arithmetic harder to learn")
        if self.shapes.round_trip:
            said.append(f"text does not come back as it was: {', '.join(self.shapes.round_trip[:4])}")
        return said + self._corpus_verdicts() + ([steep] if (steep := protection(self.growth)) else [])

    def _corpus_verdicts(self) -> list[str]:
        said = []
        if self.usage is not None:
            found = self.usage.as_json(self.opened)
            said.append(
                f"{found['never_used']} tokens never occur in the corpus and can be pruned; "
                f"{found['only_inside_others']} more occur only inside of longer ones"
            )
            if found["bad_records"]:
                said.append(f"{found['bad_records']} rows of the corpus were no records and were left out")
        if self.indicators is not None:
            like = len(self.indicators.like_unused)
            said.append(
                f"{len(self.indicators.candidates)} tokens look under-trained by their {self.indicators.chosen} "
                f"({'tied' if self.indicators.tied else 'untied'} embeddings)"
                + (f"; {like} have rows like those of tokens that no text holds" if like else "")
            )
        if self.repeated:
            failed = sum(one.verdict in (VERIFIED, WEAKLY_VERIFIED) for one in self.repeated)
            said.append(f"asked to repeat {len(self.repeated)} of them, the model can't say {failed}")
        return said


def examine(path: Path, wanted: Wanted, scratch: Path) -> Examination:
    """Audit one tokenizer."""
    opened = open_tokenizer(path)
    reference = open_tokenizer(wanted.reference) if wanted.reference else None
    found = Examination(
        opened,
        score_languages(
            opened, wanted.parallel or shipped(), reference=reference, price=wanted.price, context=wanted.context
        ),
        classify(opened),
        look_at_shapes(opened),
    )
    if wanted.corpus:
        how: dict[str, Any] = {"share": wanted.share, "on": wanted.on, "workers": wanted.workers}
        found.usage = count_usage(path, wanted.corpus, scratch, **how)
    if wanted.model is not None:
        counts = found.usage.counts if found.usage else None
        found.indicators = indicate(wanted.model, opened, found.tokens, counts)
        _ask(found, wanted.model)
    if wanted.speed:
        found.growth = time_growth(opened)
    return found


def _ask(found: Examination, folder: Path) -> None:
    """Let the model repeat the most suspicious tokens, with the commonest as examples."""
    from octavo.spine.errors import OctavoError

    assert found.indicators is not None
    shots: Sequence[int] = (
        [int(n) for n in (-found.usage.counts).argsort(kind="stable")[:8]]
        if found.usage
        else [n for n, category in sorted(found.tokens.categories.items()) if category == "ok"][256:264]
    )
    try:
        found.repeated = repeat(folder, found.indicators.candidates[:PROBED], shots)
    except OctavoError as error:
        # only models of octavo's own format can be asked; the rows of any other could still be read
        found.not_asked = error.what
