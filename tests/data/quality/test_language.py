"""Language: sentences of many languages are recognised; what is none is unknown, with the reason."""

import base64
import random

import pytest

from octavo.data.quality.language import by_lines, check_languages, identify, known_languages
from octavo.data.quality.wordlike import plain_words
from octavo.spine.errors import OctavoError

SENTENCES = {
    "en": "The library opens at nine in the morning and closes late in the evening.",
    "de": "Die Bibliothek öffnet um neun Uhr morgens und schließt erst spät am Abend.",
    "fr": "La bibliothèque ouvre à neuf heures du matin et ferme tard dans la soirée.",
    "es": "La biblioteca abre a las nueve de la mañana y cierra tarde por la noche.",
    "pl": "Biblioteka otwiera się o dziewiątej rano i zamyka późnym wieczorem.",
    "cs": "Knihovna se otevírá v devět hodin ráno a zavírá se pozdě večer.",
    "vi": "Thư viện mở cửa lúc chín giờ sáng và đóng cửa vào buổi tối muộn.",
    "tr": "Kütüphane sabah dokuzda açılıyor ve akşam geç saatlerde kapanıyor.",
    "ru": "Библиотека открывается в девять часов утра и закрывается поздно вечером.",
    "uk": "Бібліотека відчиняється о дев'ятій годині ранку і зачиняється пізно ввечері.",
    "el": "Η βιβλιοθήκη ανοίγει στις εννέα το πρωί και κλείνει αργά το βράδυ.",
    "ar": "تفتح المكتبة في الساعة التاسعة صباحا وتغلق في وقت متأخر من المساء.",
    "he": "הספרייה נפתחת בתשע בבוקר ונסגרת בשעות הערב המאוחרות.",
    "hi": "पुस्तकालय सुबह नौ बजे खुलता है और देर शाम को बंद होता है।",
    "th": "ห้องสมุดเปิดเวลาเก้าโมงเช้าและปิดในช่วงค่ำ",
    "zh": "图书馆早上九点开门，晚上很晚才关门。",
    "ja": "図書館は朝九時に開き、夜遅くに閉まります。2016年からです。",
    "ko": "도서관은 아침 아홉 시에 열고 저녁 늦게 닫습니다.",
    "ka": "ბიბლიოთეკა დილის ცხრა საათზე იხსნება და გვიან საღამოს იკეტება.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_are_recognised(language):
    found = identify(SENTENCES[language])
    assert (found.language, found.why) == (language, "")
    assert found.confidence > 0.5


RANDOM = random.Random(5)
NOISE = {
    "digits": " ".join(str(RANDOM.randrange(10**6)) for _ in range(30)),
    "letters": " ".join("".join(RANDOM.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(25)),
    "base64": base64.b64encode(RANDOM.randbytes(150)).decode(),
    "hex": " ".join(f"{RANDOM.randrange(2**32):08x}" for _ in range(20)),
    "bytes": RANDOM.randbytes(300).decode("utf-8", "replace"),
    "bytes read as latin-1": RANDOM.randbytes(300).decode("latin-1"),
    "addresses": "\n".join(f"https://example.org/{n}/page-{n}.html" for n in range(9)),
    "code": "for (int i = 0; i < n; i++) {\n  a[i] = b[i] * c(i);\n  if (x->y) return f(a, 2);\n}\n" * 3,
    "scripts": " ".join("".join(RANDOM.choices("abcdeабвгдαβγδε", k=6)) for _ in range(25)),
    "nothing": " \n",
    "Burmese script": "စာကြည့်တိုက်သည် နံနက်ကိုးနာရီတွင် ဖွင့်ပြီး ညနေနောက်ကျမှ ပိတ်သည်။",
}


@pytest.mark.parametrize("noise", NOISE)
def test_what_is_no_language_that_is_known_is_unknown_with_a_reason(noise):
    found = identify(NOISE[noise])
    assert found.language == "unknown"
    assert found.why


def test_addresses_and_numbers_within_a_text_do_not_hide_its_language():
    assert identify(SENTENCES["de"] + " https://example.org/a/b?c=1 0x7f 12:30 x_1").language == "de"


def test_a_long_text_is_sampled_at_begin_middle_and_end():
    words = plain_words(" ".join([SENTENCES["fr"]] * 500)).text
    assert 300 < len(words) <= 490
    assert identify("x " * 5 + " ".join([SENTENCES["fr"]] * 5000)).language == "fr"


def test_candidates_can_be_restricted():
    assert identify(SENTENCES["uk"], among=["ru", "pl"]).language == "ru"


def test_a_confidence_below_the_limit_is_unknown_and_says_what_it_may_be():
    found = identify(SENTENCES["en"], at_least=1.0)
    if found.language == "unknown":
        assert found.why == "perhaps en"


def test_mixed_texts_are_told_by_their_lines():
    shares = by_lines("\n".join([SENTENCES["en"], SENTENCES["de"], SENTENCES["en"], "ok"]))
    assert list(shares) == ["en", "de"]
    assert abs(sum(shares.values()) - 1) < 0.001


def test_wrong_codes_are_refused_with_the_nearest():
    check_languages(["en", "unknown"])
    assert len(known_languages()) == 75
    with pytest.raises(OctavoError) as raised:
        check_languages(["english"])
    assert raised.value.code == "D041"
