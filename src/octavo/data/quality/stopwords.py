"""Stop words: the words that connected text of a language hardly does without."""

STOP_WORDS: dict[str, tuple[str, ...]] = {
    "en": ("the", "be", "to", "of", "and", "that", "have", "with"),
    "cs": ("a", "se", "na", "je", "že", "které", "pro", "jako"),
    "da": ("og", "er", "det", "at", "en", "til", "som", "af"),
    "de": ("der", "die", "und", "das", "ist", "nicht", "mit", "von"),
    "es": ("de", "la", "que", "el", "en", "y", "los", "con"),
    "fi": ("ja", "on", "ei", "että", "se", "hän", "oli", "mutta"),
    "fr": ("de", "la", "le", "et", "les", "des", "que", "dans"),
    "hu": ("a", "az", "és", "hogy", "nem", "is", "egy", "volt"),
    "it": ("di", "che", "la", "il", "e", "un", "per", "con"),
    "nl": ("de", "het", "een", "van", "en", "dat", "met", "niet"),
    "nb": ("og", "er", "det", "at", "en", "til", "som", "av"),
    "pl": ("i", "w", "na", "z", "się", "nie", "że", "jest"),
    "pt": ("de", "que", "o", "a", "e", "do", "para", "com"),
    "ro": ("de", "și", "în", "a", "la", "cu", "nu", "care"),
    "ru": ("и", "в", "не", "на", "что", "с", "как", "по"),
    "sv": ("och", "att", "det", "som", "en", "är", "av", "för"),
    "tr": ("ve", "bir", "bu", "için", "da", "ile", "olarak", "daha"),
    "uk": ("і", "в", "не", "на", "що", "з", "як", "до"),
}
"""ISO 639-1 code → words. Those of English are Gopher's (Rae et al. 2021); the others are among the most frequent
function words of each language. In a language that is missing here the rule is not applied."""
