"""Licences: the SPDX name behind a field, an address, a line of a source file, or the text of a LICENSE file."""

from __future__ import annotations

import re

_NAMES = tuple(
    """
    0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0
    CC-BY-3.0 CC-BY-4.0 CC-BY-NC-4.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-4.0 CC-BY-ND-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC0-1.0
    ECL-2.0 EPL-2.0 EUPL-1.2 GFDL-1.3-only GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC
    LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-2.0 ODbL-1.0 OFL-1.1 PDDL-1.0
    PSF-2.0 Python-2.0 Unlicense Zlib
    """.split()  # noqa: SIM905
)
_OTHER_NAMES = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache-2": "Apache-2.0",
    "mit license": "MIT",
    "the mit license": "MIT",
    "bsd-3": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "simplified bsd": "BSD-2-Clause",
    "cc0": "CC0-1.0",
    "public domain": "",
    "cc-by": "",
    "gplv2": "GPL-2.0-only",
    "gplv3": "GPL-3.0-only",
    "gpl-2.0": "GPL-2.0-only",
    "gpl-3.0": "GPL-3.0-only",
    "agpl-3.0": "AGPL-3.0-only",
    "lgpl-3.0": "LGPL-3.0-only",
    "lgpl-2.1": "LGPL-2.1-only",
    "mpl 2.0": "MPL-2.0",
}
_KNOWN = {name.lower(): name for name in _NAMES} | _OTHER_NAMES
_CC = re.compile(r"creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)", re.I)
_CC_SHORT = re.compile(r"\Acc[ -](by(?:-nc)?(?:-(?:nd|sa))?)[ -](\d\.\d)\Z", re.I)
_ADDRESSES = (
    (re.compile(r"creativecommons\.org/publicdomain/zero/1\.0", re.I), "CC0-1.0"),
    (re.compile(r"apache\.org/licenses/LICENSE-2\.0", re.I), "Apache-2.0"),
    (re.compile(r"opensource\.org/licenses?/MIT\b", re.I), "MIT"),
    (re.compile(r"opensource\.org/licenses?/BSD-3-Clause", re.I), "BSD-3-Clause"),
    (re.compile(r"gnu\.org/licenses/agpl-3\.0", re.I), "AGPL-3.0-only"),
    (re.compile(r"gnu\.org/licenses/gpl-3\.0", re.I), "GPL-3.0-only"),
    (re.compile(r"gnu\.org/licenses/fdl-1\.3", re.I), "GFDL-1.3-only"),
    (re.compile(r"mozilla\.org/(?:en-US/)?MPL/2\.0", re.I), "MPL-2.0"),
)
_LINE = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]+?)[ \t]*(?:\*/|-->|\"|'|$)", re.MULTILINE)
_TEXTS = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3, 29 june 2007")),
    ("GPL-2.0-only", ("gnu general public license", "version 2, june 1991")),
    ("GFDL-1.3-only", ("gnu free documentation license", "version 1.3")),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-NC-SA-4.0", ("attribution-noncommercial-sharealike 4.0",)),
    ("CC-BY-NC-ND-4.0", ("attribution-noncommercial-noderivatives 4.0",)),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0",)),
    ("CC-BY-SA-4.0", ("attribution-sharealike 4.0",)),
    ("CC-BY-ND-4.0", ("attribution-noderivatives 4.0",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("MIT", ("permission is hereby granted, free of charge", "shall be included in all copies")),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms", "this list of conditions")),
)
FILE_NAME = re.compile(r"(?:un)?(?:licen[cs]e|copying)(?:[.-](?:txt|md|rst|mit|apache|apache-2\.0|bsd))?\Z", re.I)
"""Names of the file that states the licence of the folder it lies in."""


def spdx(value: str) -> str:
    """SPDX name of a licence as a field or an address states it; empty when it is none that is known."""
    text = " ".join(value.split())
    plain = text.lower().strip(".")
    if plain in _KNOWN:
        return _KNOWN[plain]
    if match := _CC.search(text):
        found = f"CC-{match[1].upper()}-{match[2]}"
        return found if found in _NAMES or match[2] in ("1.0", "2.0", "2.5") else ""
    if match := _CC_SHORT.match(plain):
        return f"CC-{match[1].upper()}-{match[2]}"
    return next((name for pattern, name in _ADDRESSES if pattern.search(text)), "")


def licence_field(value: object) -> str:
    """What a record says of its licence: the SPDX name where it is known, else its own words."""
    if not isinstance(value, str):
        return ""
    return spdx(value) or " ".join(value.split())[:200]


def licence_line(text: str) -> str:
    """The licence that an `SPDX-License-Identifier:` line near the head states."""
    match = _LINE.search(text[:5000])
    return match[1].strip() if match else ""


def licence_text(text: str) -> str:
    """The SPDX name of the licence whose text this is; empty when it is none that is known."""
    words = " ".join(text[:20_000].lower().split())
    head = words[:1500]
    for name, phrases in _TEXTS:
        # a licence names itself at its head; those that have no name are known by a sentence
        place = head if name.startswith(("GPL", "LGPL", "AGPL", "GFDL", "Apache", "MPL", "CC")) else words
        if all(phrase in place for phrase in phrases):
            return name
    return licence_line(text)
