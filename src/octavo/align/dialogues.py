"""Dialogues stage: questions and answers made from the documents, each answer a quotation with its citation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octavo.align.sentences import first_sentence, returning_sentence, sections
from octavo.kinds.dialogues import Dialogue, Message, write_dialogues
from octavo.kinds.documents import Document, held_out, read_documents
from octavo.model.prompt import PASSAGE_CHARACTERS, REFUSAL, Passage, grounded_messages, heading, shorten
from octavo.spine.errors import WRONG_USE, OctavoError
from octavo.spine.progress import progress
from octavo.spine.settings import Settings
from octavo.spine.stage import Inputs, Stage

TEMPLATES = {
    "define": (
        "What does {name} do?",
        "What is {name}?",
        "what is {name} for",
        "Explain {name}.",
        "Can you tell me what {name} does?",
        "Describe {name} in a sentence.",
        "{name}?",
        "What does {short} do?",
        "what's {short} used for?",
        "I found {short} in some code. What does it do?",
        "Give me the meaning of {short}.",
        "When would I use {name}?",
        "What is the purpose of {short} in {module}?",
    ),
    "signature": (
        "What is the signature of {name}?",
        "Which arguments does {name} take?",
        "How do I call {name}?",
        "Which parameters does {short} accept?",
        "What can I pass to {name}?",
        "show me the signature of {short}",
        "What are the arguments of {short}?",
        "In which order do the arguments of {name} come?",
    ),
    "return": (
        "What does {name} return?",
        "What do I get back from {name}?",
        "what is returned by {short}?",
        "What is the result of calling {short}?",
        "What kind of value does {name} give back?",
    ),
    "find": (
        "How do I {wish}?",
        "How can I {wish}?",
        "Is there a way to {wish}?",
        "What do I use to {wish}?",
        "I want to {wish}. What is there?",
        "which function helps to {wish}",
        "I need to {wish}",
        "Find something that can {wish}.",
        "{wish}: how?",
    ),
    "where": (
        "Which module has {short}?",
        "Where does {short} live?",
        "What do I import to use {short}?",
        "In which module is {short} defined?",
        "what package is {short} from?",
    ),
    "section": (
        "What does {title} say about {topic}?",
        "What is said about {topic}?",
        "Tell me about {topic}.",
        "{topic}?",
        "What should I know about {topic}?",
        "Where can I read about {topic}?",
        "What is {topic}?",
    ),
}
"""Questions by what they ask for. `{wish}` is the first sentence as an infinitive, so that a find question shares no
name with its answer."""


class DialoguesSettings(Settings):
    """How many dialogues are made, and how hard."""

    count: int = 4000
    """How many dialogues at most; the most used documents come first."""
    refusals: float = 0.2
    """Share of dialogues whose passages do not hold the answer, so that the model learns to decline."""
    passages: int = 3
    """How many passages a prompt shows at most; one of them holds the answer."""
    seed: int = 0
    """Decides the wording, the order of passages and which dialogues are refusals."""


@dataclass(frozen=True)
class _Item:
    """Something that can be asked: the intent, the words for the template, the sentence to quote, where it stands."""

    intent: str
    words: dict[str, str]
    quotation: str
    passage: Passage
    document: str


def run(settings: DialoguesSettings, inputs: Inputs, out: Path, scratch: Path) -> None:
    """Write the dialogues of documents for training, then those of held-out documents for evaluation."""
    if settings.count < 1 or settings.passages < 1 or not 0 <= settings.refusals <= 1:
        raise OctavoError(
            "T017",
            "The settings of dialogues ask for something impossible",
            where=f"count = {settings.count}, passages = {settings.passages}, refusals = {settings.refusals}",
            do="count and passages are at least 1, refusals is between 0 and 1",
            exit_code=WRONG_USE,
        )
    documents = sorted(read_documents(inputs["documents"]), key=lambda d: (-d.uses, d.id))
    made: list[Dialogue] = []
    for held in (False, True):
        side = [document for document in documents if held_out(document.id) == held]
        limit = settings.count if not held else max(1, settings.count // 20)
        made += list(make(side, limit, settings))
    if not made:
        raise OctavoError(
            "T018",
            "No question could be made from the documents",
            likely="none of them has a sentence of prose",
            do="add documents with text, or turn the stage off",
        )
    write_dialogues(out, made)


def make(documents: Sequence[Document], limit: int, settings: DialoguesSettings) -> Iterator[Dialogue]:
    """At most `limit` dialogues. Each depends on the seed, its document and its neighbours only."""
    bar = progress("make dialogues", limit, "dialogues")
    kept = 0
    # In order of place, the documents around one are of its module: distractors that are hard to tell apart.
    placed = sorted(documents, key=lambda d: d.id)
    place = {document.id: index for index, document in enumerate(placed)}
    for document in documents:
        chance = random.Random(f"{settings.seed} {document.id}")  # noqa: S311
        found = items(document)
        if not found:
            continue
        for number, item in enumerate(chance.sample(found, min(len(found), 2))):
            yield _dialogue(item, number, chance, placed, place[document.id], settings)
            bar.advance()
            kept += 1
            if kept >= limit:
                return


def items(document: Document) -> list[_Item]:
    """All that can be asked about a document."""
    return list(_of_file(document) if document.kind == "file" else _of_object(document))


def _of_object(document: Document) -> Iterator[_Item]:
    name = document.id
    module, _, short = name.rpartition(".")
    words = {"name": name, "short": short, "module": module or name}
    passage = Passage(heading(document), document.text)
    summary = first_sentence(document.text)
    shown = shorten(passage.name, 120)
    if summary:
        yield _Item("define", words, summary, passage, name)
        if (wish := as_wish(summary, short)) is not None:
            yield _Item("find", {**words, "wish": wish}, summary, passage, name)
    if document.signature:
        yield _Item("signature", words, shown, passage, name)
        returned = returning_sentence(document.text)
        if returned:
            yield _Item("return", words, returned, passage, name)
    if module and len(short) > 3:
        yield _Item("where", words, shown, passage, name)


def _of_file(document: Document) -> Iterator[_Item]:
    title = document.title or document.id
    for topic, body in sections(document.text):
        if (sentence := first_sentence(body)) and len(topic) <= 80:
            passage = Passage(title, f"{topic}: {body}")
            yield _Item("section", {"title": title, "topic": topic}, sentence, passage, document.id)
    if summary := first_sentence(document.text):
        yield _Item("section", {"title": title, "topic": title}, summary, Passage(title, document.text), document.id)


def as_wish(sentence: str, short: str) -> str | None:
    """`Return an iterator of pairs.` → `return an iterator of pairs`; None when it does not begin with a verb in the
    imperative or third person, or when it names the thing itself."""
    words = sentence.rstrip(".!").split()
    if len(words) < 4 or short.lower() in sentence.lower():
        return None
    verb = words[0].lower()
    if not verb.isalpha() or verb in _NOT_VERBS:
        return None
    if verb.endswith("s") and not verb.endswith(("ss", "us", "is")):
        verb = verb[:-3] + "y" if verb.endswith("ies") else verb[:-2] if _takes_es(verb) else verb[:-1]
    return " ".join([_PLAINER.get(verb, verb), *words[1:]])


_OPENINGS = (
    "a an the this these that it its in on of for from with if when while base abstract internal private "
    "class function method object type module helper wrapper true false none whether same like see and or "
    "as all any each one two no not use used note optional default raised error exception simple new "
)
_NOT_VERBS = frozenset(_OPENINGS.split())
_PLAINER = {"return": "get", "compute": "compute", "construct": "make", "retrieve": "get", "yield": "get"}
"""People ask how to get a thing rather than how to return it."""


def _takes_es(verb: str) -> bool:
    return verb.endswith(("sses", "shes", "ches", "xes", "zzes", "oes"))


def _dialogue(
    item: _Item, number: int, chance: random.Random, placed: Sequence[Document], at: int, settings: DialoguesSettings
) -> Dialogue:
    question = chance.choice(TEMPLATES[item.intent]).format(**item.words)
    others = _distractors(item.document, chance, placed, at, chance.randint(0, settings.passages - 1))
    right = Passage(item.passage.name, around(item.passage.text, item.quotation))
    refuse = chance.random() < settings.refusals
    if refuse:
        others = others or _distractors(item.document, chance, placed, at, 1)
    if refuse and others:
        return Dialogue(
            id=f"{item.document}#{number}",
            messages=(*grounded_messages(question, others), Message("assistant", REFUSAL)),
            documents=(item.document,),
            intent="refuse",
        )
    position = chance.randint(0, len(others))
    shown = [*others[:position], right, *others[position:]]
    answer = f"{item.quotation} [{position + 1}]"
    if item.intent == "find":
        answer += f" That is {item.document}."
    return Dialogue(
        id=f"{item.document}#{number}",
        messages=(*grounded_messages(question, shown), Message("assistant", answer)),
        documents=(item.document,),
        intent=item.intent,
    )


def around(text: str, quotation: str) -> str:
    """The text on one line, from its beginning if the quotation is near, else from the quotation on."""
    line = " ".join(text.split())
    at = line.find(quotation)
    return line if at + len(quotation) <= PASSAGE_CHARACTERS else line[max(0, at) :]


def _distractors(
    document: str, chance: random.Random, placed: Sequence[Document], at: int, count: int
) -> list[Passage]:
    """Passages of other documents: half of them neighbours, half from anywhere."""
    found: list[Passage] = []
    used = {document}
    for _ in range(4 * count):
        if len(found) == count:
            break
        index = at + chance.randint(-8, 8) if chance.random() < 0.5 else chance.randrange(len(placed))
        other = placed[index % len(placed)]
        if other.id not in used:
            used.add(other.id)
            found.append(Passage(heading(other), other.text))
    return found


def intents(dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """How many dialogues teach what."""
    counts: dict[str, int] = {}
    for dialogue in dialogues:
        counts[dialogue.intent] = counts.get(dialogue.intent, 0) + 1
    return dict(sorted(counts.items()))


STAGE = Stage(
    name="dialogues",
    module=__name__,
    settings=DialoguesSettings,
    inputs={"documents": "documents"},
    output="dialogues",
)
