"""Phones: telephone numbers by international prefix, North American plan, words nearby, or grouping alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from octavo.data.personal.patterns import after, before
from octavo.data.personal.spans import Span

_CANDIDATE = re.compile(
    r"(?:\((?<![\w./(].)\+?[0-9]{1,5}(?: [0-9]{1,2})?\)"
    r"|\+(?<![\w./*^+-].)\(?[0-9]{1,15}\)?|[0-9](?<![\w./$€£%<>*^+-].)[0-9]{0,14}(?![0-9]))"
    r"(?:(?:[ .-]\(?|\(|\) ?| - |/|(?<=\)))[0-9]{1,11}(?![0-9])){0,7}"
    r"(?:[ ,]{0,2}(?:x|ext\.?)[ .]?[0-9]{1,5})?(?![0-9A-Za-z_%]|[.,/:][0-9])"
)
_REGION = re.compile(r"[0-9][0-9 ().+/-]{5,}[0-9]")
"""Cheap to find; nothing else can hold a number."""
_WORDS = re.compile(
    r"(?i)\b(?:phone|telephone|tel|mobile|cell(?:phone)?|fax|call(?:ed|ing|s)?|"
    r"dial|text(?:ed)?|sms|whats ?app|ring|reach|"
    r"contact|number|hotline|voice ?mail|registered|landline|extension|telefono?|téléphone|handy|móvil|numéro|nummer)\b"
)
_DEVICES = re.compile(r"(?i)\b(?:phone|telephone|tel|mobile|cell(?:phone)?|fax|call|dial|sms|whats ?app|ring)\b")
_NAMED_AT_ONCE = re.compile(r"(?i)(?:tel|phone|fax|mobile|cell|handy|number|no|nr|sms|whatsapp)[\"'.]?[:#=] ?\Z")
_SUM = re.compile(r"(?:[=<>*×÷]|[-+] ?[0-9.,]*) ?\Z")
_SUM_ON = re.compile(r" ?[=<>*×÷]")
_COUNTING = ("0123456789", "1234567890", "123456789")
_DAY = re.compile(r"\+?[0-9]{4,6}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])\Z")
_COUNTED = re.compile(r" ?(?:bytes|bits|items|rows|times|people|words|tokens|km|kg|percent|dollars|euros)\b")
_COUNTRY_CODES = frozenset(
    [
        "1",
        "7",
        "20",
        "27",
        "30",
        "31",
        "32",
        "33",
        "34",
        "36",
        "39",
        "40",
        "41",
        "43",
        "44",
        "45",
        "46",
        "47",
        "48",
        "49",
        "51",
        "52",
        "53",
        "54",
        "55",
        "56",
        "57",
        "58",
        "60",
        "61",
        "62",
        "63",
        "64",
        "65",
        "66",
        "81",
        "82",
        "84",
        "86",
        "90",
        "91",
        "92",
        "93",
        "94",
        "95",
        "98",
        "211",
        "212",
        "213",
        "216",
        "218",
        "220",
        "221",
        "222",
        "223",
        "224",
        "225",
        "226",
        "227",
        "228",
        "229",
        "230",
        "231",
        "232",
        "233",
        "234",
        "235",
        "236",
        "237",
        "238",
        "239",
        "240",
        "241",
        "242",
        "243",
        "244",
        "245",
        "246",
        "248",
        "249",
        "250",
        "251",
        "252",
        "253",
        "254",
        "255",
        "256",
        "257",
        "258",
        "260",
        "261",
        "262",
        "263",
        "264",
        "265",
        "266",
        "267",
        "268",
        "269",
        "290",
        "291",
        "297",
        "298",
        "299",
        "350",
        "351",
        "352",
        "353",
        "354",
        "355",
        "356",
        "357",
        "358",
        "359",
        "370",
        "371",
        "372",
        "373",
        "374",
        "375",
        "376",
        "377",
        "378",
        "380",
        "381",
        "382",
        "383",
        "385",
        "386",
        "387",
        "389",
        "420",
        "421",
        "423",
        "500",
        "501",
        "502",
        "503",
        "504",
        "505",
        "506",
        "507",
        "508",
        "509",
        "590",
        "591",
        "592",
        "593",
        "594",
        "595",
        "596",
        "597",
        "598",
        "599",
        "670",
        "672",
        "673",
        "674",
        "675",
        "676",
        "677",
        "678",
        "679",
        "680",
        "681",
        "682",
        "683",
        "685",
        "686",
        "687",
        "688",
        "689",
        "690",
        "691",
        "692",
        "800",
        "808",
        "850",
        "852",
        "853",
        "855",
        "856",
        "870",
        "878",
        "880",
        "881",
        "882",
        "883",
        "886",
        "888",
        "960",
        "961",
        "962",
        "963",
        "964",
        "965",
        "966",
        "967",
        "968",
        "970",
        "971",
        "972",
        "973",
        "974",
        "975",
        "976",
        "977",
        "979",
        "992",
        "993",
        "994",
        "995",
        "996",
        "998",
    ]
)
"""Assigned country codes (ITU-T E.164)."""
_DATE = re.compile(
    r"(?:(?:1[5-9]|20)[0-9]{2}[./ -][0-3]?[0-9][./ -][0-3]?[0-9]|"
    r"[0-3]?[0-9][./ -][0-3]?[0-9][./ -](?:1[5-9]|20)[0-9]{2})\b"
)
_CITED = re.compile(r"\((?:1[5-9]|20)[0-9]{2}|(?:1[5-9]|20)[0-9]{2}\)")
_LISTED = re.compile(r"[0-9][ ,;]{1,3}\Z")
_LISTED_ON = re.compile(r"[ ,;]{1,3}[0-9]")
_YEARS = re.compile(r"(?:1[5-9]|20)[0-9]{2} ?[-/ ] ?(?:1[5-9]|20)[0-9]{2}\Z")


def phones(text: str) -> Iterator[Span]:
    """Telephone numbers; the score says how much speaks for one."""
    end = 0
    for region in _REGION.finditer(text):
        start = max(end, region.start() - 2)
        while match := _CANDIDATE.search(text, start, region.end() + 10):
            start = max(match.end(), start + 1)
            if match.start() >= region.end():
                break
            if len(match.group()) < 7:
                continue
            end = match.end()
            number = re.split(r"[ ,]{0,2}(?:x|ext)", match.group(), maxsplit=1)[0]
            score = _score(text, match.start(), end, number)
            if score:
                yield Span(match.start(), end, "PHONE", score)


def _score(text: str, start: int, end: int, value: str) -> float:
    groups = re.findall("[0-9]+", value)
    digits = "".join(groups)
    dotted = value.count(".") == len(groups) - 1
    if dotted and (len(groups) == 2 or (len(groups) == 4 and max(map(int, groups)) < 256)):
        return 0.0
    if (
        not 6 <= len(digits) <= 15
        or len(set(digits)) < 2
        or digits in ("0123456789", "1234567890", "123456789")
        or _DAY.match(value)
        or _in_a_list(text, start)
    ):
        return 0.0
    if value.startswith(("+", "(+")) or digits.startswith("00"):
        return _international(value, groups, digits)
    if (
        _DATE.match(value.strip("()"))
        or _YEARS.match(value)
        or _CITED.search(value)
        or value.count("(") != value.count(")")
    ):
        return 0.0
    shape = tuple(map(len, groups))
    if shape == (3, 2, 4) or (len(digits) == 6 and (len(groups) != 3 or "." in value)):
        return 0.0
    named = bool(_WORDS.search(before(text, start, 60)) or _WORDS.search(after(text, end, 40)))
    national = shape[1:] if shape[0] == 1 and groups[0] in "18" and len(shape) > 1 else shape
    if national in ((3, 3, 4), (3, 7), (10,), (3, 3, 2, 2)) and not (national == (3, 3, 2, 2) and len(shape) == 4):
        return _american(groups, digits, named)
    if len(groups) == 1:
        return _alone(text, start, end, digits)
    return _national(text, start, end, value, groups, named)


def _in_a_list(text: str, start: int) -> bool:
    """Whether the mark before says that the number is part of something else, unless it is that of a telephone."""
    behind = before(text, start, 16)
    if behind[-1:] in (",", ";"):
        return behind[-2:-1].isdigit()
    return behind[-1:] in (":", "#", "=") and not _NAMED_AT_ONCE.search(behind)


def _international(value: str, groups: list[str], digits: str) -> float:
    plus = value.startswith(("+", "(+"))
    rest = digits if plus else digits.removeprefix("00")
    known = any(rest[:width] in _COUNTRY_CODES for width in (1, 2, 3)) and 8 <= len(rest) <= 15
    if not known or (rest[0] in "17" and len(rest) != 11):
        return 0.0
    return 0.95 if plus else 0.75 if len(groups) > 1 else 0.45


def _american(groups: list[str], digits: str, named: bool) -> float:
    area = digits[-10:]
    plan = (area[0] >= "2" and area[3] >= "2") or groups[0] == "8"
    if len(groups) > 1:
        return 0.9 if plan or named else 0.7
    return 0.8 if named and plan else 0.55 if digits[0] == "0" != digits[1] else 0.4 if not named else 0.6


def _alone(text: str, start: int, end: int, digits: str) -> float:
    """One run of digits: only where a telephone is named in the same line, or with a trunk 0 before a full number."""
    line = before(text, start, 40).rpartition("\n")[2], after(text, end, 25).partition("\n")[0]
    if any(_DEVICES.search(part) for part in line) and len(digits) >= 8 and not _COUNTED.match(line[1]):
        return 0.6
    return 0.55 if len(digits) == 11 and digits[0] == "0" != digits[1] else 0.0


def _national(text: str, start: int, end: int, value: str, groups: list[str], named: bool) -> float:
    digits, shape = "".join(groups), tuple(map(len, groups))
    marks = set(re.sub("[0-9]", "", value))
    trunk = digits[0] == "0" and (groups[0] != "0" or "(" in value)
    if "." in marks and (len(groups) < 4 or marks != {"."} or any(len(one) < 2 for one in groups)):
        return 0.0
    short = [one for one in groups[1:] if len(one) < 2]
    if short and not ("(" in value or (trunk and len(groups) > 3 and len(groups[-1]) == len(short) == 1)):
        return 0.0
    if len(groups[0]) < 2 and not trunk and "(" not in value:
        return 0.0
    if len(groups) == 2 and (len(groups[1]) < 3 or (shape == (4, 4) and "-" in marks)):
        return 0.4
    told = bool(_DEVICES.search(before(text, start, 40)))
    if len(digits) == 6:
        return 0.6 if told else 0.0
    sums = _SUM.search(before(text, start, 8)) or _SUM_ON.match(after(text, end, 3)) or "- " in value
    if named and not (sums and not told):
        return 0.8
    listed = _LISTED.search(before(text, start, 4)) or _LISTED_ON.match(after(text, end, 4))
    slashed = "/" in marks and not (trunk and len(groups) == 2 and 3 <= shape[0] <= 5 <= shape[1])
    if slashed or sums or listed or set(digits) <= {"0", "1"}:
        return 0.0
    if trunk and len(digits) >= 8:
        return 0.7
    if "(" in value:
        return 0.75 if len(groups[0]) <= 4 else 0.4
    return _grouped(shape, groups, marks, after(text, end, 3))


def _grouped(shape: tuple[int, ...], groups: list[str], marks: set[str], behind: str) -> float:
    """The score of a number that nothing but its grouping speaks for."""
    steps = {int(b) - int(a) for a, b in pairwise(groups)}
    if len(groups) > 4 or len(steps) == 1 < len(groups) - 1:
        return 0.3
    if len(groups) == 2:
        digits = "".join(groups)
        year = len(groups[0]) == 4 and groups[0][:2] in ("18", "19", "20")
        usual = shape in ((3, 4), (4, 4), (4, 3))
        counted = re.match(r" [^\W\d_]", behind) and (not usual or behind[1].isupper())
        plain = marks == {" "} and (shape in ((3, 4), (4, 4), (4, 3)) or len(digits) > 7) and not (year or counted)
        return 0.55 if plain else 0.4
    return 0.55
