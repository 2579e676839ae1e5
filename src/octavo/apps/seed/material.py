"""Material: token sequences to learn from: items of the synthetic world, gaps in documents, dialogues, plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from octavo.align.dialogues import DialoguesSettings, make
from octavo.apps.seed.gaps import Gaps
from octavo.apps.seed.recipe import Phase
from octavo.data.world.items import SHORT, Item, Maker, Measure
from octavo.kinds.dialogues import Message
from octavo.kinds.documents import Document
from octavo.model.prompt import training_text
from octavo.model.reading.prompt import conversation
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.packing import Tokens, join
from octavo.spine.progress import progress, reading

Sequence_ = tuple[list[int], list[bool]]
"""Token ids and which of them are learnt."""
SHORT_SCENES = Measure(passages=(1, 1, 2), facts=(1, 3), questions=4, fillers=0.0, scenes=0.5)
MEASURES = {
    "short": SHORT,
    "item": Measure(),
    "plain single": Measure(questions=1),
    "scene": Measure(scenes=1.0),
    "short with scenes": SHORT_SCENES,
    "single": Measure(questions=1, scenes=0.5),
    "few": Measure(passages=(2, 3, 3), facts=(1, 3), questions=8),
    "few scenes": Measure(passages=(2, 2, 3, 3), questions=8, scenes=1.0),
    "long": Measure(passages=(2, 3, 3, 4), facts=(3, 5), fillers=0.4, questions=8, scenes=0.5),
}
DIALOGUES = 9000
TEXT_CHARACTERS = 3000


def messages_of(item: Item) -> tuple[Message, ...]:
    """An item as a conversation; each question is a turn."""
    return conversation(item.passages, [(one.question, one.answer, one.passage) for one in item.asked])


class Material:
    """Makes the sequences of a phase from its seed, the documents and a tokenizer."""

    def __init__(self, documents: Sequence[Document], tokenizer: Tokenizer, seed: int) -> None:
        self.documents, self.tokenizer, self.seed = documents, tokenizer, seed

    def tokens(self, phase: Phase) -> Tokens:
        """As many sequences as `phase.tokens` asks for; those that don't fit into a row are left out."""
        seed = f"{self.seed} {phase.name}"
        makers = self._makers(phase, seed)
        chance = Random(seed)  # noqa: S311
        names, weights = list(phase.mix), list(phase.mix.values())
        sequences: list[list[int]] = []
        counted: list[list[bool]] = []
        size = left_out = 0
        bar = progress(f"make material ({phase.name})", phase.tokens, "tokens")
        while size < phase.tokens:
            name = chance.choices(names, weights)[0]
            ids, learnt = makers[name]()
            if len(ids) > phase.length or not any(learnt):
                left_out += 1
                continue
            if chance.random() < phase.whole and name != "copy":
                learnt = [True] * len(ids)
            sequences.append(ids)
            counted.append(learnt)
            size += len(ids)
            bar.advance(len(ids))
        reading(sequences=len(sequences), left_out=left_out, tokens=size)
        return join(sequences, counted)

    def _makers(self, phase: Phase, seed: str) -> Mapping[str, Callable[[], Sequence_]]:
        makers: dict[str, Callable[[], Sequence_]] = {}
        for name in phase.mix:
            own = f"{seed} {name}"
            if name in MEASURES:
                makers[name] = self._reading(Maker(own, MEASURES[name]))
            elif name == "lookup":
                makers[name] = self._lookups(Maker(own))
            elif name == "within":
                makers[name] = self._within(Maker(own, Measure(questions=9)))
            elif name == "gaps":
                makers[name] = self._gaps(Gaps(self.documents, own))
            elif name == "text":
                makers[name] = self._text(Random(own), phase.length)  # noqa: S311
            elif name == "dialogue":
                makers[name] = self._dialogues(own)
            else:
                makers[name] = self._copies(Random(own), phase.length)  # noqa: S311
        return makers

    def _reading(self, maker: Maker) -> Callable[[], Sequence_]:
        return lambda: self.tokenizer.conversation(messages_of(maker.item()))

    def _lookups(self, maker: Maker) -> Callable[[], Sequence_]:
        return lambda: self.tokenizer.conversation(messages_of(maker.lookup()))

    def _within(self, maker: Maker) -> Callable[[], Sequence_]:
        return lambda: self.tokenizer.conversation(messages_of(maker.within()))

    def _gaps(self, gaps: Gaps) -> Callable[[], Sequence_]:
        return lambda: self.tokenizer.conversation(conversation(*gaps.item()))

    def _text(self, chance: Random, length: int) -> Callable[[], Sequence_]:
        def piece() -> Sequence_:
            text = training_text(chance.choice(self.documents))[:TEXT_CHARACTERS]
            ids = self.tokenizer.document(self.tokenizer.encode(text))
            first = chance.randrange(0, len(ids) - length + 1) if len(ids) > length else 0
            return ids[first : first + length], [True] * min(len(ids), length)

        return piece

    def _dialogues(self, seed: str) -> Callable[[], Sequence_]:
        """Quotations of documents in the form that projects are trained on, gone through again when they end."""
        order = sorted(self.documents, key=lambda document: Random(f"{seed} {document.id}").random())  # noqa: S311
        made = list(make(order[:DIALOGUES], DIALOGUES, DialoguesSettings(count=DIALOGUES)))
        at = -1

        def following() -> Sequence_:
            nonlocal at
            at = (at + 1) % max(1, len(made))
            return self.tokenizer.conversation(made[at].messages) if made else ([], [])

        return following

    def _copies(self, chance: Random, length: int) -> Callable[[], Sequence_]:
        """Random tokens in short runs, then the same runs in another order: all but each run's first can be known."""

        def runs() -> Sequence_:
            pool = [chance.randrange(260, self.tokenizer.size) for _ in range(chance.randint(8, 100))]
            cut: list[list[int]] = []
            while pool:
                count = chance.randint(2, 5)
                cut.append(pool[:count])
                del pool[:count]
            again = cut[:]
            chance.shuffle(again)
            ids = [token for run in (*cut, *again) for token in run]
            learnt = [False] * sum(map(len, cut)) + [at > 0 for run in again for at in range(len(run))]
            return ids[:length], learnt[:length]

        return runs
