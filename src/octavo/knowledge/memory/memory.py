"""Memory: an episodic memory in the manner of hippocampal indexing (Teyler & DiScenna 1986), in one file.

What is remembered gets a key, a sparse code of it and its names in one write. A cue votes through the postings of
its own code; the 32 episodes with most votes are completed on their dense keys, and what is connected with them by
names, time or a correction becomes active too. What the gate does not recognise is left alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from octavo.knowledge.memory.complete import COVERED, TIGHT, completed, coverage, likeness, spread
from octavo.knowledge.memory.contradiction import contradicts, same_question
from octavo.knowledge.memory.decay import least_worth_keeping
from octavo.knowledge.memory.encode import FIRING, Encoded, encoded, hashed, names_of, term_counts
from octavo.knowledge.memory.episode import KINDS, Episode, Recall, Remembered
from octavo.knowledge.memory.forget import Forgotten, erase
from octavo.knowledge.memory.gate import SIGNS, Gate
from octavo.knowledge.memory.postings import most
from octavo.knowledge.memory.store import Store, trace_of
from octavo.knowledge.memory.traces import Traces
from octavo.spine.errors import WRONG_USE, OctavoError

CANDIDATES = 32
"""Episodes that a vote brings before completion; as many may come by what the cue names."""
CAPACITY = 100_000
LONGEST = 20_000
"""Characters of an episode."""
STRONGEST = 4
"""Candidates whose edges activation spreads over."""
DEGREE = 32
"""Episodes that a name leads to at most; a name of more says too little."""
IN_TIME = 0.2
"""Strength of the edge between neighbours of one session, beside that of a name that only two share."""


SAME = 0.99
"""Certainty at least, when the question is the one that an episode answers."""
ALIKE, LEVEL = 0.6, 0.06
"""Likeness from which, and difference of scores up to which, two may be versions of one statement."""
NOTHING = (1.0, *(0.0,) * (len(SIGNS) - 1))
"""The signs where a cue finds nothing."""


@dataclass(frozen=True)
class Found:
    """What a cue finds before dates are looked at."""

    numbers: NDArray[np.int64]
    """Of the candidates."""
    scores: NDArray[np.float64]
    active: NDArray[np.float64]
    """After completion, summing to 1."""
    votes: NDArray[np.int64]
    covered: NDArray[np.float64]
    alike: NDArray[np.float64]


class Memory:
    """Open one with `Memory.open`, begin one with `Memory.create`. Many may recall while one remembers."""

    def __init__(self, store: Store, gate: Gate | None = None) -> None:
        self.store, self.gate = store, gate or Gate()
        self._traces: Traces | None = None
        self._version = -1

    @classmethod
    def create(cls, path: Path, *, capacity: int = CAPACITY) -> Memory:
        """The memory in `path`, a new one when there is none."""
        return cls(Store.open(path, write=True) if path.is_file() else Store.create(path, capacity))

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> Memory:
        """The memory in `path`, to recall or to `write`."""
        return cls(Store.open(path, write=write))

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        count: int = self.store.connection.execute("SELECT count(*) FROM episodes").fetchone()[0]
        return count

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────

    def remember(
        self,
        text: str,
        *,
        kind: str = "told",
        cue: str = "",
        now: int | None = None,
        until: int | None = None,
        supersedes: int | None = None,
        session: str = "",
        keep: bool = False,
    ) -> Episode:
        """Remember one thing, in one transaction. Times are seconds since 1970.

        `cue` is the question that it answers; `until` when it stops to hold; `supersedes` the number of the version it
        takes the place of. Without that a statement supersedes the newest one that it contradicts, unless `keep`.
        """
        assert kind in KINDS, kind
        text, cue = _storable(text), _storable(cue) if cue else ""
        moment = int(time.time()) if now is None else now
        with self.store.writing() as c:
            traces = self._current()
            if supersedes is not None:
                old = self.episode(supersedes)
                supersedes = self._newest(old).number
            mine = self._encoded(f"{cue} {text}".strip())
            if supersedes is None and not keep and kind != "conversation":
                supersedes = self._contradicted(text, cue, mine, moment)
            number = c.execute(
                "INSERT INTO episodes (text, kind, cue, born, until, supersedes, uses, used, session, document) "
                "VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, '')",
                (text, kind, cue, moment, until, supersedes, moment, session),
            ).lastrowid
            assert number is not None
            if supersedes is not None:
                c.execute("UPDATE episodes SET superseded = ? WHERE number = ?", (number, supersedes))
            c.execute("INSERT INTO traces VALUES (?, ?)", (number, trace_of(mine)))
            c.executemany("INSERT INTO names VALUES (?, ?)", [(name, number) for name in mine.names])
            c.executemany(
                "INSERT INTO terms VALUES (?, 1) ON CONFLICT (term) DO UPDATE SET count = count + 1",
                [(term,) for term in term_counts(f"{cue} {text}")],
            )
            crowded = len(traces) + 1 > int(self.store.fact("capacity"))
            evicted = least_worth_keeping(self.store, moment) if crowded else []
            for gone in evicted:
                erase(c, gone)
        traces.add(number, mine)
        for gone in evicted:
            traces.remove(gone)
        return Episode(number, text, kind, cue, moment, until, supersedes, None, 0, moment, session, "")

    def remember_all(self, texts: Iterable[str], *, now: int) -> list[int]:
        """Many things that were told at one moment, in one transaction and without looking for contradictions;
        returns their numbers."""
        try:
            with self.store.writing():
                return [self.remember(text, now=now, keep=True).number for text in texts]
        except BaseException:
            self._traces = None  # they hold what was not kept
            raise

    def use(self, numbers: Sequence[int], *, now: int | None = None) -> None:
        """Note that these were of use: what is used is kept longer, and what was used twice can be consolidated."""
        moment = int(time.time()) if now is None else now
        with self.store.writing() as c:
            c.executemany(
                "UPDATE episodes SET uses = uses + 1, used = max(used, ?) WHERE number = ?",
                [(moment, number) for number in numbers],
            )

    def supersede(self, old: int, new: int) -> None:
        """Let `new` be the newer version of `old`, which nothing supersedes yet."""
        with self.store.writing() as c:
            c.execute("UPDATE episodes SET superseded = ? WHERE number = ? AND superseded IS NULL", (new, old))

    def forget(self, numbers: Sequence[int]) -> Forgotten:
        """Take episodes out of the file and of all that was made of them, and say what is left of them, which is
        nothing. A version that a forgotten one superseded is again superseded by what came after it, or holds."""
        from octavo.knowledge.memory.forget import forget

        for number in numbers:
            self.episode(number)
        traces = self._current()
        done = forget(self.store, list(dict.fromkeys(numbers)))
        for number in done.numbers:
            traces.remove(number)
        return done

    def _contradicted(self, text: str, cue: str, mine: Encoded, moment: int) -> int | None:
        """The newest version of what a statement contradicts."""
        found = self._found(mine)
        if found is None:
            return None
        order = np.lexsort((-found.numbers, -found.scores))[:16]
        near = self.store.episodes(found.numbers[order].tolist())
        for number in sorted(near, reverse=True):
            old = near[number]
            over = old.superseded is not None or (old.until is not None and old.until <= moment)
            if over or old.kind == "conversation":
                continue
            answered = bool(cue) and same_question(cue, old.cue) and old.text.split() != text.split()
            if answered or (cue == old.cue and contradicts(text, old.text)):
                return number
        return None

    # ── recalling ──────────────────────────────────────────────────────────────────────────────────────────────

    def episode(self, number: int) -> Episode:
        """The episode of this number."""
        found = self.store.episodes([number])
        if number not in found:
            raise OctavoError(
                "K073",
                f"There is no memory {number}",
                where=str(self.store.path),
                likely="it was forgotten, or never there",
                do="octavo memory list shows what is there",
                exit_code=WRONG_USE,
            )
        return found[number]

    def all(self, *, newest: bool = False) -> Iterator[Episode]:
        """All episodes in the order of writing, or the newest first."""
        return self.store.all(newest=newest)

    def recall(
        self, cue: str, k: int = 5, *, at: int | None = None, kinds: Sequence[str] = KINDS, spreading: bool = True
    ) -> Recall:
        """What a cue brings back, at most `k`, best first, as things stood `at` a moment (seconds since 1970; now).

        Of what was corrected the version of that moment comes; what did not hold then, or is of another kind, does not.
        """
        moment = int(time.time()) if at is None else at
        with self.store.reading():
            self._current()
            mine = self._encoded(cue)
            found = self._found(mine)
            if found is None:
                return Recall((), False, 0.0)
            direct = {int(n): float(a) for n, a in zip(found.numbers, found.active, strict=True)}
            active = spread(direct, self._edges(direct)) if spreading else direct
            place = {int(number): at for at, number in enumerate(found.numbers)}
            ranked = sorted(active, key=lambda n: (-active[n], -(found.scores[place[n]] if n in place else 0.0), -n))
            ranked = self._newer_first(ranked, found, place)
            order = ranked[: 2 * k + 8]
            episodes = self.store.episodes(order)
            out: dict[int, Remembered] = {}
            counted: list[int] = []
            for number in order:
                version = self._at(episodes[number], moment)
                if version is None or version.kind not in kinds or version.number in out:
                    continue
                counted.append(number)
                out[version.number] = Remembered(version, active[number], number in direct)
            certainty = self.gate.certainty(self._signs(found, counted[0], counted[1:], mine)) if counted else 0.0
            if counted and same_question(cue, next(iter(out.values())).episode.cue):
                certainty = max(certainty, SAME)
        return Recall(tuple(out.values())[:k], certainty >= self.gate.threshold, certainty)

    def signs(self, cue: str) -> tuple[float, ...]:
        """What speaks for the recognition of the first that a cue finds (see `gate.SIGNS`); for fitting a gate."""
        with self.store.reading():
            self._current()
            mine = self._encoded(cue)
            found = self._found(mine)
            if found is None:
                return NOTHING
            order = found.numbers[np.argsort(-found.active, kind="stable")].tolist()
            return self._signs(found, order[0], order[1:], mine)

    def _current(self) -> Traces:
        """The traces, read again when somebody else has written."""
        version = self.store.version()
        if self._traces is None or version != self._version:
            rows = self.store.connection.execute("SELECT number, data FROM traces ORDER BY number")
            self._traces, self._version = Traces(rows, self.store.path), version
        return self._traces

    def _encoded(self, text: str) -> Encoded:
        return encoded(text, self.store.counts, len(self._current()))

    def _found(self, mine: Encoded) -> Found | None:
        """Vote, and complete on the dense keys; None when nothing has a vote or a name."""
        traces = self._current()
        if not len(traces):
            return None
        votes = traces.votes(mine.code) if mine.key.any() else np.zeros(traces.slots, np.int64)
        named = [
            traces.slot_of[n] for name in mine.names for n in self.store.named(name, DEGREE) if n in traces.slot_of
        ]
        slots = np.array(list(dict.fromkeys([*most(votes, CANDIDATES).tolist(), *named[:CANDIDATES]])), dtype=np.int64)
        if not len(slots):
            return None
        known = self.store.counts(mine.terms.tolist())
        rare = np.array([math.log(1 + (len(traces) + 1) / (known.get(t, 0) + 1)) for t in mine.terms.tolist()])
        keys = traces.keys[slots]
        covered, tight = coverage(mine.terms, rare, traces.terms[slots])
        alike = likeness(mine.key, keys)
        scores = alike + COVERED * covered + TIGHT * tight
        return Found(traces.numbers[slots], scores, completed(scores, keys), votes[slots], covered, alike)

    def _edges(self, direct: dict[int, float]) -> list[tuple[int, int, float]]:
        """From the strongest candidates to what shares a name with them, is next to them in time, or corrects them."""
        c, edges = self.store.connection, []
        strongest = sorted(direct, key=lambda number: (-direct[number], number))[:STRONGEST]
        for number, episode in sorted(self.store.episodes(strongest).items()):
            for name in sorted({hashed(one) for one in names_of(f"{episode.cue} {episode.text}".strip())}):
                sharing = [other for other in self.store.named(name, DEGREE) if other != number]
                edges += [(number, other, 1 / len(sharing)) for other in sharing]
            for other in (episode.supersedes, episode.superseded):
                if other is not None:
                    edges.append((number, other, 1.0))
            if episode.session:
                near = c.execute(
                    "SELECT number FROM episodes WHERE number IN (?, ?) AND session = ?",
                    (number - 1, number + 1, episode.session),
                )
                edges += [(number, other, IN_TIME) for (other,) in near]
        return edges

    def _newer_first(self, ranked: list[int], found: Found, place: dict[int, int]) -> list[int]:
        """Of those that are as good as the first and nearly the same in words, the newest comes first."""
        near = [n for n in ranked[:8] if n in place]
        if len(near) < 2 or near[0] != ranked[0]:
            return ranked
        traces = self._current()
        top = place[near[0]]
        keys = traces.keys[[traces.slot_of[n] for n in near]]
        alike = likeness(keys[0], keys)
        level = [
            n
            for n, like in zip(near, alike, strict=True)
            if like >= ALIKE and found.scores[top] - found.scores[place[n]] <= LEVEL
        ]
        newest = max(level)
        return [newest, *(n for n in ranked if n != newest)]

    def _signs(self, found: Found, number: int, rivals: Sequence[int], mine: Encoded) -> tuple[float, ...]:
        """What speaks for `number` beside `rivals`: the others that are neither versions of it nor unasked for."""
        place = {int(one): at for at, one in enumerate(found.numbers)}
        if number not in place:
            return NOTHING
        at, others = place[number], [place[one] for one in rivals if one in place]
        share = float(found.votes[at]) / FIRING
        held = sum(number in self.store.named(name, DEGREE) for name in mine.names)
        if mine.names and not held:  # another thing is meant
            return NOTHING
        return (
            1.0,
            share,
            share - max((float(found.votes[one]) / FIRING for one in others), default=0.0),
            float(found.covered[at]),
            held / len(mine.names) if mine.names else 0.5,
            float(found.alike[at]),
            float(found.scores[at]) - max((float(found.scores[one]) for one in others), default=0.0),
        )

    def _at(self, episode: Episode, moment: int) -> Episode | None:
        """The version of an episode that held at a moment, later or earlier than itself; None when none did."""
        while episode.superseded is not None:
            newer = self.store.episodes([episode.superseded])[episode.superseded]
            if newer.born > moment:
                break
            episode = newer
        while episode.born > moment and episode.supersedes is not None:
            episode = self.store.episodes([episode.supersedes])[episode.supersedes]
        holds = episode.born <= moment and (episode.until is None or episode.until > moment)
        return episode if holds else None

    def _newest(self, episode: Episode) -> Episode:
        while episode.superseded is not None:
            episode = self.store.episodes([episode.superseded])[episode.superseded]
        return episode


def _storable(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    if not whole or len(whole) > LONGEST:
        raise OctavoError(
            "K074",
            "There is nothing to remember"
            if not whole
            else f"A memory has at most {LONGEST:,} characters, not {len(whole):,}",
            do='octavo remember "…"' if not whole else "remember the parts, or index the text as a document",
            exit_code=WRONG_USE,
        )
    return whole
