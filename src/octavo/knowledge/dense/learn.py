"""Learn: word vectors that bring together what belongs together, from the passages alone, without a label.

Each step takes passages, and of each a view that may stand for a question and one that stands for the answer: title
against text, a sentence against its surroundings (inverse cloze: Lee, Chang and Toutanova 2019), the first sentence
against the rest, the first sentence against the title. Of the words that both views share half are taken out of the
question, so that more must be learnt than what is the same. The loss is InfoNCE both ways (van den Oord, Li and Vinyals
2018) with the other passages of the step as negatives; the steps are AdaGrad on the rows that a step touches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from octavo.knowledge.dense.bag import Words
from octavo.knowledge.dense.corpus import Corpus, bags
from octavo.spine.progress import progress, reading

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST = 200
"""Below so many passages the floor is all there is: there are too few to tell one from another."""


@dataclass(frozen=True)
class Course:
    """How vectors are learnt."""

    batch: int = 512
    rounds: float = 8.0
    """How often each passage is seen, within `steps` and `most`."""
    steps: tuple[int, int] = (200, 1000)
    """The fewest and the most."""
    most: float = 60.0
    """How often a passage is seen at most, where there are few."""
    rate: float = 0.05
    temperature: float = 0.05
    drop: float = 0.5
    """The share of the words common to both views that the question loses."""
    views: tuple[float, float, float, float] = (0.3, 0.35, 0.2, 0.15)
    """How often: title and text, a sentence and the rest, the first sentence and the rest, first sentence and title."""
    seed: int = 0

    def length(self, passages: int) -> int:
        """How many steps are made for so many passages."""
        wanted = min(self.steps[1], max(self.steps[0], self.rounds * passages / self.batch))
        return max(1, int(min(wanted, self.most * passages / min(self.batch, max(1, passages)))))


def learn(start: Words, corpus: Corpus, course: Course = Course()) -> Words:
    """Vectors learnt from a corpus, beginning with those of the floor; the same bytes for the same corpus and seed.

    A thousand steps take about a minute on one core, whatever the size of the corpus; the floor comes back where there
    are fewer than `LEAST` passages.
    """
    usable = np.flatnonzero(corpus.parts[corpus.starts[1:]] - corpus.parts[corpus.starts[:-1]] > 3)
    if len(usable) < LEAST:
        return start
    rng = np.random.default_rng(course.seed)
    scale = np.float32(start.table.std() * 10)
    vectors = start.table / scale
    squares = np.full(vectors.shape, 1e-6, np.float32)
    steps, batch = course.length(len(usable)), min(course.batch, len(usable))
    bar = progress("learn what belongs together", steps, "steps")
    order, at, loss = rng.permutation(usable), 0, 0.0
    marks = np.zeros(len(start.words), bool)
    for step in range(steps):
        if at + batch > len(order):
            order, at = rng.permutation(usable), 0
        pairs = [_views(corpus, int(number), course, rng, marks) for number in order[at : at + batch]]
        at += batch
        loss = _step(vectors, squares, pairs, course, course.rate * (1 - step / steps))
        bar.advance(note=f"loss {loss:.2f}")
    reading(retriever_loss=loss, retriever_steps=steps)
    return Words(start.words, vectors * scale)


def _views(
    corpus: Corpus, number: int, course: Course, rng: np.random.Generator, marks: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What stands for the question and what for the answer. `marks` has a False for each word, before and after."""
    first, last = int(corpus.starts[number]), int(corpus.starts[number + 1])
    title, count = corpus.part(first), last - first - 1
    kind = int(np.searchsorted(np.cumsum(course.views), rng.random() * sum(course.views)))
    if count < 2 and kind in (1, 2):
        kind = 3 if kind == 1 else 0
    if kind == 0 or not count:
        question, answer = title, corpus.tokens[corpus.parts[first + 1] : corpus.parts[last]]
    elif kind == 3:
        question, answer = corpus.part(first + 1), title
    else:
        chosen = first + 1 + (int(rng.integers(count)) if kind == 1 else 0)
        question = corpus.part(chosen)
        around = corpus.tokens[corpus.parts[first] : corpus.parts[chosen]]
        answer = np.concatenate([around, corpus.tokens[corpus.parts[chosen + 1] : corpus.parts[last]]])
    question, answer = question[:60], answer[:200]
    if course.drop:
        marks[answer] = True
        kept = question[~marks[question] | (rng.random(len(question)) >= course.drop)]
        marks[answer] = False
        question = kept if len(kept) else question
    return question, answer


def _step(
    vectors: NDArray[np.float32],
    squares: NDArray[np.float32],
    pairs: list[tuple[NDArray[np.int32], NDArray[np.int32]]],
    course: Course,
    rate: float,
) -> float:
    """Change the rows of the words of these pairs; returns the loss. B pairs, W words, D dimensions."""
    pairs = [pair for pair in pairs if len(pair[0]) and len(pair[1])]
    if len(pairs) < 2:
        return 0.0
    rows = bags([q for q, _ in pairs] + [a for _, a in pairs], len(vectors))
    words, inverse = np.unique(rows.indices, return_inverse=True)
    rows = type(rows)((rows.data, inverse, rows.indptr), (rows.shape[0], len(words)))
    size = len(pairs)
    sums_BD = rows @ vectors[words]
    lengths = np.maximum(np.linalg.norm(sums_BD, axis=1, keepdims=True), np.float32(1e-6))
    units_BD = sums_BD / lengths
    question_BD, answer_BD = units_BD[:size], units_BD[size:]
    logits_BB = question_BD @ answer_BD.T / np.float32(course.temperature)
    forth_BB, back_BB = _softmax(logits_BB, 1), _softmax(logits_BB, 0)
    right = np.arange(size)
    loss = -float(np.log(forth_BB[right, right] + 1e-9).mean() + np.log(back_BB[right, right] + 1e-9).mean()) / 2
    slope_BB = (forth_BB + back_BB) / 2
    slope_BB[right, right] -= 1
    slope_BB /= np.float32(size * course.temperature)
    slope_BD = np.concatenate([slope_BB @ answer_BD, slope_BB.T @ question_BD])
    slope_BD = (slope_BD - units_BD * (units_BD * slope_BD).sum(axis=1, keepdims=True)) / lengths
    slope_WD = rows.T @ slope_BD
    squares[words] += slope_WD * slope_WD
    vectors[words] -= np.float32(rate) * slope_WD / np.sqrt(squares[words])
    return loss


def _softmax(logits: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    raised = np.exp(logits - logits.max(axis=axis, keepdims=True))
    result: NDArray[np.float32] = raised / raised.sum(axis=axis, keepdims=True)
    return result
