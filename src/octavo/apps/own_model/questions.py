"""Questions: what the evaluation asks: the shipped probe, a file, or questions made from a folder's own documents."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.kinds.documents import Document
from octavo.measures.wording import STOP, sentences
from octavo.spine.errors import WRONG_USE, OctavoError

SHIPPED = Path(__file__).parent / "probe.jsonl"
UNANSWERABLE = "unanswerable"

_HEADING = re.compile(r"^(?:#{1,6}\s+(.+?)\s*#*|(.+)\n(?:={3,}|-{3,}))$", re.MULTILINE)
_NAMED = ("What does {title} say about {heading}?", "Where do I find {heading} in {title}?", "{title}: {heading}?")
_FREE = (
    "What is known about {words}?",
    "Where is it described how {words} belong together?",
    "I remember something with {words}, what was it?",
)
_ELSEWHERE = (
    "Who won the football world cup in 1974?",
    "What is the boiling point of liquid helium?",
    "How many moons does the planet Neptune have?",
    "Which opera did Puccini leave unfinished?",
    "What is the capital of Burkina Faso?",
    "Who painted the ceiling of the Sistine Chapel?",
    "How long is a marathon in kilometres?",
    "Will it rain in Oslo tomorrow?",
    "What does a kilo of saffron cost at the market?",
    "How do I knit a heel without a gap?",
    "Which key is Beethoven's seventh symphony in?",
    "When did the last woolly mammoths die out?",
    "How deep is the Mariana Trench?",
    "What is the plural of octopus in Greek?",
    "Who was the first woman to climb Mount Everest?",
    "Which enzyme unwinds the double helix of DNA?",
    "How many strings does a sitar have?",
    "What is the offside rule in ice hockey?",
    "At which temperature does chocolate lose its temper?",
    "Who wrote The Master and Margarita?",
    "How do bees decide where to move?",
    "Which river flows through Kisangani?",
    "What is the half-life of caesium-137?",
    "How do I prune a three-year-old apple tree?",
    "Who designed the Sydney Opera House?",
    "Which chess opening begins with 1. c4?",
    "How many keys has a concert grand?",
    "What is the national dish of Uruguay?",
    "When was the Treaty of Tordesillas signed?",
    "How do I get red wine out of a white tablecloth?",
)


@dataclass(frozen=True)
class Question:
    """One question: the set it belongs to, and the ids of the documents that answer it (none: unanswerable)."""

    id: str
    question: str
    set: str
    accept: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """The questions, where they come from, and how many had to be left out with the reason."""

    questions: tuple[Question, ...]
    origin: str
    left_out: dict[str, int]


def read_questions(path: Path) -> list[Question]:
    """Questions from JSON Lines: `{"id", "question", "set", "accept"}`; a wrong row is a P040 that names its line."""
    if not path.is_file():
        raise OctavoError(
            "P040",
            f"There is no file of questions {path.name}",
            where=str(path),
            do="correct evaluate.probe",
            exit_code=WRONG_USE,
        )
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if line.strip():
            try:
                row: dict[str, Any] = json.loads(line)
                accept = tuple(str(name) for name in row.get("accept", []))
                name = str(row.get("set") or ("free" if accept else UNANSWERABLE))
                found.append(Question(str(row["id"]), str(row["question"]), name, accept))
            except (ValueError, KeyError, TypeError, AttributeError):
                raise OctavoError(
                    "P040",
                    f"Line {number} of {path.name} is no question",
                    where=str(path),
                    do='write one JSON object a line: {"id", "question", "set", "accept"}',
                    exit_code=WRONG_USE,
                ) from None
    return found


def choose_questions(documents: Sequence[Document], listed: Iterable[str], probe: str, most: int) -> Asked:
    """The questions to ask about `documents`; `listed` are the ids in the index, `most` bounds each set (0: all)."""
    if probe:
        questions, origin = read_questions(Path(probe)), f"the file {Path(probe).name}"
    elif documents and all(document.kind == "file" for document in documents):
        made = [*_named(documents), *_free(documents), *_elsewhere()]
        questions, origin = made, "made from the documents' own headings and sentences: easier than people's questions"
    else:
        questions, origin = read_questions(SHIPPED), "the shipped probe, written by hand without sight of the texts"
    known = set(listed)
    names = {alias: document.id for document in documents for alias in document.aliases}
    kept, missing = [], 0
    for question in questions:
        accept = {name for name in question.accept if name in known}
        accept |= {names[name] for name in question.accept if names.get(name) in known}
        if question.accept and not accept:
            missing += 1
        else:
            kept.append(Question(question.id, question.question, question.set, tuple(sorted(accept))))
    chosen = _spread(kept, most)
    left_out = {
        "questions whose accepted documents are not in this index": missing,
        "questions beyond the setting evaluate.questions": len(kept) - len(chosen),
    }
    return Asked(tuple(chosen), origin, {what: count for what, count in left_out.items() if count})


def _spread(questions: Sequence[Question], most: int) -> list[Question]:
    """At most `most` of each set, chosen by a hash so that neighbours in a file don't stand together."""
    if not most:
        return list(questions)
    sets: dict[str, list[Question]] = {}
    for question in questions:
        sets.setdefault(question.set, []).append(question)
    chosen = {one.id for group in sets.values() for one in sorted(group, key=lambda q: _order(q.id))[:most]}
    return [question for question in questions if question.id in chosen]


def _order(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _named(documents: Sequence[Document]) -> list[Question]:
    """A question for each heading of each file, naming the file's title."""
    found = []
    for document in documents:
        title = document.title or document.id
        headings = [next(part for part in match.groups() if part) for match in _HEADING.finditer(document.text)]
        for number, heading in enumerate(h for h in dict.fromkeys(headings) if h != title):
            name = f"named:{document.id}#{number}"
            form = _NAMED[int(_order(name)[:8], 16) % len(_NAMED)]
            text = form.format(title=title, heading=heading.lower())
            found.append(Question(name, text, "named", (document.id,)))
    return found


def _free(documents: Sequence[Document]) -> list[Question]:
    """A question for some sentences of each file, from their rarest words, without its title."""
    spread: dict[str, int] = {}
    split = {document.id: sentences(document.text) for document in documents}
    for parts in split.values():
        for word in {word for sentence in parts for word in _words(sentence)}:
            spread[word] = spread.get(word, 0) + 1
    found = []
    for document in documents:
        long = [sentence for sentence in split[document.id] if len(_words(sentence)) >= 6]
        for number, sentence in enumerate(sorted(long, key=_order)[:5]):
            rare = sorted(set(_words(sentence)), key=lambda word: (spread[word], word))[:4]
            name = f"free:{document.id}#{number}"
            form = _FREE[int(_order(name)[:8], 16) % len(_FREE)]
            text = form.format(words=", ".join(rare[:-1]) + " and " + rare[-1])
            found.append(Question(name, text, "free", (document.id,)))
    return found


def _words(sentence: str) -> list[str]:
    return [word for word in re.findall(r"[^\W\d_]{4,}", sentence.lower()) if word not in STOP]


def _elsewhere() -> list[Question]:
    return [Question(f"elsewhere-{i:02d}", text, UNANSWERABLE, ()) for i, text in enumerate(_ELSEWHERE, 1)]
