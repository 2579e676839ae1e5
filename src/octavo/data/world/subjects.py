"""Subjects: items about things and what is said of them: profiles, lookups, records, changes, homonyms, aliases."""

from __future__ import annotations

from dataclasses import replace

from octavo.data.world.facts import KINDS, Fact, Relation, article, attribute, capital, of_kind, record, related, worded
from octavo.data.world.telling import Asked, Item, Telling, literal

LOOKED_UP = (2, 2, 3, 3, 4, 5, 6)
"""How many passages a lookup has, drawn from these."""


class Subjects(Telling):
    """Makes such items."""

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
        facts = [self._dated(relation, subject, old, years[0], False)]
        facts.append(self._dated(relation, subject, new, years[1], True))
        if chance.random() < 0.35:
            chance.shuffle(facts)
            passages = [" ".join(fact.sentence for fact in facts)]
            held = [(0, fact) for fact in facts]
        else:
            passages = [fact.sentence for fact in facts]
            held = list(enumerate(facts))
        others: list[Fact] = []
        for at in range(len(passages)):
            more = self._facts_of(kind, subject, chance.randint(0, 2), {relation.name, *(o.about for o in others)})
            others += more
            if more:
                passages[at] += " " + self._text(more, subject, kind)
                held += [(at, fact) for fact in more]
        if chance.random() < 0.5:
            other = self._alike(kind, subject)
            value = self.values.make(relation.value)
            passages.append(related(relation, other, value, chance, measure.wordings).sentence)
        never = self._unsaid(kind, [subject], [[Fact("", [("", "")], "", fact.about) for _, fact in held]])
        return self._finish(passages, held, [question for question in never if subject in question], "newer")

    def _dated(self, relation: Relation, subject: str, value: str, year: int, current: bool) -> Fact:
        """A relation as of a year; the current one answers for today."""
        chance = self.chance
        fact = related(relation, subject, value, chance, self.measure.wordings)
        month = self.values.word("month")
        point = chance.choice((f"In {year}", f"As of {year}", f"In {month} {year}", f"Since {year}", f"From {year} on"))
        said = fact.sentence
        inner = "t" + said[1:] if said.startswith("The ") else said
        forms = (f"{point}, {inner}", f"{point}: {said}", f"({year}) {said}", f"{said[:-1]} (as of {year}).")
        question = fact.asked[0][0]
        plain, lower = question.rstrip("?"), question[0].lower() + question[1:]
        asked = [(f"In {year}, {lower}", value), (f"{plain} in {year}?", value)]
        if current:
            now = (
                question,
                question,
                f"{plain} now?",
                f"{plain} today?",
                f"Currently, {lower}",
                f"At present, {lower}",
            )
            asked += [(one, value) for one in chance.sample(now, 2)]
        return Fact(chance.choice(forms), asked, "", relation.name)

    def _homonyms(self) -> Item | None:
        """Two of one name, told apart by what they are."""
        chance, measure = self.chance, self.measure
        kind = chance.choice(("person", "person", "place", "org", "software"))
        name = self.values.make(kind)
        marks = {
            "person": lambda: f"the {self.values.word('job')}",
            "place": lambda: f"the town in {self.values.make('country')}",
            "org": lambda: f"the {self.values.word('product').split()[-1]} maker",
            "software": lambda: f"the {self.values.word('language')} library",
        }
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
        form = chance.choice(
            (
                "{s} is also known as {a}.",
                "{s}, also called {a}, is well known.",
                "{a} is another name for {s}.",
                "People call {s} {a}.",
                "{s} was formerly called {a}.",
                "{a} is the nickname of {s}.",
                "{s} ({a}) is mentioned in many places.",
                "{s} is often called {a}.",
            )
        )
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
        drawn = chance.choice(["person", "place", "coined", "code", "number", "phrase", "colour", "software"])
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
        drawn = chance.choice(
            [
                "person",
                "person",
                "year",
                "place",
                "org",
                "number",
                "date",
                "money",
                "coined",
                "colour",
                "length",
                "count",
            ]
        )
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
            chance.choice(
                [
                    "person",
                    "place",
                    "coined",
                    "code",
                    "number",
                    "phrase",
                    "colour",
                    "software",
                    "path",
                    "year",
                    "money",
                    "release",
                    "org",
                ]
            )
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
