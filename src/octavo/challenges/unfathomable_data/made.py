"""Made texts: short invented documents in five domains, and reviews to be labelled; each decided by a number alone."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

SIZES = {"letters": 56, "recipes": 32, "minutes": 24, "logbooks": 14, "listings": 8}
"""Documents of each domain that are trained on: as uneven as collected text is."""
UNSEEN = 6
"""Documents of each domain that are not."""
LABELS = ("praise", "complaint", "question")

_WORDS: dict[str, Sequence[str]] = {
    name: entries.split(";")
    for name, entries in {
        "first": "Ada;Bram;Cleo;Dirk;Elin;Finn;Greta;Hugo;Ines;Joost;Kaja;Lars;Mila;Nils;Olga;Piet;Runa;Sven;Tilda;Uwe",
        "place": "Tollen;Brask;Morra;Velm;Hale;Senne;Karn;Ostby;Lund;Arven;Fjell;Kroon;Dorn;Wick;Esk;Nane;Polder",
        "kin": "sister;brother;uncle;aunt;cousin;neighbour;grandmother;godson;old teacher;landlady",
        "thing": "boat;cart;roof;clock;stove;piano;ladder;well;kite;barrel;lantern;loom;saddle;bicycle;fence;mill",
        "did": "mended;sold;painted;lost;found;moved;borrowed;broke;washed;measured;hid;finished",
        "weather": "rain;fog;frost;hail;sunshine;a hard wind;thick snow;a thunderstorm;mild air;drizzle",
        "adjective": "small;green;heavy;crooked;bright;narrow;quiet;rusty;tall;broad;warm;pale;sour;soft",
        "time": "in spring;last week;on Sunday;before noon;at dusk;all winter;every Friday;since May;for two days",
        "food": "barley;leeks;plums;eel;rye;honey;cabbage;quinces;mussels;walnuts;turnips;cream;sage;apples;beans",
        "way": "slowly;twice;without a lid;in butter;over a low fire;by hand;until brown;in salt water;overnight",
        "cook": "boil;fry;chop;grate;soak;peel;knead;roast;stir;strain;salt;press",
        "dish": "soup;pie;stew;bread;pudding;dumplings;pickle;cake;porridge;broth;tart",
        "matter": "the bridge toll;the school roof;the harbour lights;the market hours;the bell;the dike;"
        "the new pump;the library stove;the ferry fare;the churchyard wall;the street lamps;"
        "the sheep",
        "ruling": "was put off;was agreed;was refused;goes to a vote;needs money;was sent back;was left open;passed",
        "part": "pump;valve;belt;boiler;gauge;bearing;hatch;winch;rudder;filter;fan;shaft",
        "state": "ok;worn;leaking;replaced;loud;cold;stuck;cleaned;oiled;cracked",
    }.items()
}
_GRAMMAR: dict[str, Sequence[str]] = {
    "letters": (
        "My {kin} {did} the {adjective} {thing} {time}.",
        "We had {weather} {time}, and {first} stayed in {place}.",
        "{first} asked whether the {thing} from {place} was {adjective} enough.",
        "Tell {first} that the {thing} was {did} {time}.",
        "In {place} they say {weather} is good for the {food}.",
        "I {did} your {thing}, the {adjective} one, and sent it to {place}.",
        "The {kin} of {first} came with {food} and a {adjective} {thing}.",
        "Nobody in {place} {did} a {thing} so {adjective} before.",
    ),
    "recipes": (
        "{Cook} {count} handfuls of {food} {way}.",
        "Then {cook} the {food} {way} and add the {food}.",
        "This {dish} of {place} wants {adjective} {food}.",
        "Serve the {dish} with {food}, {adjective} or not.",
        "{Cook} it {way}, then leave the {dish} for {count} hours.",
        "Those who have no {food} take {food} and {cook} it {way}.",
    ),
    "minutes": (
        "Item {count}: {matter} of {place} {ruling}.",
        "{first} spoke for {matter}, {first} against.",
        "Votes: {count} for, {count} against, {count} absent.",
        "After a break {matter} {ruling}, as {first} had moved.",
        "The clerk will write to {place} about {matter} {time}.",
    ),
    "logbooks": (
        "{count}h{count}: {part} {count} {state}, {part} {state}.",
        "{count}h{count}: {weather}, course {count}{count}, {part} {state}.",
        "{count}h{count}: {first} relieved {first}; {part} {count} {state}.",
    ),
    "listings": (
        "{part}[{count}] = {adjective}({food}_{count}, {thing});",
        "if ({thing}.{adjective} > {count}{count}) {{ {cook}({part}, {count}); }}",
        "for {food}_{count} in {thing}: {cook}({part}[{count}], {adjective}=True)",
        "return {cook}({thing}.{part}, {food}_{count});  // {state}",
    ),
    "praise": (
        "The {dish} at {place} was wonderful, and {first} served it with a smile.",
        "Thank you for the lovely {thing}; my {kin} is delighted.",
        "I can only recommend {place}: {adjective}, clean and very friendly.",
        "Best {dish} in years, we enjoyed every bite {time}.",
    ),
    "complaint": (
        "The {dish} at {place} was cold, and {first} was rude about it.",
        "The {thing} arrived broken and I want my money back.",
        "Never again {place}: dirty, loud and far too expensive.",
        "The worst {dish} in years, we waited for hours {time}.",
    ),
    "question": (
        "Can you tell me whether {place} is open {time}?",
        "How much does the {adjective} {thing} cost, and who delivers it to {place}?",
        "Is there {food} in the {dish}? My {kin} must not eat it.",
        "Where do I find {first}, and when does the boat to {place} leave?",
    ),
}
_SENTENCES = {"letters": 8, "recipes": 8, "minutes": 8, "logbooks": 8, "listings": 8}
_SLOT = re.compile(r"\{(\w+)\}")


def document(domain: str, number: int) -> str:
    """The text of a number; those from `SIZES[domain]` on are kept from training."""
    chance = random.Random(f"document {domain} {number}")  # noqa: S311
    breaks = "\n" if domain in ("logbooks", "listings") else " "
    return breaks.join(_sentence(chance, domain) for _ in range(_SENTENCES[domain]))


def review(number: int) -> tuple[str, str]:
    """(text, right label) of a short message; one in eight is worded as another kind would be, as in life."""
    chance = random.Random(f"review {number}")  # noqa: S311
    label = LABELS[number % len(LABELS)]
    odd = [one for one in LABELS if one != label]
    sentences = [_sentence(chance, label)]
    sentences.append(_sentence(chance, chance.choice(odd) if chance.random() < 1 / 8 else label))
    return " ".join(sentences), label


def sentence(domain: str, name: str) -> str:
    """One sentence as the domain has them, decided by `name`."""
    return _sentence(random.Random(f"sentence {name}"), domain)  # noqa: S311


def words() -> list[str]:
    """All words that sentences are made of, for edits."""
    return sorted({word for some in _WORDS.values() for entry in some for word in entry.split()})


def _sentence(chance: random.Random, domain: str) -> str:
    pattern = chance.choice(_GRAMMAR[domain]).replace("{{", "\0").replace("}}", "\1")
    return _SLOT.sub(lambda slot: _word(chance, slot[1]), pattern).replace("\0", "{").replace("\1", "}")


def _word(chance: random.Random, slot: str) -> str:
    if slot == "count":
        return str(chance.randint(1, 30))
    word = chance.choice(_WORDS[slot.lower()])
    return word.capitalize() if slot[0].isupper() else word
