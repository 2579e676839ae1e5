"""Memory: an episodic memory in the manner of hippocampal indexing (Teyler & DiScenna 1986), in one file.

What is remembered gets a key, a sparse code of it, its words, names and aspects in one write. A cue leads to the 32
episodes that hold most of its words; where it names something unknown, the units of its own code vote as well. What is
found is completed on the dense keys and by what it answers, and what is connected with it by names, time or a
correction becomes active too. What the gate does not recognise is left alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from octavo.knowledge.memory.contradiction import contradicts, same_question
from octavo.knowledge.memory.decay import least_worth_keeping
from octavo.knowledge.memory.encode import Encoded, Read, encoded, names_of, read, terms_of
from octavo.knowledge.memory.episode import KINDS, Episode, Recall, Remembered
from octavo.knowledge.memory.forget import Forgotten, erase
from octavo.knowledge.memory.recall.asked import asked
from octavo.knowledge.memory.recall.complete import spread
from octavo.knowledge.memory.recall.find import NOTHING, Found, newer_first, signs, weighed
from octavo.knowledge.memory.recall.gate import Gate
from octavo.knowledge.memory.recall.postings import most
from octavo.knowledge.memory.renew import renewed
from octavo.knowledge.memory.revision import revises
from octavo.knowledge.memory.store import Store, trace_of
from octavo.knowledge.memory.traces import Traces
from octavo.spine.errors import WRONG_USE, OctavoError

CANDIDATES = 32
"""Episodes that the words of a cue bring before completion; as many may come by a vote."""
CAPACITY = 100_000
LONGEST = 20_000
"""Characters of an episode."""
LIKELY = 8
"""Candidates that a new statement may be a newer version of."""
STRONGEST = 4
"""Candidates whose edges activation spreads over."""
DEGREE = 32
"""Episodes that a name leads to at most; a name of more says too little."""
IN_TIME = 0.2
"""Strength of the edge between neighbours of one session, beside that of a name that only two share."""


SAME = 0.99
"""Certainty at least, when the question is the one that an episode answers."""


class Memory:
    """Open one with `Memory.open`, begin one with `Memory.create`. Many may recall while one remembers."""

    def __init__(self, store: Store, gate: Gate | None = None) -> None:
        self.store, self.gate = store, gate or Gate()
        self._traces: Traces | None = None
        self._version = -1

    @classmethod
    def create(cls, path: Path, *, capacity: int = CAPACITY) -> Memory:
        """The memory in `path`, a new one when there is none."""
        return cls(renewed(path, write=True) if path.is_file() else Store.create(path, capacity))

    @classmethod
    def open(cls, path: Path, *, write: bool = False) -> Memory:
        """The memory in `path`, to recall or to `write`."""
        return cls(renewed(path, write=write))

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
            whole = read(f"{cue} {text}".strip())
            mine = self._encoded(whole)
            if supersedes is None and not keep and kind != "conversation":
                supersedes = self._contradicted(text, cue, whole, mine, moment)
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
                [(term,) for term in terms_of(whole)],
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

    def _contradicted(self, text: str, cue: str, whole: Read, mine: Encoded, moment: int) -> int | None:
        """The newest version of what a statement contradicts."""
        found = self._found(whole, mine)
        if found is None:
            return None
        mine_read = read(text)
        order = np.lexsort((-found.numbers, -found.scores))[:LIKELY]
        near = self.store.episodes(found.numbers[order].tolist())
        for number in sorted(near, reverse=True):
            old = near[number]
            over = old.superseded is not None or (old.until is not None and old.until <= moment)
            if over or old.kind == "conversation":
                continue
            answered = bool(cue) and same_question(cue, old.cue) and old.text.split() != text.split()
            if answered or (cue == old.cue and (contradicts(text, old.text) or revises(mine_read, read(old.text)))):
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
            whole = read(cue)
            found = self._found(whole, self._encoded(whole))
            if found is None:
                return Recall((), False, 0.0)
            direct = dict(zip(found.numbers.tolist(), found.active.tolist(), strict=True))
            active = spread(direct, self._edges(direct)) if spreading and k > 1 else direct
            place = found.place()
            ranked = sorted(active, key=lambda n: (-active[n], -(found.scores[place[n]] if n in place else 0.0), -n))
            best = max(direct, key=lambda n: (direct[n], found.scores[place[n]], n))
            ranked = newer_first([best, *(n for n in ranked if n != best)], found)
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
            certainty = self.gate.certainty(signs(found, counted[0], counted[1:])) if counted else 0.0
            if counted and same_question(cue, next(iter(out.values())).episode.cue):
                certainty = max(certainty, SAME)
        return Recall(tuple(out.values())[:k], certainty >= self.gate.threshold, certainty)

    def signs(self, cue: str) -> tuple[float, ...]:
        """What speaks for the recognition of the first that a cue finds (see `gate.SIGNS`); for fitting a gate."""
        with self.store.reading():
            self._current()
            whole = read(cue)
            found = self._found(whole, self._encoded(whole))
            if found is None:
                return NOTHING
            order = newer_first(found.numbers[np.argsort(-found.active, kind="stable")].tolist(), found)
            return signs(found, order[0], order[1:])

    def _current(self) -> Traces:
        """The traces, read again when somebody else has written."""
        version = self.store.version()
        if self._traces is None or version != self._version:
            rows = self.store.connection.execute("SELECT number, data FROM traces ORDER BY number")
            self._traces, self._version = Traces(rows, self.store.path), version
        return self._traces

    def _encoded(self, text: Read) -> Encoded:
        return encoded(text, self.store.counts, len(self._current()))

    def _found(self, cue: Read, mine: Encoded) -> Found | None:
        """Candidates by their words, and by a vote of their codes where a name is unknown; completed
        on their dense keys. None when there are none."""
        traces = self._current()
        if not len(traces):
            return None
        terms = terms_of(cue)
        known, many = self.store.counts(terms), len(traces)
        rare = {term: math.log(1 + (many + 1) / (known.get(term, 0) + 1)) for term in terms}
        slots = traces.holders.holding(terms, [rare[term] for term in terms], CANDIDATES)
        if not len(slots) or any(not known.get(term, 0) for term in cue.parts_of_names()):
            voted = most(traces.votes(mine.code), CANDIDATES) if mine.key.any() else slots[:0]
            slots = np.array(list(dict.fromkeys([*slots.tolist(), *voted.tolist()])), dtype=np.int64)
        if not len(slots):
            return None
        return weighed(mine, asked(cue, rare), traces, slots)

    def _edges(self, direct: dict[int, float]) -> list[tuple[int, int, float]]:
        """From the strongest candidates to what shares a name with them, is next to them in time, or corrects them."""
        c, edges = self.store.connection, []
        strongest = sorted(direct, key=lambda number: (-direct[number], number))[:STRONGEST]
        for number, episode in sorted(self.store.episodes(strongest).items()):
            for name in names_of(read(f"{episode.cue} {episode.text}".strip())):
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
