"""Structured personal data is found where it stands, by form and checksum, and ordinary text is left alone."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octavo.data.personal.checksums import iban, luhn
from octavo.data.personal.detect import find, find_many
from octavo.data.personal.spans import STRUCTURED, TYPES, Span, chosen_types, masked, settle
from octavo.spine.errors import OctavoError

DATED = (*STRUCTURED, "BIRTH_DATE", "AGE")


@pytest.mark.parametrize(
    ("text", "value", "type"),
    [
        ("Write to jane.doe+news@mail.firm.org.", "jane.doe+news@mail.firm.org", "EMAIL"),
        ("mail=jürgen@münchen.de;", "jürgen@münchen.de", "EMAIL"),
        ("call (212) 664-7665 now", "(212) 664-7665", "PHONE"),
        ("my number is +46 (0)8 928 571 38", "+46 (0)8 928 571 38", "PHONE"),
        ("Tel: +442079460123", "+442079460123", "PHONE"),
        ("phone 030/1234567", "030/1234567", "PHONE"),
        ("try 001-212-664-7665x123 then", "001-212-664-7665x123", "PHONE"),
        ("Phone:(06 1) 345-678", "(06 1) 345-678", "PHONE"),
        ("ring 8 912 345-67-89 please", "8 912 345-67-89", "PHONE"),
        ("anytime on 06 12 34 56 78.", "06 12 34 56 78", "PHONE"),
        ("Miller,212-664-7665,Rome", "212-664-7665", "PHONE"),
        ("mobile 07700900123", "07700900123", "PHONE"),
        ("he came from 81.2.69.142 again", "81.2.69.142", "IP"),
        ("ping 2a02:2f0a:4860::8888 failed", "2a02:2f0a:4860::8888", "IP"),
        ("IBAN DE89 3704 0044 0532 0130 00 thanks", "DE89 3704 0044 0532 0130 00", "IBAN"),
        ("iban gb82west12345698765432.", "gb82west12345698765432", "IBAN"),
        ("card 4111 1111 1111 1111 123", "4111 1111 1111 1111", "CARD"),
        ("paid with 378282246310005", "378282246310005", "CARD"),
        ("SSN 123-45-6789", "123-45-6789", "SSN"),
        ("driver's license number is D1234-5678", "D1234-5678", "LICENCE"),
        ("see https://firm.org/a?b=1.", "https://firm.org/a?b=1", "URL"),
        ("at postgres://joe:s3cr3tx@db.firm.org/x", "postgres://joe:s3cr3tx@db.firm.org/x", "CREDENTIALS"),
        ("export KEY=AKIAIOSFODNN7ABCDEFG", "AKIAIOSFODNN7ABCDEFG", "SECRET"),
        ("password: hunter22x", "hunter22x", "SECRET"),
        ("born 12 March 1980 in Rome", "12 March 1980", "BIRTH_DATE"),
        ("a 38-year-old man", "38", "AGE"),
    ],
)
def test_each_type_is_found_with_its_exact_place(text: str, value: str, type: str) -> None:
    found = [span for span in find(text, DATED) if span.type == type]
    assert [text[span.start : span.end] for span in found] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3 4 5 6 7 8 9 10",
        "from 1990-1995 to 2018/2019, pp. 1429-1434 (2011), ISSN 0895-4798",
        "version 2.7.2.2 and v1.20.300.4, listening on 127.0.0.1 and ::1",
        "the sum is 1234567890.5 or 0.0206298828125",
        "card 4111 1111 1111 1112 and IBAN DE89 3704 0044 0532 0130 01 are wrong",
        "@property and user@host and a @ b",
        "id 000-12-3456, 666-12-3456, 123-00-4567",
        "the token is missing; password: ********",
        "std::vector::size, a[1:2:3], 10:20:30",
        "150 - 130 - 10 = 10, so 300 - 150 - 45 are left of 0123456789",
        "0100 0000 makes 64, from 9999-12-31 to 10000-01-01; +1980-02-29 01:02:03",
        "we expected 50331648 bytes\nfor each call",
    ],
)
def test_ordinary_numbers_and_code_are_left_alone(text: str) -> None:
    assert find(text, DATED) == []


@pytest.mark.parametrize(
    "secret",
    [
        "ghp_" + "a1B2" * 9,
        "xoxb-123456789012-abcdefGHIJ",
        "AIza" + "Sy0a-" * 7,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_keys_of_known_services_are_secrets(secret: str) -> None:
    text = f"we use {secret} here"
    assert [text[s.start : s.end] for s in find(text, STRUCTURED) if s.type == "SECRET"] == [secret]


@given(st.lists(st.text(alphabet="ab@.:/ 0149-+()\nIP\0", max_size=40), max_size=6))
@settings(max_examples=150, deadline=None)
def test_many_texts_at_once_give_what_each_gives_alone(texts: list[str]) -> None:
    plain = [text.replace("\0", " ") for text in texts]
    assert find_many(plain, DATED) == [find(text, DATED) for text in plain]


@given(st.text(alphabet="aA1 @.-:/+(),\n[]éX", max_size=120))
@settings(max_examples=150, deadline=None)
def test_spans_lie_in_the_text_in_order_without_overlaps(text: str) -> None:
    found = find(text, DATED)
    assert all(0 <= span.start < span.end <= len(text) and 0 <= span.score <= 1 for span in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def test_of_overlapping_spans_the_surer_one_stays() -> None:
    spans = [Span(0, 10, "URL", 0.9), Span(4, 8, "EMAIL", 0.98), Span(12, 14, "AGE", 0.6)]
    assert settle(spans) == [Span(4, 8, "EMAIL", 0.98), Span(12, 14, "AGE", 0.6)]


def test_long_texts_take_time_in_proportion() -> None:
    for piece in ("1 ", "a", "1", "a@", "://", "+(", "token ", "::", "1.", "4444 ", "born "):
        assert find(piece * 15_000, DATED) == []


def test_many_names_and_numbers_take_time_in_proportion() -> None:
    text = "Anna Miller called 212-664-7665 from 192.0.2.7. " * 3_000
    assert sum(span.type == "PHONE" for span in find(text)) == 3_000


def test_checksums_know_right_from_wrong() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert iban("DE89370400440532013000")
    assert not iban("DE89370400440532013001")
    assert not iban("DE8937040044053201300")


def test_types_are_chosen_by_name_or_set() -> None:
    assert chosen_types(["structured"]) == STRUCTURED
    assert chosen_types(["all"]) == TYPES
    assert chosen_types(["person", " EMAIL"]) == ("EMAIL", "PERSON")
    with pytest.raises(OctavoError, match="EMAIL") as caught:
        chosen_types(["EMAL"])
    assert caught.value.code == "D070"
    assert caught.value.exit_code == 2


def test_examples_show_first_letters_only() -> None:
    assert masked("jane@example.org") == "j…@e… o…"
    assert masked("4111 1111 1111 1111 11") == "4… 1… 1… 1… …"
