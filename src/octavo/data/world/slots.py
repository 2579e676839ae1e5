"""Slots: the kinds of values that only scenes have: identifiers, options, animals, medicines, telephone numbers."""

from __future__ import annotations

from octavo.data.world.values import Values, dictionary, words


class Slots:
    """Makes a value for a slot of any kind; what it does not know itself it asks `Values` for."""

    def __init__(self, values: Values) -> None:
        self.values, self.chance = values, values.chance

    def make(self, kind: str) -> str:
        """A value of a kind."""
        maker = getattr(self, "_" + kind, None)
        return str(maker()) if maker else self.values.make(kind)

    def _word(self) -> str:
        return self.values.any_word(dictionary())

    def _small(self) -> str:
        return self.chance.choice((str(self.chance.randint(2, 60)), self.chance.choice(words()["small_number"])))

    _small2 = _small3 = _small

    def _lateryear(self) -> int:
        return self.chance.randint(2000, 2026)

    def _identifier(self) -> str:
        word = self._word()
        forms = (word, f"{word}_{self._word()}", f"max_{word}", f"{word.upper()}_DIR", f"n_{word}")
        return self.chance.choice(forms)

    def _call(self) -> str:
        word, other = self._word(), self._word()
        forms = (f"{word}()", f"{word}_{other}()", f"{word}.{other}()", f"{word}.{word[:3]}{other}()", f"get_{word}()")
        return self.chance.choice(forms)

    def _exception(self) -> str:
        return self._word().capitalize() + self.chance.choice(("Error", "Error", "Exception", "Warning", "NotFound"))

    def _option(self) -> str:
        word = self._word()
        return self.chance.choice((f"--{word}", f"-{word[0]}", f"--no-{word}", f"--{word}-{self._word()}"))

    def _classname(self) -> str:
        ends = ("", self._word().capitalize(), "Base", "Handler", "Map")
        return self._word().capitalize() + self.chance.choice(ends)

    def _noun(self) -> str:
        return self.chance.choice((self.values.word("thing"), self.values.word("attribute"), self._word()))

    def _animalname(self) -> str:
        first = self.chance.choice((self.values.word("adjective"), self._word()))
        return f"{first} {self.values.word('animal')}"

    def _foodname(self) -> str:
        food = self.chance.choice(("seeds", "leaves", "fish", "oil", "roots", "berries"))
        return self.chance.choice((self.values.word("product"), f"{self._word()} {food}"))

    def _habitat(self) -> str:
        adjective = self.values.word("adjective")
        forms = (
            self.values.word("spot"),
            f"{self._word()} forests",
            f"{adjective} rivers",
            self.values.make("country"),
        )
        return self.chance.choice(forms)

    def _envname(self) -> str:
        return f"{self._word()}_{self._word()}".upper()

    def _phone(self) -> str:
        chance = self.chance
        one = f"{chance.randint(100, 999)} {chance.randint(1000, 9999)}"
        return chance.choice((one, f"0{chance.randint(10, 99)}-{chance.randint(100000, 999999)}"))

    def _pills(self) -> str:
        return self.chance.choice(("drops", "tablets", "spoonfuls", "capsules"))

    def _medicine(self) -> str:
        return self.values.make("coined").lower() + self.chance.choice(("in", "ol", "ex", "ium"))

    def _crop(self) -> str:
        return self.values.word("crop") if self.chance.random() < 0.9 else self._word()

    def _rolename(self) -> str:
        forms = (self.values.word("role"), f"a young {self.values.word('job')}", self.values.make("person"))
        return self.chance.choice(forms)

    def _thingname(self) -> str:
        return f"{self.values.word('adjective')} {self.values.word('thing')}"
