"""Items: passages of the synthetic world with questions about them: answers are literal spans, or nothing is said."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from octavo.data.world.facts import (
    KINDS,
    Fact,
    article,
    attribute,
    capital,
    event,
    happened,
    of_kind,
    record,
    related,
    worded,
)
from octavo.data.world.scenes import Stage, Staged, chosen
from octavo.data.world.values import Values, dictionary


@dataclass(frozen=True)
class Asked:
    """A question and its answer, a literal span of passage number `passage` (from 0); "" when nothing holds it."""

    question: str
    answer: str
    passage: int = -1


@dataclass(frozen=True)
class Item:
    """Some passages, and what is asked about them."""

    passages: tuple[str, ...]
    asked: tuple[Asked, ...]
    kind: str


@dataclass(frozen=True)
class Measure:
    """How large and how hard items are."""

    passages: tuple[int, ...] = (1, 2, 2, 3, 3, 3)
    """How many passages, drawn from these."""
    facts: tuple[int, int] = (2, 5)
    """Facts a passage, at least and at most."""
    questions: int = 6
    refusals: float = 0.25
    fillers: float = 0.12
    wordings: str = "seen"
    """"seen", "unseen" (the kept-out ones) or "all"."""
    relations: str = "seen"
    """"seen" leaves the kept-out relations away, "all" takes every one."""
    unseen: bool = False
    """Only words and names that training never uses."""
    scenes: float = 0.0
    """Share of items made from scenes."""


LOOKED_UP = (2, 2, 3, 3, 4, 5, 6)
"""How many passages a lookup has, drawn from these."""
SHORT = Measure(passages=(1, 1, 2), facts=(1, 3), questions=4, fillers=0.0)


class Maker:
    """Makes items one after another from a seed."""

    def __init__(self, seed: str, measure: Measure = Measure()) -> None:
        self.chance = Random(seed)  # noqa: S311
        self.measure = measure
        self.values = Values(self.chance, measure.unseen)
        self.stage = Stage(self.values)

    def item(self) -> Item:
        """The next item."""
        made = None
        if self.measure.scenes and self.chance.random() < self.measure.scenes:
            return self._scenes()
        roll = self.chance.random()
        while made is None:
            if roll < 0.42:
                made = self._profiles()
            elif roll < 0.72:
                made = self._events()
            elif roll < 0.80:
                made = self._newer()
            elif roll < 0.87:
                made = self._homonyms()
            elif roll < 0.93:
                made = self._aliases()
            else:
                made = self._records()
        return made

    # ---- what items are made of

    def _few(self) -> int:
        return self.chance.choice(self.measure.passages)

    def _alike(self, kind: str, name: str) -> str:
        """Another name that is easily taken for `name`."""
        chance = self.chance
        other = self.values.make(kind)
        if chance.random() < 0.4:
            mine, its = name.split(), other.split()
            if len(mine) > 1 and len(mine) == len(its):
                at = chance.randrange(1 if mine[0] == "the" else 0, len(mine))
                mixed = mine[:]
                mixed[at] = its[at]
                other = " ".join(mixed)
        return other if other != name else self.values.make(kind)

    def _facts_of(self, kind: str, subject: str, count: int, avoid: set[str]) -> list[Fact]:
        chance, measure = self.chance, self.measure
        pool = [r for r in of_kind(kind, None if measure.relations == "all" else False) if r.name not in avoid]
        if measure.relations == "all":
            fresh = [r for r in pool if r.unseen]
            pool = fresh + chance.sample(pool, len(pool))
        chosen = pool[:count] if measure.relations == "all" else chance.sample(pool, min(count, len(pool)))
        chance.shuffle(chosen)
        facts = []
        for relation in chosen:
            if chance.random() < 0.2:
                facts.append(attribute(self._attribute(), subject, self.values, measure.wordings))
            else:
                facts.append(related(relation, subject, self.values.make(relation.value), chance, measure.wordings))
        return facts

    def _attribute(self) -> str:
        if self.chance.random() < 0.6:
            return self.values.word("attribute")
        return self.values._side(dictionary())

    def _text(self, facts: list[Fact], subject: str, kind: str) -> str:
        """Sentences after each other, later ones with pronouns or joined by "and"."""
        chance = self.chance
        he = {"person": chance.choice(("He", "She", "She", "He", "They"))}.get(kind, "It")
        if kind not in ("person", "event", "book") and chance.random() < 0.15:
            he = "The " + {"org": "organisation", "place": "town"}.get(kind, kind)
        sentences: list[str] = []
        for fact in facts:
            sentence = fact.sentence
            begins = fact.subject and sentence.startswith(capital(fact.subject))
            rest = sentence[len(fact.subject) :] if begins else ""
            if sentences and begins and chance.random() < 0.55:
                if (
                    rest.startswith(" ")
                    and he != "They"
                    and chance.random() < 0.25
                    and sentences[-1].endswith(".")
                    and not sentences[-1].endswith("?.")
                    and len(sentences[-1]) < 90
                ):
                    sentences[-1] = f"{sentences[-1][:-1]}{chance.choice((' and', ', and', ' and'))}{rest}"
                    continue
                sentence = _his(he, rest)
            elif begins and kind == "person" and sentences and chance.random() < 0.4:
                sentence = fact.subject.split()[-1] + rest
            sentences.append(sentence)
            if chance.random() < self.measure.fillers:
                sentences.append(self.values.word("filler"))
        return " ".join(sentences)

    def _vary(self, question: str) -> str:
        """Now and then the same question with something around it."""
        chance = self.chance
        roll = chance.random()
        if roll < 0.86:
            return question
        inner = question[0].lower() + question[1:]
        if not question.startswith(("Wh", "How", "In", "On", "By", "To", "For", "At", "From")):
            return question
        if roll < 0.9:
            return inner
        return chance.choice((
            f"According to the passages, {inner}", f"Can you tell me: {inner}", f"I would like to know: {inner}", f"Tell me, {inner}",
            f"Say briefly: {inner}", f"And {inner}", f"So {inner}", f"{question.rstrip('?.')}",
        ))  # fmt: skip

    def _finish(self, passages: list[str], held: list[tuple[int, Fact]], never: list[str], kind: str) -> Item:
        """Shuffle the passages, choose questions, add some that nothing answers."""
        chance, measure = self.chance, self.measure
        order = list(range(len(passages)))
        chance.shuffle(order)
        shown = tuple(passages[at] for at in order)
        pool = [(q, a, order.index(at)) for at, fact in held for q, a in fact.asked]
        chance.shuffle(pool)
        asked: list[Asked] = []
        used: set[str] = set()
        chance.shuffle(never)
        for _ in range(measure.questions):
            if never and chance.random() < measure.refusals:
                asked.append(Asked(self._vary(never.pop()), ""))
            elif pool:
                question, answer, at = pool.pop()
                if question in used:
                    continue
                used.add(question)
                answer = literal(answer, shown[at])
                if answer:
                    asked.append(Asked(self._vary(question), answer, at))
        return Item(shown, tuple(asked), kind)

    # ---- kinds of items

    def _profiles(self) -> Item:
        """A passage about each of a few things of one kind, most with the same relations."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(KINDS)
        first = self.values.make(kind)
        subjects = [first]
        for _ in range(self._few() - 1):
            subjects.append(self._alike(kind, first) if chance.random() < 0.85 else self.values.make(kind))
        subjects = list(dict.fromkeys(subjects))
        passages, held, said = [], [], []
        shared = chance.random() < 0.5
        state = chance.random()
        for number, subject in enumerate(subjects):
            facts = self._facts_of(kind, subject, chance.randint(*measure.facts), set())
            if shared and number:
                mine = {fact.about for fact in said[0]}
                again = [r for r in of_kind(kind, None) if r.name in mine]
                facts = [related(r, subject, self.values.make(r.value), chance, measure.wordings) for r in again]
                facts = chance.sample(facts, min(len(facts), max(1, len(facts) - (state < 0.5))))
            if not facts:
                continue
            said.append(facts)
            passages.append(self._text(facts, subject, kind))
            held += [(len(passages) - 1, fact) for fact in facts]
        never = self._unsaid(kind, subjects, said)
        return self._finish(passages, held, never, "profiles")

    def _unsaid(self, kind: str, subjects: list[str], said: list[list[Fact]]) -> list[str]:
        """Questions about what is not said of a subject, and about somebody who does not occur."""
        chance, measure = self.chance, self.measure
        never = []
        for subject, facts in zip(subjects, said, strict=False):
            known = {fact.about for fact in facts}
            others = {fact.about for other in said if other is not facts for fact in other} - known
            for relation in of_kind(kind, None if measure.relations == "all" else False):
                if relation.name in others or (relation.name not in known and chance.random() < 0.15):
                    never.append(worded(relation.questions, chance, measure.wordings).replace("{s}", subject))
        stranger = self._alike(kind, subjects[0])
        if stranger not in subjects:
            for facts in said:
                for fact in facts:
                    question, _ = chance.choice(fact.asked)
                    for subject in subjects:
                        if subject in question and chance.random() < 0.5:
                            never.append(question.replace(subject, stranger))
        if chance.random() < 0.5:
            never.append(f"What is the {self._attribute()} of {subjects[0]}?")
        if chance.random() < 0.4:
            base, past, done = self.values.word("verb").split()
            form = chance.choice(
                ("What did {s} {b}?", "Who {p} {s}?", "Why was {s} {d}?", "When did {s} {b} {t}?", "Where was {s} {d}?")
            )
            never.append(form.format(s=chance.choice(subjects), b=base, p=past, d=done, t=self.values.make("thing")))
        return never

    def _scenes(self) -> Item:
        """Scenes beside each other: the same one with other values, others, or facts of the same kind of thing."""
        chance, measure = self.chance, self.measure
        pool = chosen(measure.wordings == "unseen" if measure.wordings != "all" else None)
        staged: list[Staged] = []
        first = chance.choice(pool)
        twins = False
        for at in range(self._few()):
            twin = at > 0 and chance.random() < 0.45
            twins = twins or twin
            made = self.stage.stage(first if twin or not at else chance.choice(pool))
            if twin and chance.random() < 0.4:
                self._confuse(staged[0], made)
            staged.append(made)
        passages, held, never = [], [], []
        for at, made in enumerate(staged):
            text = made.text
            for _ in range(2):
                if chance.random() < measure.fillers:
                    text = f"{text} {self.values.word('filler')}"
            passages.append(text)
            others = {value for other in staged if other is not made for value in other.values.values()}
            for question, answer, slots in made.asked:
                if not twins or any(made.values[slot] not in others for slot in slots):
                    held.append((at, Fact("", [(question, answer)], "", "scene")))
            # Of two alike, a question that names nobody would be answered by the other.
            never += [
                q
                for q in (*made.never, *made.lost)
                if not twins or any(v in q for v in made.values.values() if v not in others)
            ]
            if chance.random() < 0.5 and made.asked:
                question, _, slots = chance.choice(made.asked)
                strange = self.stage.stage(first).values
                for slot in slots:
                    if slot in strange and made.values[slot] in question and strange[slot] not in made.values.values():
                        never.append(capital(question.replace(made.values[slot], strange[slot])))
                        break
        return self._finish(passages, held, never, "scenes")

    def _confuse(self, one: Staged, other: Staged) -> None:
        """Give the second a name that is easily taken for one of the first."""
        for slot, name in one.values.items():
            its = other.values.get(slot, "")
            mine, theirs = name.split(), its.split()
            if len(mine) == 2 == len(theirs) and name.istitle() and its.istitle():
                mixed = f"{mine[0]} {theirs[1]}" if self.chance.random() < 0.5 else f"{theirs[0]} {mine[1]}"
                if mixed in (name, its):
                    return
                other.text = other.text.replace(its, mixed)
                other.asked = [(q.replace(its, mixed), a.replace(its, mixed), s) for q, a, s in other.asked]
                other.never = [q.replace(its, mixed) for q in other.never]
                other.lost = [q.replace(its, mixed) for q in other.lost]
                other.values[slot] = mixed
                return

    def _who(self) -> str:
        chance = self.chance
        roll = chance.random()
        if roll < 0.5:
            return self.values.make("person")
        if roll < 0.75:
            return self.values.word("role")
        if roll < 0.9:
            return self.values.word("group")
        return self.values.make("org")

    def _events(self) -> Item:
        """What happened, told in a few sentences a passage; the same verbs and things occur again elsewhere."""
        chance, measure = self.chance, self.measure
        passages, held, never = [], [], []
        verbs = [self.values.word("verb") for _ in range(3)]
        things = [self.values.make("thing") for _ in range(2)]
        persons = [self._who() for _ in range(4)]
        pairs: set[tuple[str, str]] = set()
        for number in range(self._few()):
            facts = []
            one = chance.choice(persons) if chance.random() < 0.4 else ""
            for _ in range(chance.randint(max(1, measure.facts[0] - 1), max(1, measure.facts[1] - 2))):
                who = one or (chance.choice(persons) if chance.random() < 0.3 else self._who())
                verb = chance.choice(verbs) if chance.random() < 0.35 else self.values.word("verb")
                what = chance.choice(things) if chance.random() < 0.3 else ""
                made = event(self.values, who, what, verb)
                # Two events that share two of doer, deed and thing would make a question ambiguous.
                marks = {(who, verb), (verb, made.what), (who, made.what)}
                if marks & pairs:
                    continue
                pairs |= marks
                facts.append(happened(made, chance))
                if chance.random() < 0.35:
                    never += self._unsaid_event(made, persons, things)
            if facts:
                passages.append(self._text(facts, "", "person" if one and one[0].isupper() else "event"))
                held += [(len(passages) - 1, fact) for fact in facts]
        if not passages:
            return self._profiles()
        return self._finish(passages, held, never, "events")

    def _unsaid_event(self, made, persons: list[str], things: list[str]) -> list[str]:
        chance = self.chance
        base, past, done = made.verb
        found = []
        missing = [role for role in ("where", "when", "tool", "reason") if role not in made.parts]
        if missing:
            word = {"where": "Where", "when": "When", "tool": "With what", "reason": "Why"}[chance.choice(missing)]
            found.append(f"{word} did {made.who} {base} {made.what}?")
        stranger = self.values.make("person")
        thing = self.values.make("thing")
        if made.who[0].isupper():
            asks = [r for r in of_kind("person", False) if r.name not in ("person job",)]
            found.append(worded(chance.choice(asks).questions, chance, self.measure.wordings).replace("{s}", made.who))
        found += chance.sample(
            [f"What did {stranger} {base}?", f"Where did {stranger} {base} {made.what}?", f"Who {past} {thing}?",
             f"When did {made.who} {base} {thing}?", f"Why was {thing} {done}?"], 2
        )  # fmt: skip
        return found

    def _newer(self) -> Item | None:
        """Something that changed: two passages, or one, with dates; asked for today and for then."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(("place", "org", "software", "ship", "event"))
        relation = chance.choice([r for r in of_kind(kind, False) if r.dated])
        subject = self.values.make(kind)
        years = sorted(chance.sample(range(1980, 2027), 2))
        old, new = self.values.make(relation.value), self.values.make(relation.value)
        if old == new:
            return None
        facts = []
        for year, value in zip(years, (old, new), strict=True):
            fact = related(relation, subject, value, chance, measure.wordings)
            point = chance.choice(
                (
                    f"In {year}",
                    f"As of {year}",
                    f"In {self.values.word('month')} {year}",
                    f"Since {year}",
                    f"From {year} on",
                )
            )
            inner = (
                fact.sentence
                if fact.sentence[:1] != "T" or not fact.sentence.startswith("The ")
                else "t" + fact.sentence[1:]
            )
            form = chance.choice(
                (
                    f"{point}, {inner}",
                    f"{point}: {fact.sentence}",
                    f"({year}) {fact.sentence}",
                    f"{fact.sentence[:-1]} (as of {year}).",
                )
            )
            question = fact.asked[0][0]
            inner = question[0].lower() + question[1:]
            asked = [(f"In {year}, {inner}", value), (f"{question.rstrip('?')} in {year}?", value)]
            if year == years[1]:
                current = [
                    question,
                    question,
                    f"{question.rstrip('?')} now?",
                    f"{question.rstrip('?')} today?",
                    f"Currently, {inner}",
                    f"At present, {inner}",
                ]
                asked += [(q, value) for q in chance.sample(current, 2)]
            facts.append(Fact(form, asked, "", relation.name))
        if chance.random() < 0.35:
            chance.shuffle(facts)
            passages = [" ".join(fact.sentence for fact in facts)]
            held = [(0, fact) for fact in facts]
        else:
            passages = [fact.sentence for fact in facts]
            held = list(enumerate(facts))
        others = []
        for at in range(len(passages)):
            more = self._facts_of(kind, subject, chance.randint(0, 2), {relation.name, *(o.about for o in others)})
            others += more
            if more:
                passages[at] += " " + self._text(more, subject, kind)
                held += [(at, fact) for fact in more]
        if chance.random() < 0.5:
            other = self._alike(kind, subject)
            passages.append(
                related(relation, other, self.values.make(relation.value), chance, measure.wordings).sentence
            )
        never = self._unsaid(kind, [subject], [[Fact("", [("", "")], "", f.about) for _, f in held]])
        never = [question for question in never if subject in question]
        return self._finish(passages, held, never, "newer")

    def _homonyms(self) -> Item | None:
        """Two of one name, told apart by what they are."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(("person", "person", "place", "org", "software"))
        name = self.values.make(kind)
        marks = {
            "person": lambda: f"the {self.values.word('job')}", "place": lambda: f"the town in {self.values.make('country')}",
            "org": lambda: f"the {self.values.word('product').split()[-1]} maker", "software": lambda: f"the {self.values.word('language')} library",
        }  # fmt: skip
        one, two = marks[kind](), marks[kind]()
        if one == two:
            return None
        pool = [
            r
            for r in of_kind(kind, False)
            if r.name not in ("person job", "place country", "org makes", "software written")
        ]
        chosen = chance.sample(pool, min(len(pool), chance.randint(1, 3)))
        passages, held, never = [], [], []
        for at, mark in enumerate((one, two)):
            facts = []
            for relation in chosen:
                if at and len(chosen) > 1 and chance.random() < 0.25:
                    never.append(self._marked(worded(relation.questions, chance, measure.wordings), name, mark))
                    continue
                value = self.values.make(relation.value)
                form = worded(relation.statements, chance, measure.wordings)
                shown = name
                if not facts:
                    shown = chance.choice(
                        (f"{name}, {mark},", f"{name} ({mark[4:]})", f"{mark} {name}", f"{name}, {mark},")
                    )
                sentence = (
                    capital(article(form.replace("{s}", shown).replace("{o}", value)))
                    .replace(",.", ".")
                    .replace(",'s", "'s")
                )
                asked = [
                    (self._marked(worded(relation.questions, chance, measure.wordings), name, mark), value)
                    for _ in range(2)
                ]
                facts.append(Fact(sentence, asked, name if form.startswith("{s}") and facts else "", relation.name))
            if facts:
                passages.append(self._text(facts, name, kind))
                held += [(len(passages) - 1, fact) for fact in facts]
        return self._finish(passages, held, never, "homonyms")

    def _marked(self, question: str, name: str, mark: str) -> str:
        form = self.chance.choice((f"{name}, {mark},", f"{mark} {name}", f"{name} {mark}", f"{name} ({mark[4:]})"))
        return capital(question.replace("{s}", form).replace(",?", "?").replace(",'s", "'s"))

    def _aliases(self) -> Item | None:
        """A name and another name for the same; stated with one, asked with the other."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(("person", "place", "org", "software", "building", "ship"))
        name = self.values.make(kind)
        alias = self.values.make("alias" if kind == "person" else kind)
        if alias == name:
            return None
        form = chance.choice((
            "{s} is also known as {a}.", "{s}, also called {a}, is well known.", "{a} is another name for {s}.", "People call {s} {a}.",
            "{s} was formerly called {a}.", "{a} is the nickname of {s}.", "{s} ({a}) is mentioned in many places.", "{s} is often called {a}.",
        ))  # fmt: skip
        said = Fact(
            capital(form.format(s=name, a=alias)),
            [(f"What is another name for {name}?", alias), (f"What is {name} also known as?", alias)],
            "",
            "alias",
        )
        facts = self._facts_of(kind, name, chance.randint(1, 3), {"person alias"})
        for fact in facts:
            fact.asked = [(capital(q.replace(name, alias)), a) for q, a in fact.asked] + fact.asked[:1]
        both = chance.random() < 0.5
        passages = [self._text([said, *facts], name, kind)] if both else [said.sentence, self._text(facts, name, kind)]
        held = [(0, said)] + [(0 if both else 1, fact) for fact in facts]
        other = self._alike(kind, name)
        more = self._facts_of(kind, other, chance.randint(*measure.facts), set())
        passages.append(self._text(more, other, kind))
        held += [(len(passages) - 1, fact) for fact in more]
        never = self._unsaid(kind, [name, other], [[said, *facts], more])
        never = [q.replace(name, alias) if chance.random() < 0.4 else q for q in never]
        return self._finish(passages, held, [capital(q) for q in never], "aliases")

    def lookup(self) -> Item:
        """The same said of a few, one passage each, and asked of every one: only the name tells where to look."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(KINDS)
        roll = chance.random()
        first = self.values.make(kind) if roll < 0.8 else self.values.make("phrase")
        count = chance.choice(LOOKED_UP)
        subjects = [first]
        while len(subjects) < count:
            other = self._alike(kind, first) if roll < 0.8 else self.values.make("phrase")
            if other not in subjects:
                subjects.append(other)
        stranger = self._alike(kind, first) if roll < 0.8 else self.values.make("phrase")
        relation = chance.choice(of_kind(kind, False))
        name, sign = self._attribute(), chance.choice((": ", " - ", " is ", " has ", ", ", " = "))
        drawn = chance.choice("person place coined code number phrase colour software".split())
        facts, asked = [], []
        for subject in [*subjects, stranger]:
            if roll < 0.35:
                fact = related(relation, subject, self.values.make(relation.value), chance, measure.wordings)
            elif roll < 0.55:
                fact = attribute(name, subject, self.values, measure.wordings)
            else:
                value = self.values.make(drawn)
                fact = Fact(capital(f"{subject}{sign}{value}."), [(subject, value), (f"{capital(subject)}?", value)])
            facts.append(fact)
        passages = [fact.sentence for fact in facts[:-1]]
        if stranger not in subjects and chance.random() < 0.7:
            asked.append(Asked(chance.choice(facts[-1].asked)[0], ""))
        for at, fact in enumerate(facts[:-1]):
            question, value = chance.choice(fact.asked)
            answer = literal(value, passages[at])
            if answer:
                asked.append(Asked(question, answer, at))
        chance.shuffle(asked)
        return Item(tuple(passages), tuple(asked), "lookup")

    def within(self) -> Item:
        """Many things said of one or two, most with values of one kind: only what is asked for tells where to look."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(KINDS)
        subjects = [self.values.make(kind)]
        if chance.random() < 0.35:
            other = self._alike(kind, subjects[0])
            subjects += [other] if other != subjects[0] else []
        drawn = chance.choice("person person year place org number date money coined colour length count".split())
        names = list(dict.fromkeys(self._attribute() for _ in range(5)))
        passages, held, never = [], [], []
        for at, subject in enumerate(subjects):
            alike = [r for r in of_kind(kind, False) if r.value == drawn or chance.random() < 0.35]
            facts = [
                related(r, subject, self.values.make(r.value), chance, measure.wordings)
                for r in chance.sample(alike, min(len(alike), chance.randint(1, 4)))
            ]
            said = chance.sample(names, chance.randint(1, max(1, min(3, len(names) - 1))))
            facts += [self._attributed(name, subject, drawn) for name in said]
            chance.shuffle(facts)
            passages.append(self._text(facts, subject, kind))
            held += [(at, fact) for fact in facts]
            known = {fact.about for fact in facts}
            never += [f"What is the {name} of {subject}?" for name in names if name not in known]
            never += [
                worded(r.questions, chance, measure.wordings).replace("{s}", subject)
                for r in of_kind(kind, False)
                if r.name not in known and (r.value == drawn or chance.random() < 0.25)
            ]
        never = chance.sample(never, min(len(never), 3))
        return self._finish(passages, held, never, "within")

    def _attributed(self, name: str, subject: str, kind: str) -> Fact:
        """`attribute` with a value of a given kind."""
        fact = attribute(name, subject, self.values, self.measure.wordings)
        value = self.values.make(kind)
        old = fact.asked[0][1]
        fact.sentence = fact.sentence.replace(old, value).replace(capital(old), capital(value))
        fact.asked = [(question.replace(old, value), value) for question, _ in fact.asked]
        return fact

    def _records(self) -> Item:
        """Lines of labels and values, as in tables."""
        chance, measure = self.chance, self.measure
        kind = chance.choice((*KINDS, "code", "email", "path"))
        labels = list(dict.fromkeys(self._attribute() for _ in range(4)))
        kinds = [
            chance.choice("person place coined code number phrase colour software path year money release org".split())
            for _ in labels
        ]
        passages, held, never = [], [], []
        first = self.values.make(kind)
        for at in range(self._few()):
            subject = first if not at else self._alike(kind, first)
            pairs = [(label, self.values.make(value)) for label, value in zip(labels, kinds, strict=True)]
            pairs = chance.sample(pairs, chance.randint(1, len(pairs)))
            fact = record(subject, pairs, chance, measure.wordings)
            passages.append(fact.sentence)
            held.append((at, replace(fact)))
            gone = [label for label in labels if label not in dict(pairs)]
            never += [f"What is the {label} of {subject}?" for label in gone]
        never.append(f"What is the {labels[0]} of {self.values.make(kind)}?")
        return self._finish(passages, held, never, "records")


def _his(he: str, rest: str) -> str:
    """`She was …`, or `Her …` where the name had an 's; They takes a plural verb where it is a plain one."""
    if rest.startswith("'s"):
        return {"He": "His", "She": "Her", "It": "Its", "They": "Their"}.get(he, he + "'s") + rest[2:]
    if he == "They":
        for one, many in ((" is ", " are "), (" was ", " were "), (" has ", " have ")):
            if rest.startswith(one):
                return "They" + many + rest[len(one) :]
        return "She" + rest
    return he + rest


def literal(answer: str, passage: str) -> str:
    """The answer as it stands in the passage, which may begin with a capital; "" when it does not stand there."""
    if answer in passage:
        return answer
    return capital(answer) if capital(answer) in passage else ""
