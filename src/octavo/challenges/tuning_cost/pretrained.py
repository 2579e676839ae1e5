"""Pretrained: the base that is tuned, with something to forget, and the texts that show what was forgotten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from octavo.kinds.documents import Document, held_out
from octavo.kinds.records import encode_row, shards
from octavo.model.checkpoint import write_checkpoint
from octavo.model.machine import choose_machine
from octavo.model.network.decoder import Decoder
from octavo.model.network.dial import dial
from octavo.model.prompt import training_text
from octavo.model.tokenizer import Tokenizer
from octavo.model.training.loop import Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack
from octavo.spine import disk
from octavo.spine.errors import OctavoError
from octavo.spine.progress import progress

MODULES = [
    "argparse",
    "asyncio.*",
    "collections.*",
    "datetime",
    "decimal",
    "email.*",
    "http.*",
    "inspect",
    "json.*",
    "logging.*",
    "multiprocessing.*",
    "os",
    "pathlib",
    "random",
    "re",
    "socket",
    "statistics",
    "string",
    "subprocess",
    "tarfile",
    "threading",
    "typing",
    "unittest.*",
    "urllib.*",
    "xml.*",
    "zipfile",
]
"""Of the standard library, beside what is compiled into Python and the reference of the language: about a megabyte."""
GENERAL = "general.json"
"""Beside the base: texts that its training did not see."""
TEXTS = 64
SHORTEST, LONGEST = 200, 600
"""Characters of a text that may be forgotten."""
MOST_TOKENS = 255
FEWEST = 8
HELD_OUT = 0.08
"""Share of the documents that the base made here does not read: enough that `TEXTS` of them are long enough."""


def made_base(folder: Path, size: str, tokens: int, documents: int) -> Path:
    """A checkpoint in `folder` that has read so many tokens of at most so many documents; the one that is there if
    there is."""
    from octavo.data.collect import CollectSettings
    from octavo.data.python.installed import read_environment

    if (folder / GENERAL).is_file():
        return folder
    work = folder.with_name(f"{folder.name}-making")
    disk.remove(work)
    (work / "checkpoint").mkdir(parents=True)
    (work / "reading").mkdir()
    found = read_environment(tuple(MODULES), CollectSettings().exclude, 1, work / "reading")[0]
    read = [training_text(one) for one in in_hash_order(found) if not held_out(one.id, HELD_OUT)][:documents]
    tokenizer = _tokenizer(read, dial(size).vocabulary, work)
    _train(work / "checkpoint", tokenizer, read, size, tokens)
    apart = [one for one in found if held_out(one.id, HELD_OUT)]
    write_general(work / "checkpoint", Tokenizer(tokenizer), apart)
    disk.remove(folder)
    (work / "checkpoint").rename(folder)
    disk.remove(work)
    return folder


def project_base(project: Path, scratch: Path) -> tuple[Path, str]:
    """The base model of a project; texts of documents that it held out are written to `scratch`."""
    from octavo.kinds.documents import read_documents
    from octavo.spine.project import open_project

    opened = open_project(project)
    base = opened.artifact("pretrain")
    apart = [one for one in read_documents(opened.artifact("mix")) if held_out(one.id)]
    write_general(scratch, Tokenizer(base), apart, where=str(project))
    return base, f"the base model of the project {opened.name}"


def write_general(folder: Path, tokenizer: Tokenizer, documents: Iterable[Document], where: str = "") -> None:
    """The beginnings of up to `TEXTS` documents, each short enough for one row of the model."""
    found: list[str] = []
    for document in in_hash_order(documents):
        text = training_text(document)
        if len(text) >= SHORTEST and len(found) < TEXTS:
            found.append(cut(text[:LONGEST], tokenizer))
    if len(found) < FEWEST:
        raise OctavoError(
            "C008",
            f"Too few documents were held out to see what is forgotten: {len(found)} of {FEWEST}",
            where=where,
            likely=f"one in a hundred documents is held out, and only texts of {SHORTEST} characters and more count",
            do="add documents, or try it on the model that is made here: run it outside of a project",
        )
    disk.write_json(folder / GENERAL, found)


def cut(text: str, tokenizer: Tokenizer) -> str:
    """The beginning of a text that has at most `MOST_TOKENS` tokens."""
    while len(tokenizer.encode(text)) > MOST_TOKENS:
        text = text[: len(text) * 9 // 10]
    return text


def in_hash_order(documents: Iterable[Document]) -> list[Document]:
    """An order that spreads over all of them and that nobody chose."""
    return sorted(documents, key=lambda one: hashlib.sha256(one.id.encode("utf-8", "replace")).digest())


def _tokenizer(texts: list[str], vocabulary: int, work: Path) -> Path:
    from octavo.tokenizer.learn.learner import learn
    from octavo.tokenizer.learn.terms import Terms
    from octavo.tokenizer.train import write_tokenizer

    folder, learning = work / "tokenizer", work / "learning"
    folder.mkdir()
    learning.mkdir()
    with (work / "records.jsonl").open("wb") as out:
        for number, text in enumerate(texts):
            out.write(encode_row({"id": str(number), "text": text.encode("utf-8", "replace").decode()}))
    made = learn(Terms(vocabulary=vocabulary), shards([work / "records.jsonl"], learning), learning, on="serial")
    write_tokenizer(made.tokenizer, folder)
    return folder


def _train(folder: Path, tokenizer: Path, texts: list[str], size: str, tokens: int) -> None:
    reader = Tokenizer(tokenizer)
    turned = replace(dial(size), vocabulary=-(-reader.size // 64) * 64, tokens=tokens)
    joined = join([reader.document(ids) for ids in reader.encode_all(texts)])
    course = turned.course(len(joined.ids))

    def begin() -> Decoder:
        model = Decoder(turned.shape)
        model.initialise(0)
        return model

    rows = pack(joined, turned.sequence)
    method = NextToken(begin, rows, batch=turned.batch, micro=turned.micro, seed=0)
    training = Training(method, course, choose_machine(), folder.parent / "state", 1.0)
    bar = progress("train the base", course.steps, "steps")
    while training.step < course.steps:
        training.take_step()
        bar.advance()
    trained = training.result()
    write_checkpoint(folder, trained.model, tokenizer, trained.rows, trained.facts)
