"""Small corpora that the tests make themselves."""

import json
import random

SENTENCES = {
    "en": "The quick brown fox returns an iterator of overlapping pairs taken from the input. ",
    "de": "Größe und Maß der Grundstücksverkehrsgenehmigung überraschen übermütige Müßiggänger. ",
    "ru": "Быстрая лиса возвращает пересекающиеся пары из переданной последовательности. ",
    "hi": "तेज़ लोमड़ी दिए गए क्रम से जोड़े लौटाती है और सबको चकित करती है। ",
}


def rows(count=120, seed=0, languages=("en", "de", "ru", "hi"), shares=(8, 3, 2, 1)):
    """Records whose words are drawn from one sentence a language, English most often."""
    chosen = random.Random(seed)
    for number in range(count):
        language = chosen.choices(languages, shares)[0]
        words = SENTENCES[language].split()
        text = " ".join(chosen.choices(words, k=chosen.randint(5, 40))) + f" {number} <|end|> 1,234\n"
        yield {"id": str(number), "text": text, "language": language, "domain": "d" + str(number % 2)}


def write(path, some):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some), encoding="utf-8")
    return path
