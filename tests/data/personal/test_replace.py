"""What is replaced leaves nothing behind, is nobody's, is the same for the same value, and is never replaced again."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.personal.checksums import iban, luhn, ssn
from octavo.data.personal.detect import find
from octavo.data.personal.lists import shipped
from octavo.data.personal.pseudonyms import Pseudonyms, read_key
from octavo.data.personal.replace import mark, replace
from octavo.data.personal.reserved import INVENTED_NAME, NAME_BEGINS, NAME_ENDS, NAME_MIDDLES
from octavo.data.personal.spans import REPLACED, STRUCTURED, TYPES
from octavo.spine.errors import OctavoError

KEY = b"a secret of sixteen bytes or more"
VALUES = {
    "EMAIL": "jane.doe@firm.org",
    "PHONE": "(212) 664-7665",
    "IP": "81.2.69.142",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "CARD": "4111 1111 1111 1111",
    "SSN": "123-45-6789",
    "CREDENTIALS": "https://joe:s3cr3tx@firm.org/x",
    "SECRET": "AKIAIOSFODNN7ABCDEFG",
    "URL": "https://firm.org/a",
}
SNIPPETS = st.sampled_from(
    [*VALUES.values(), " ", "\n", "My name is Jane Miller. ", "call ", "born ", "12/03/1980",
     "I live at 12 Oak Street, Boston. ",
     "[EMAIL]", "[PERSON]", ", ", "and ", "password: hunter22x ", "Dr. ", "the ", "1", "-", "@", "+", "x"]
)  # fmt: skip


@given(st.lists(SNIPPETS, max_size=9), st.sampled_from([mark, Pseudonyms(KEY)]), st.sampled_from([REPLACED, TYPES]))
@settings(max_examples=200, deadline=None)
def test_replacing_again_changes_nothing(parts: list[str], replacement, types) -> None:
    once = replace("".join(parts), None, replacement, types)
    assert find(once.text, types) == []
    again = replace(once.text, None, replacement, types)
    assert again.text == once.text
    assert again.spans == []


@given(st.lists(SNIPPETS, max_size=9))
@settings(max_examples=100, deadline=None)
def test_the_rest_of_the_text_stays_and_spans_count_into_the_original(parts: list[str]) -> None:
    text = "".join(parts)
    done = replace(text, None, lambda type, value: f"[{type}]", STRUCTURED)
    rebuilt, at = "", 0
    for span in done.spans:
        rebuilt += text[at : span.start] + f"[{span.type}]"
        at = span.end
    assert rebuilt + text[at:] == done.text


@pytest.mark.parametrize("type", VALUES)
def test_pseudonyms_are_consistent_and_depend_on_the_key(type: str) -> None:
    value = VALUES[type]
    made = Pseudonyms(KEY)(type, value)
    assert made == Pseudonyms(KEY)(type, value)
    assert value not in made
    assert made != Pseudonyms(KEY + b"!")(type, value)


def test_numbers_are_never_given_out() -> None:
    pseudonym = Pseudonyms(KEY)
    for at in range(300):
        card = pseudonym("CARD", f"4111 1111 1111 {at:04d}")
        assert card.startswith("0000 ")
        assert len(card) == 19
        assert not luhn(card.replace(" ", ""))
        assert not iban(pseudonym("IBAN", f"DE89 3704 0044 0532 {at:04d} 00").replace(" ", ""))
        assert not ssn(pseudonym("SSN", f"123-45-{at:04d}").replace("-", ""))
        assert pseudonym("PHONE", f"212 664 {at:04d}")[4:10] == "555-01"
        assert pseudonym("EMAIL", f"a{at}@b.org").endswith("@example.com")
        address = ipaddress.ip_address(pseudonym("IP", f"81.2.69.{at}"))
        nets = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
        assert any(address in ipaddress.ip_network(net) for net in nets)
        assert ipaddress.ip_address(pseudonym("IP", f"2a02::{at:x}")) in ipaddress.ip_network("2001:db8::/32")
        assert pseudonym("BIRTH_DATE", f"12/03/{at}")[:2] == "18"


def test_one_person_has_one_name_however_much_of_it_is_said() -> None:
    pseudonym = Pseudonyms(KEY)
    first, last = pseudonym("PERSON", "Jane Miller").split()
    assert pseudonym("PERSON", "jane") == first.lower()
    assert pseudonym("PERSON", "Mrs. MILLER") == last.upper()
    assert pseudonym("PERSON", "Dr. Jane Q. Miller") == f"{first} {last}"


def test_invented_names_are_in_no_list_of_names() -> None:
    lists = shipped()
    made = {(a + b + c).lower() for a in NAME_BEGINS for b in NAME_MIDDLES for c in NAME_ENDS}
    assert not made & (lists.first | lists.last | lists.places | lists.common)
    assert all(INVENTED_NAME.fullmatch(name) for name in sorted(made)[:500])


def test_a_missing_key_is_made_once_and_a_short_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "key"
    with pytest.raises(OctavoError) as caught:
        read_key(path)
    assert caught.value.code == "D071"
    made = read_key(path, create=True)
    assert made == read_key(path, create=True)
    assert len(made) == 64
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("short")
    with pytest.raises(OctavoError) as caught:
        read_key(path)
    assert caught.value.code == "D072"
