"""Encoding: legacy encodings come out right when there is enough to go on, and are never guessed in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octavo.data.read.encoding import decode, stated

GERMAN = (
    "Die Bürger der Stadt müssen sich schützen, wenn das Hochwasser über die Dämme läuft und die Straßen überflutet. "
    "Für ältere Menschen gibt es Plätze in den Häusern auf dem Hügel; die Kinder können früher nach Hause gehen."
)
FRENCH = "L'été dernier, les élèves ont été reçus à la mairie où le préfet a loué leur zèle et leur générosité."
RUSSIAN = "Жители города должны защищать себя, когда вода поднимается выше плотины и заливает улицы и дворы."
JAPANESE = (
    "堤防を越えて水が流れ込むとき、町の人々は自分の身を守らなければなりません。子どもたちは早く家に帰ることができます。"
)
CHINESE = "当洪水漫过堤坝淹没街道的时候，城里的居民必须保护自己。老年人可以到山上的房子里去，孩子们可以早点回家。"
TAIWANESE = "當洪水漫過堤壩淹沒街道的時候，城裡的居民必須保護自己。老年人可以到山上的房子裡去，孩子們可以早點回家。"
KOREAN = "홍수가 둑을 넘어 거리를 덮칠 때 도시의 주민들은 스스로를 지켜야 합니다. 아이들은 일찍 집에 갈 수 있습니다."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, name) for text in (GERMAN, RUSSIAN, JAPANESE) for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32")),
        (GERMAN, "utf-16-le"),
        (GERMAN, "latin-1"),
        (FRENCH, "cp1252"),
        (f"„{GERMAN}“ – {FRENCH}", "cp1252"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "iso2022_jp"),
        (CHINESE, "gb18030"),
        (TAIWANESE, "big5"),
        (KOREAN, "euc_kr"),
    ],
)
def test_a_long_enough_sentence_comes_out_right(text, encoding):
    decoded = decode(text.encode(encoding))
    assert decoded.text == text
    assert decoded.sure
    assert decoded.broken == 0


def test_what_a_page_declares_is_believed_unless_the_bytes_say_otherwise():
    assert decode("Größe".encode("latin-1"), "iso-8859-1").text == "Größe"
    assert decode("Größe".encode(), "iso-8859-1").text == "Größe"
    assert decode("“Größe”".encode("cp1252"), "latin-1").text == "“Größe”"
    assert stated("no-such-thing") == stated("base64") == ""


def test_broken_places_in_utf8_are_counted():
    raw = RUSSIAN.encode()[:60] + b"\xff" + RUSSIAN.encode()[60:]
    decoded = decode(raw)
    assert (decoded.encoding, decoded.broken, decoded.notes) == ("utf-8", 1, ("broken bytes: 1",))


def test_too_little_to_go_on_is_said():
    decoded = decode("Größe".encode("latin-1"))
    assert not decoded.sure
    assert "too little" in decoded.why


@pytest.mark.parametrize(
    ("text", "encoding"), [("Größe: 5 µm", "cp437"), ("São João é", "mac_roman"), ("Łódź, Kęty", "iso8859-2")]
)
def test_a_guessed_text_is_listed_with_what_was_guessed(read, text, encoding):
    _, _, (removed,) = read(text.encode(encoding), "a.txt")
    assert removed.reason == "encoding guessed"
    assert "too little to tell" in removed.detail
    assert removed.document.text


def test_a_long_text_with_one_odd_sign_is_kept_and_the_guess_is_said(read):
    text = "The caf\xe9 was closed. " + "Nobody had told us, so we went on to the harbour. " * 10 + "End."
    (document,), _, removed = read(text.encode("latin-1"), "a.txt")
    assert removed == []
    assert document.text == text
    assert document.notes == ("encoding guessed: cp1252",)


@given(st.text(min_size=1), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_unicode_always_comes_back(text, encoding):
    if "\0" not in text and not text.startswith("\ufeff"):
        assert decode(text.encode(encoding)).text == text


@given(st.binary(max_size=200), st.sampled_from(["", "latin-1", "utf-16", "shift_jis", "nonsense"]))
def test_any_bytes_are_decoded_or_refused(raw, declared):
    decoded = decode(raw, declared)
    assert decoded.encoding or not decoded.sure
