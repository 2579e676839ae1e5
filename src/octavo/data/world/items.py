"""Items: passages of the synthetic world with questions about them: answers are literal spans, or nothing is said."""

from __future__ import annotations

from octavo.data.world.facts import Event, Fact, capital, event, happened, of_kind, worded
from octavo.data.world.scenes import Staged, chosen
from octavo.data.world.subjects import Subjects
from octavo.data.world.telling import Asked, Item, Measure

__all__ = ["SHORT", "Asked", "Item", "Maker", "Measure"]

SHORT = Measure(passages=(1, 1, 2), facts=(1, 3), questions=4, fillers=0.0)


class Maker(Subjects):
    """Makes items of all kinds one after another from a seed."""

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
        for _ in range(self._few()):
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

    def _unsaid_event(self, made: Event, persons: list[str], things: list[str]) -> list[str]:
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
