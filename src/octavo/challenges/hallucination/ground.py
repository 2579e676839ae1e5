"""Ground: what baseline and responses stand on: a small made-up corpus, its index, and a trained model.

In a project the model is the one its path has trained; elsewhere a tiny one is trained on the corpus in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octavo.kinds.documents import Document, write_documents
from octavo.kinds.index import INDEX

if TYPE_CHECKING:
    from octavo.model.network.decoder import Decoder
    from octavo.model.tokenizer import Tokenizer

STEPS, INSTRUCTION_STEPS = 80, 20
"""Optimizer steps of the tiny model: it then knows the words and phrases of the corpus, not its facts."""
CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Ground:
    """The same for the baseline and for every response."""

    subject: str
    """Which model is tried."""
    documents: tuple[Document, ...]
    index: Path
    model: Decoder
    tokenizer: Tokenizer
    checkpoint: Path

    @property
    def passages(self) -> list[str]:
        """All texts of the corpus: what a true claim can rest on."""
        return [document.text for document in self.documents]

    def forward_flops(self, tokens: int) -> float:
        """Multiplications and additions to read or write so many tokens (a third of training's)."""
        return self.model.shape.flops_per_token(tokens) / 3 * tokens


def corpus() -> tuple[Document, ...]:
    """The shipped documents."""
    found = []
    for path in sorted(CORPUS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        found.append(Document(path.name, text, title=text.split("\n", 1)[0].removeprefix("# "), file=path.name))
    return tuple(found)


def prepare(project: Path | None, scratch: Path, seed: int) -> Ground:
    """Index the corpus, and read the project's model or train a tiny one with `seed`."""
    from octavo.knowledge.index.index import Index
    from octavo.model.machine import wait_asleep

    wait_asleep()  # before torch is loaded: small steps suffer most from threads that spin
    from octavo.model.checkpoint import read_checkpoint

    documents = corpus()
    folder = scratch / "documents"
    folder.mkdir()
    write_documents(folder, documents)
    index = scratch / INDEX
    Index.build(index, documents)
    if project is None:
        checkpoint, subject = _train(folder, scratch, seed), "a tiny model trained on the probe's own documents"
    else:
        from octavo.spine.project import open_project

        opened = open_project(project)
        checkpoint, subject = opened.artifact("instruct"), f"the model of the project {opened.name}"
    model, tokenizer = read_checkpoint(checkpoint)
    return Ground(subject, documents, index, model, tokenizer, checkpoint)


def _train(documents: Path, scratch: Path, seed: int) -> Path:
    """Tokenizer, base model and instruction through the stages of the default path, in the size `tiny`."""
    from octavo.align import dialogues, instruct
    from octavo.pretrain import learn as pretrain
    from octavo.tokenizer import train

    made = {
        name: scratch / name
        for name in ("tokenizer", "base", "dialogues", "model", "state", "state/base", "state/model")
    }
    for place in made.values():
        place.mkdir()
    train.run(
        train.TokenizerSettings(size="tiny", vocabulary=512),
        {"documents": documents},
        made["tokenizer"],
        made["state"],
    )
    pretrain.run(
        pretrain.PretrainSettings(size="tiny", steps=STEPS, batch=4, seed=seed),
        {"documents": documents, "tokenizer": made["tokenizer"]},
        made["base"],
        made["state/base"],
    )
    dialogues.run(dialogues.DialoguesSettings(seed=seed), {"documents": documents}, made["dialogues"], made["state"])
    instruct.run(
        instruct.InstructSettings(steps=INSTRUCTION_STEPS, replay=0.0, learning_rate=0.0003, seed=seed),
        {"checkpoint": made["base"], "dialogues": made["dialogues"], "documents": documents},
        made["model"],
        made["state/model"],
    )
    return made["model"]
