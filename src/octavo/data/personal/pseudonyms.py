"""Pseudonyms: for each value another one that is nobody's, always the same for the same value under the same key.

Made by HMAC-SHA-256 of the value's normal form, so that without the key nobody can tell which value it stood for, not
even by trying all telephone numbers. The replacements:

- e-mail and web addresses lie in domains that are reserved for documentation (RFC 2606), IP addresses in the
  documentation networks (RFC 5737, RFC 3849); none can be reached;
- telephone numbers are 555-0100 to 555-0199, kept free for fiction by the North American plan;
- card numbers begin with 0, which no issuer has, and their last digit is wrong; IBANs have the country XX and the
  check digits 00; social security numbers have the area 000: all three are never given out;
- dates of birth lie in 1810 to 1899: nobody alive;
- names and streets are put together of invented syllables.
Everything else becomes a mark with a number, such as `[ORGANISATION-9F3C01AB]`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from pathlib import Path

from octavo.data.personal.checksums import luhn
from octavo.data.personal.reserved import NAME_BEGINS, NAME_ENDS, NAME_MIDDLES
from octavo.spine.errors import WRONG_USE, OctavoError

_TITLES = re.compile(r"(?i)(?:dr|mr|mrs|ms|miss|prof|sir|madam|phd|dds|md|jr|sr|ii|iii|iv)\.?\Z")


def read_key(path: Path, *, create: bool = False) -> bytes:
    """The secret that decides all pseudonyms: the bytes of a file of at least 16; D071 when there is none.

    With `create` a missing file is made, readable by its owner only.
    """
    if create and not path.exists():
        import os
        import secrets

        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w") as out:
                out.write(secrets.token_hex(32) + "\n")
    if not path.is_file():
        raise OctavoError(
            "D071",
            f"The file of the key is not there: {path}",
            likely="pseudonyms need a secret, so that nobody without it can tell whom they stand for",
            do="name a file that holds at least 16 characters nobody knows",
            exit_code=WRONG_USE,
        )
    key = path.read_bytes().strip()
    if len(key) < 16:
        raise OctavoError(
            "D072",
            f"The key in {path} is too short: {len(key)} bytes",
            do="use at least 16 random characters; a missing file is filled with a good one",
            exit_code=WRONG_USE,
        )
    return key


class Pseudonyms:
    """What each value is replaced by, under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._made: dict[str, Callable[[str], str]] = {
            "EMAIL": self._email,
            "PHONE": self._phone,
            "IP": self._ip,
            "IBAN": self._iban,
            "CARD": self._card,
            "SSN": self._ssn,
            "URL": self._url,
            "CREDENTIALS": self._url,
            "BIRTH_DATE": self._birth_date,
            "PERSON": self._person,
            "ADDRESS": self._address,
        }

    def __call__(self, type: str, value: str) -> str:
        """The replacement of a value."""
        make = self._made.get(type)
        return make(value) if make else f"[{type}-{self._number(type, _plain(value)) % 2**32:08X}]"

    def _number(self, type: str, normal: str) -> int:
        digest = hmac.new(self._key, f"{type}\0{normal}".encode("utf-8", "replace"), hashlib.sha256).digest()
        return int.from_bytes(digest[:16], "big")

    def _name(self, word: str) -> str:
        """One word of a name; the same word gives the same, in whatever name it stands. Written as the word is."""
        number = self._number("PERSON", word.casefold())
        number, begin = divmod(number, len(NAME_BEGINS))
        number, middle = divmod(number, len(NAME_MIDDLES))
        made = NAME_BEGINS[begin] + NAME_MIDDLES[middle] + NAME_ENDS[number % len(NAME_ENDS)]
        return made.upper() if word.isupper() and len(word) > 1 else made.lower() if word.islower() else made

    def _person(self, value: str) -> str:
        words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*\.?", value)
        kept = [word for word in words if len(word.rstrip(".")) > 1 and not _TITLES.match(word)]
        return " ".join(self._name(word) for word in kept or words) or self._name(value)

    def _email(self, value: str) -> str:
        number = self._number("EMAIL", value.casefold())
        return f"{self._name(f'{number:x}').lower()}.{number % 2**32:08x}@example.com"

    def _url(self, value: str) -> str:
        return f"https://example.com/{self._number('URL', value) % 2**32:08x}"

    def _phone(self, value: str) -> str:
        digits = re.sub(r"[^0-9]", "", value)
        area, line = divmod(self._number("PHONE", digits), 100)
        made = f"{200 + area % 800}-555-01{line:02d}"
        return f"+1-{made}" if value.lstrip("(").startswith("+") else made

    def _ip(self, value: str) -> str:
        number = self._number("IP", value.casefold())
        if ":" in value:
            groups = f"{number % 2**64:016x}"
            return "2001:db8:0:1:" + ":".join(groups[at : at + 4] for at in range(0, 16, 4))
        network, host = divmod(number, 254)
        return f"{('192.0.2', '198.51.100', '203.0.113')[network % 3]}.{host + 1}"

    def _iban(self, value: str) -> str:
        compact = re.sub(r"[^0-9A-Za-z]", "", value).upper()
        digits = f"{self._number('IBAN', compact):039d}"[-max(12, len(compact) - 4) :]
        return _shaped(value, "XX00" + digits)

    def _card(self, value: str) -> str:
        digits = re.sub(r"[^0-9]", "", value)
        made = "0000" + f"{self._number('CARD', digits):039d}"[-(len(digits) - 4) :]
        if luhn(made):
            made = made[:-1] + str((int(made[-1]) + 1) % 10)
        return _shaped(value, made)

    def _ssn(self, value: str) -> str:
        number = self._number("SSN", re.sub(r"[^0-9]", "", value))
        return f"000-{number % 100:02d}-{number // 100 % 10000:04d}"

    def _birth_date(self, value: str) -> str:
        number = self._number("BIRTH_DATE", _plain(value))
        return f"18{10 + number % 90}-{1 + number // 90 % 12:02d}-{1 + number // 1080 % 28:02d}"

    def _address(self, value: str) -> str:
        number = self._number("ADDRESS", _plain(value))
        return f"{1 + number % 199} {self._name(f'{number:x}').capitalize()} Street"


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())


def _shaped(like: str, characters: str) -> str:
    """`characters` with the blanks and dashes of `like` at the same places."""
    left = iter(characters)
    made = "".join(next(left, "") if letter.isalnum() else letter for letter in like)
    return made + "".join(left)
