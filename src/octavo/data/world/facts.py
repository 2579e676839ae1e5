"""Facts: what can be said and asked in the synthetic world: typed relations, attributes, and events from a grammar."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from octavo.data.world.values import Values

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Relation:
    """One relation: what has it, the kind of its value, how it is stated and asked for."""

    name: str
    subject: str
    value: str
    dated: bool
    unseen: bool
    statements: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass
class Fact:
    """A sentence with what can be asked about it: (question, answer) pairs.

    `subject` is the name that the sentence begins with when it can be replaced by a pronoun, else "".
    """

    sentence: str
    asked: list[tuple[str, str]]
    subject: str = ""
    about: str = ""
    """Which relation or event it is, so that no other of the same is stated beside it."""
    questions: list[str] = field(default_factory=list)


@cache
def relations() -> tuple[Relation, ...]:
    """All typed relations."""
    found: list[Relation] = []
    block: list[str] = []
    for line in [*(HERE / "relations.txt").read_text(encoding="utf-8").splitlines(), "="]:
        if line.startswith("="):
            if block:
                found.append(_relation(block))
            block = [line]
        elif line and not line.startswith("#") and block:
            block.append(line)
    return tuple(found)


def _relation(block: list[str]) -> Relation:
    head, *lines = block
    subject, name, value, *dated = head.lstrip("=! ").split()
    said = tuple(line for line in lines if not line.startswith("?"))
    asked = tuple(line[2:] for line in lines if line.startswith("?"))
    return Relation(f"{subject} {name}", subject, value, bool(dated), head.startswith("=!"), said, asked)


@cache
def of_kind(subject: str, unseen: bool | None) -> tuple[Relation, ...]:
    """The relations of a kind of subject; `unseen` None: all of them."""
    return tuple(r for r in relations() if r.subject == subject and unseen in (None, r.unseen))


KINDS = ("person", "place", "org", "software", "building", "ship", "event", "machine", "thing", "book")


def worded(forms: tuple[str, ...], chance: Random, wordings: str) -> str:
    """One of the wordings: "seen" leaves the last out, "unseen" takes the last, "all" takes any."""
    if wordings == "unseen":
        return forms[-1]
    return chance.choice(forms[:-1] if wordings == "seen" else forms)


def capital(text: str) -> str:
    """With the first letter in upper case."""
    return text[:1].upper() + text[1:]


def article(sentence: str) -> str:
    """`a` before a vowel becomes `an`."""
    out = sentence.split(" ")
    for at, word in enumerate(out[:-1]):
        if word in ("a", "A") and out[at + 1][:1].lower() in "aeiou":
            out[at] = word + "n"
    return " ".join(out)


def related(relation: Relation, subject: str, value: str, chance: Random, wordings: str) -> Fact:
    """A typed relation as a fact, with up to three different questions."""
    form = worded(relation.statements, chance, wordings)
    asked = [worded(relation.questions, chance, wordings) for _ in range(2)]
    asked = list(dict.fromkeys(question.replace("{s}", subject) for question in asked))
    sentence = capital(article(form.replace("{s}", subject).replace("{o}", value)))
    return Fact(sentence, [(q, value) for q in asked], subject if form.startswith("{s}") else "", relation.name)


_ATTRIBUTE_SAID = (
    "The {a} of {s} is {o}.",
    "{s}'s {a} is {o}.",
    "{s} has the {a} {o}.",
    "{s} uses {o} as its {a}.",
    "The {a} of {s} was {o}.",
    "As {a}, {s} has {o}.",
    "{o} is the {a} of {s}.",
    "{s}: the {a} is {o}.",
    "{s} has {o} as its {a}.",
    "For {s} the {a} is set to {o}.",
    "{s}, whose {a} is {o}, was mentioned twice.",
)
_ATTRIBUTE_ASKED = (
    "What is the {a} of {s}?",
    "What is {s}'s {a}?",
    "Which {a} does {s} have?",
    "What {a} does {s} use?",
    "What was the {a} of {s}?",
    "Tell me the {a} of {s}.",
    "What is used as the {a} of {s}?",
    "What does {s} have as its {a}?",
    "Name the {a} of {s}.",
    "{s}: what is the {a}?",
)
_ATTRIBUTE_VALUES = [
    "person",
    "place",
    "coined",
    "code",
    "number",
    "phrase",
    "colour",
    "software",
    "quoted",
    "path",
    "duration",
    "year",
    "money",
    "title",
    "release",
    "thing",
    "weekday",
    "org",
    "email",
    "command",
    "phrase",
    "coined",
    "number",
]


def attribute(name: str, subject: str, values: Values, wordings: str) -> Fact:
    """`The call sign of X is Y.`: any noun, any value."""
    chance = values.chance
    value = values.make(chance.choice(_ATTRIBUTE_VALUES))
    form = worded(_ATTRIBUTE_SAID, chance, wordings)
    words = {"a": name, "s": subject, "o": value}
    asked = list(dict.fromkeys(worded(_ATTRIBUTE_ASKED, chance, wordings).format(**words) for _ in range(2)))
    return Fact(
        capital(form.format(**words)),
        [(capital(q), value) for q in asked],
        subject if form.startswith("{s}") else "",
        name,
    )


def record(subject: str, pairs: list[tuple[str, str]], chance: Random, wordings: str) -> Fact:
    """A line of labels and values, as in a table or a card."""
    sign, gap = chance.choice(((": ", "; "), (": ", ", "), (" = ", "; "), (" - ", "; "), (": ", " | ")))
    sentence = f"{capital(subject)}{chance.choice((': ', ' | ', ' ('))}" + gap.join(f"{a}{sign}{v}" for a, v in pairs)
    sentence += ")." if "(" in sentence.split(pairs[0][0])[0] else "."
    asked = [(capital(worded(_ATTRIBUTE_ASKED, chance, wordings).format(a=a, s=subject)), v) for a, v in pairs]
    return Fact(sentence, asked, "", "record")


@dataclass
class Event:
    """The parts of something that happened."""

    who: str
    verb: tuple[str, str, str]
    what: str
    noun: str
    number: str
    parts: dict[str, tuple[str, str]]
    """Role → (preposition, value): where, when, tool, reason, price, span."""


PRICED = ("sell", "buy", "auction", "rent", "order", "repair", "restore", "paint", "build")


def event(values: Values, who: str, what: str = "", verb: str = "") -> Event:
    """Somebody did something to something, with two to four circumstances."""
    chance = values.chance
    base, past, done = (verb or values.word("verb")).split()
    number = noun = ""
    if not what:
        roll = chance.random()
        if roll < 0.25:
            number, noun = values.make("number"), values.word("number_thing")
            what = f"{number} {noun}"
        elif roll < 0.9:
            what = values.make("thing")
            noun = what.split()[-1]
        else:
            what = values.make("title")
    parts: dict[str, tuple[str, str]] = {}
    for role in chance.sample(("where", "when", "tool", "reason", "price", "span"), chance.choice((1, 2, 2, 3))):
        if role == "where":
            parts[role] = (
                ("in", values.place())
                if chance.random() < 0.5
                else (chance.choice(("in", "near", "behind", "at")), values.word("spot"))
            )
        elif role == "when":
            parts[role] = values.when()
        elif role == "tool":
            parts[role] = ("with", values.word("tool"))
        elif role == "reason":
            parts[role] = ("because", values.word("reason"))
        elif role == "price" and base in PRICED:
            parts[role] = ("for", values.make("money"))
        elif role == "span" and "when" not in parts:
            parts[role] = ("within", values.make("duration"))
    return Event(who, (base, past, done), what, noun, number, parts)


_ORDER = ("tool", "price", "where", "span", "when", "reason")


def happened(event: Event, chance: Random) -> Fact:
    """The event as a sentence, active or passive, with a question about each of its parts."""
    (base, past, done), who, what = event.verb, event.who, event.what
    many = bool(event.number)
    was = "were" if many else "was"
    order = [role for role in _ORDER if role in event.parts]
    if chance.random() < 0.3:
        order.sort(key=lambda role: (role == "reason", chance.random()))
    front = ""
    if chance.random() < 0.3:
        movable = [role for role in order if role in ("when", "where", "reason")]
        if movable:
            role = chance.choice(movable)
            order.remove(role)
            front = " ".join(event.parts[role]) + ", "
    passive = chance.random() < 0.35
    tail = "".join(" " + " ".join(event.parts[role]) for role in order)
    if passive:
        body = f"{what} {was} {done} by {who}{tail}"
    elif chance.random() < 0.08:
        body = f"it was {who} who {past} {what}{tail}"
    else:
        body = f"{who} {past} {what}{tail}"
    sentence = capital(front + body) + "."
    subject = "" if front or passive or body.startswith("it was") else who
    return Fact(sentence, asked_about(event, chance), subject, f"{base} {what}")


_ASKED_OF = {
    "who": (
        "who {past} {what}{hint}?",
        "by whom {was} {what} {done}{hint}?",
        "who was it that {past} {what}{hint}?",
    ),
    "what": (
        "what did {who} {base}{hint}?",
        "what was {done} by {who}{hint}?",
        "what is it that {who} {past}{hint}?",
    ),
    "which": ("which {noun} did {who} {base}{hint}?", "what {noun} was {done} by {who}{hint}?"),
    "how many": (
        "how many {noun} did {who} {base}?",
        "how many {noun} were {done} by {who}?",
        "how many {noun} were {done}?",
    ),
    "where": (
        "where did {who} {base} {what}{rest}?",
        "where {was} {what} {done}{rest}?",
        "in which place did {who} {base} {what}?",
        "where did it happen that {who} {past} {what}?",
    ),
    "when": (
        "when did {who} {base} {what}{rest}?",
        "when {was} {what} {done}{rest}?",
        "when was it that {who} {past} {what}?",
    ),
    "year": (
        "when did {who} {base} {what}{rest}?",
        "when {was} {what} {done}{rest}?",
        "in which year did {who} {base} {what}?",
    ),
    "tool": (
        "what did {who} use to {base} {what}?",
        "with what did {who} {base} {what}{rest}?",
        "what {was} {what} {done} with?",
        "what was used to {base} {what}?",
    ),
    "reason": (
        "why did {who} {base} {what}{rest}?",
        "why {was} {what} {done}{rest}?",
        "for what reason did {who} {base} {what}?",
        "what made {who} {base} {what}?",
    ),
    "price": (
        "for how much did {who} {base} {what}?",
        "how much money {was} {what} {done} for?",
        "at what price {was} {what} {done}?",
        "for how much {was} {what} {done}?",
    ),
    "span": (
        "how long did it take {who} to {base} {what}?",
        "how long did {who} need to {base} {what}?",
        "within what time {was} {what} {done}?",
    ),
}
"""Questions about each part of an event; `{hint}` and `{rest}` are another part of it, or nothing."""


def asked_about(event: Event, chance: Random) -> list[tuple[str, str]]:
    """A question about each role."""
    base, past, done = event.verb
    parts = event.parts
    hinted = chance.choice(list(parts)) if parts and chance.random() < 0.35 else ""
    hint = " " + " ".join(parts[hinted]) if hinted else ""
    words = {"base": base, "past": past, "done": done, "who": event.who, "what": event.what, "noun": event.noun}
    words |= {"was": "were" if event.number else "was", "hint": hint}

    def question(role: str, rest: str = "") -> str:
        return capital(chance.choice(_ASKED_OF[role]).format(**words, rest=rest))

    asked = [(question("who"), event.who), (question("what"), event.what)]
    if event.number:
        asked.append((question("how many"), event.number))
    elif event.noun:
        asked.append((question("which"), event.what))
    for role, (preposition, value) in parts.items():
        rest = hint if hinted != role else ""
        year = role == "when" and preposition == "in" and value.isdigit()
        asked.append((question("year" if year else role, rest), value))
    return asked
