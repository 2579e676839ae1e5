"""Response: BM25 over the history finds the statements that are read, the newer of two alike first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from octavo.challenges.energy.answering import Answer, answers, dated, read, reader_of
from octavo.challenges.energy.ground import Ground
from octavo.challenges.response import Prediction, Row
from octavo.kinds.documents import Document
from octavo.knowledge.index.index import Index
from octavo.knowledge.index.sparse import Sparse

PASSAGES = 2
"""As many as memory reads; not searched for."""


def respond(ground: Ground, probe: Sequence[Row], seed: int) -> Iterator[Prediction]:
    """One prediction a row."""
    reader, base = reader_of(ground)
    place = ground.scratch / "history.sqlite"
    place.unlink(missing_ok=True)

    def take_in() -> tuple[Answer, float]:
        index = Index.create(place)
        index.add([Document(f"{number:06d}", dated(one)) for number, one in enumerate(ground.stream)])
        view = index.view()
        ranker = Sparse(view)

        def answer(question: str) -> tuple[str, float]:
            found = sorted(ranker.rank(question, 2 * PASSAGES), key=lambda hit: (-round(hit[1], 1), -hit[0]))
            texts = [dated(ground.stream[int(view.id_of(passage))]) for passage, _ in found[:PASSAGES]]
            return read(reader, base, question, texts)

        return answer, 0.0

    yield from answers(ground, probe, take_in)
