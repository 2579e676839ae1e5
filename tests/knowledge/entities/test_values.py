from hypothesis import given
from hypothesis import strategies as st

from octavo.knowledge.entities.attributes.given import given_of
from octavo.knowledge.entities.attributes.values import (
    alike_dates,
    alike_numbers,
    alike_versions,
    alike_words,
    columns,
    date_of,
    number_of,
    one_edit,
    version_of,
    words,
)  # fmt: skip


def even(token):
    """Each token weighs the same."""
    return 1.0


def alike(one, other):
    return alike_words(words(one), words(other), even)


def test_dates_are_read_however_they_are_written():
    same = {
        date_of(one) for one in ("1971-05-13", "13.05.1971", "05/13/1971", "13 May 1971", "May 13, 1971", "19710513")
    }
    assert same == {(1971, 5, 13)}
    assert date_of("1971") == (1971, 0, 0)
    assert date_of("12 apples") is None
    assert date_of("1971-13-40") is None


def test_a_year_alone_is_nearly_the_day_and_swapped_parts_are_nearer_than_another_day():
    day = (1971, 5, 3)
    assert alike_dates(day, day) > alike_dates(day, (1971, 3, 5)) > alike_dates(day, (1971, 0, 0))
    assert alike_dates(day, (1971, 0, 0)) > alike_dates(day, (1971, 5, 4)) > alike_dates(day, (1971, 8, 9)) > 0
    assert alike_dates(day, (1980, 1, 1)) == 0


def test_numbers_lose_their_unit_and_their_way_of_writing():
    told = [number_of(one) for one in ("1299.5", "1.299,50 EUR", "€ 1,299.50", "USD 1299.50", "1299,50")]
    assert told == [(1299.5,)] * 5
    assert number_of("KX-240") is None
    assert number_of("about 5 of them") is None
    assert alike_numbers((10.0,), (10.0,)) == 1 > alike_numbers((10.0,), (10.5,)) > alike_numbers((10.0,), (30.0,)) == 0


def test_versions_are_compared_part_by_part():
    assert version_of("v1.2.0") == version_of("1.2") == (1, 2)
    assert alike_versions((1, 2), (1, 2)) == 1 > alike_versions((1, 2, 3), (1, 2, 9)) > alike_versions((1, 2), (2, 2))


def test_names_may_be_shortened_swapped_glued_and_mistyped():
    assert alike("Kovács, Maria", "maria kovacs") == 1
    assert alike("fast-json", "FastJSON") == 1
    assert alike("https://www.code.example/a/b.git", "http://code.example/a/b/") == 1
    assert alike("M. Kovacs", "Maria Kovacs") > alike("P. Kovacs", "Maria Kovacs")
    assert alike("Kovacs", "Kovasc") > 0.7 > 0.4 > alike("Kovacs", "Zelkova")


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_between_none_and_full_and_the_same_both_ways(one, other):
    if words(one) and words(other):
        assert 0 <= alike(one, other) <= 1
        assert abs(alike(one, other) - alike(other, one)) < 1e-9
        assert alike(one, one) == 1


def test_one_edit_is_a_letter_more_changed_or_swapped():
    assert all(one_edit("kettle", other) for other in ("kettles", "kettel", "kattle"))
    assert not one_edit("kettle", "kitten")


def test_the_kind_of_a_field_is_what_most_of_its_values_are():
    rows = [{"price": f"{n},50 EUR", "day": "2020-01-02", "code": f"{10_000 + n}", "release": f"v1.{n}.0", "name": "a"}
            for n in range(9)]  # fmt: skip
    kinds = {one.key: one.kind for one in columns([*rows, {"price": "on request"}])}
    assert kinds == {"code": "words", "day": "date", "name": "words", "price": "number", "release": "version"}


def test_nested_fields_have_their_path_and_advisories_have_none():
    row = {"id": "x", "maker": {"name": "Zenk", "town": None}, "tags": ["a", "b"], "fine": True}
    assert given_of(row, str) == {"maker.name": "Zenk", "tags": "a b"}
    assert given_of({**row, "packages": []}, str) == {}
