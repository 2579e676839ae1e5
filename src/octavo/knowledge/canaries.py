"""Canaries: questions whose answers are known, which a change set must still find before anybody else sees it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octavo.knowledge.index.terms import TOKEN, token_terms
from octavo.knowledge.search import search
from octavo.spine.errors import WRONG_USE, OctavoError

if TYPE_CHECKING:
    from octavo.knowledge.index.index import Index, Trial
    from octavo.knowledge.index.view import View

DEFAULT = 16
"""Canaries that are made of documents that were there before, and as many of those that came in."""
WORDS = 8
"""Words of a made canary."""
RELEARNT = 64
"""Canaries that are made when vectors are learnt anew."""
KEPT = 0.9
"""Of those that were found by the old vectors, as many must be found by the new ones."""
DEPTH = 5
"""The expected document must be among so many."""


@dataclass(frozen=True)
class Canary:
    """A question and the id of the document that must be found."""

    question: str
    id: str
    made: bool = False
    """Made of the document itself: then documents that match as well may stand before it."""


@dataclass(frozen=True)
class Failure:
    """A canary that failed, and what was found in place of its document."""

    canary: Canary
    found: tuple[str, ...]


def read_canaries(path: Path) -> list[Canary]:
    """Rows `{"question", "id"}` of a file of JSON Lines."""
    found = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                question, expected = row["question"], row["id"]
                if not isinstance(question, str) or not question.strip() or not isinstance(expected, str | int):
                    raise TypeError
            except (ValueError, TypeError, KeyError, RecursionError):
                raise OctavoError(
                    "K020",
                    f"Line {number} is no canary",
                    where=str(path),
                    do='each line must be {"question": "…", "id": "…"}',
                    exit_code=WRONG_USE,
                ) from None
            found.append(Canary(question, str(expected)))
    return found


def made_of(view: View, numbers: Sequence[int]) -> list[Canary]:
    """A canary of each of these documents: the rarest of the long words of its first passage."""
    found = []
    for number in numbers:
        entry = view.entry(view.index.first_of(number))
        tokens = dict.fromkeys(token for token in TOKEN.findall(entry.text[:4000]) if token_terms(token))
        longest = sorted(tokens, key=lambda token: (-len(token), token))[: 2 * WORDS]
        rare = sorted(longest, key=lambda token: (len(view.occurrences(token_terms(token)[0])), token))[:WORDS]
        if rare:
            found.append(Canary(" ".join(token for token in tokens if token in rare), entry.id, made=True))
    return found


def spread(numbers: Sequence[int], count: int = DEFAULT) -> list[int]:
    """At most `count` of the numbers, evenly spread."""
    step = max(1, -(-len(numbers) // count))
    return [int(number) for number in numbers[::step]]


def failures(
    view: View, canaries: Iterable[Canary], k: int = DEPTH, method: str | None = None, made: str = "sparse"
) -> list[Failure]:
    """The canaries whose document is not among the first `k`. Those made of documents ask for their words by the
    method `made`, given ones by `method`, or as a search does that names none."""
    failed = []
    for canary in canaries:
        hits = search(view, canary.question, 3 * k if canary.made else k, made if canary.made else method)
        edge = hits[k - 1].score if len(hits) > k else float("-inf")
        good = [hit.id for place, hit in enumerate(hits) if place < k or (canary.made and hit.score >= edge)]
        if canary.id not in good:
            failed.append(Failure(canary, tuple(hit.id for hit in hits[:k])))
    return failed


def trial(index: Index, given: Sequence[Canary] | None = None, method: str | None = None) -> Trial:
    """What tries a change set: the given canaries; without any, documents that were found by their own words before
    must still be, and those that came in must be."""
    from octavo.knowledge.search import check_method

    before, first = index.view(), index.fact("next_document")
    old = [] if given is not None else spread(before.documents().tolist())
    known = made_of(before, old)
    if known:
        missed = {failure.canary for failure in failures(before, known, method=method)}
        known = [canary for canary in known if canary not in missed]

    def tries(view: View) -> None:
        check_method(view, method)
        canaries = list(given or ())
        if given is None:
            canaries = [canary for canary in known if view.index.number_of(canary.id) is not None]
            numbers = view.documents()
            canaries += made_of(view, spread(numbers[numbers >= first].tolist()))
        try_all(view, canaries, method)

    return tries


def trial_of_vectors(index: Index, given: Sequence[Canary] | None = None) -> Trial:
    """What tries vectors that were learnt anew: the given canaries; without any, documents must be found by their own
    words through the vectors alone, nine tenths as many as through the old ones."""
    if given is not None:
        return trial(index, given)
    before = index.view()
    known = made_of(before, spread(before.documents().tolist(), RELEARNT))
    found = len(known) - len(failures(before, known, made="dense"))

    def tries(view: View) -> None:
        failed = failures(view, known, made="dense")
        if len(known) - len(failed) < KEPT * found:
            raise refusal(failed, len(known))

    return tries


def try_all(view: View, canaries: Sequence[Canary], method: str | None = None) -> None:
    """Raise K021 when one of the canaries fails."""
    failed = failures(view, canaries, method=method)
    if failed:
        raise refusal(failed, len(canaries))


def refusal(failed: Sequence[Failure], count: int) -> OctavoError:
    """The error that undoes a change set."""
    shown = "; ".join(
        f'"{one.canary.question[:80]}" found {", ".join(one.found[:3]) or "nothing"} in place of {one.canary.id}'
        for one in failed[:5]
    )
    more = f"; and {len(failed) - 5} more" if len(failed) > 5 else ""
    return OctavoError(
        "K021",
        f"{len(failed)} of {count} canary questions failed, so nothing was changed: {shown}{more}",
        likely="the change takes away, or buries, what they ask for",
        do="look at the change and at the questions; --no-canaries goes on without them",
    )
