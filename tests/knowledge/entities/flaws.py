"""Made databases of flaws: a terse one of packages and a wordy one of products, with known counterparts."""

import json
import random

SYLLABLES = ["ka", "ro", "mi", "zen", "tul", "pra", "vex", "lo", "nir", "dos", "hem", "qui", "bas", "wol", "fer"]
FLAWS = {
    "path traversal": ("reads files outside of the served folder", "a crafted path with dot segments", 22),
    "memory exhaustion": ("allocates without bound and is stopped by the system", "a deeply nested document", 400),
    "signature bypass": ("accepts a token whose signature was never checked", "a token with an empty algorithm", 347),
    "script injection": ("shows markup of strangers to other users unescaped", "a comment with markup", 79),
    "race": ("two writers leave a record half written", "two simultaneous requests", 362),
    "open redirect": ("sends the visitor to a foreign site after the login", "a return address of another host", 601),
}
PLACES = ["parser", "session store", "upload handler", "query planner", "mail gateway", "cache layer", "token endpoint"]


def word(chance, parts):
    return "".join(chance.choice(SYLLABLES) for _ in range(parts))


def databases(count=120, alone=80, seed=1):
    """(left rows, right rows, truth): `count` flaws that both know, and `alone` more on each side."""
    chance = random.Random(seed)
    left, right, truth = [], [], {}
    projects = [(word(chance, 2), word(chance, 3)) for _ in range((count + alone) // 3)]
    for number in range(count + 2 * alone):
        owner, name = chance.choice(projects)
        kind = chance.choice(sorted(FLAWS))
        effect, cause, cwe = FLAWS[kind]
        place, symbol = chance.choice(PLACES), word(chance, 2).title() + word(chance, 2).title()
        fixed = f"{chance.randint(0, 9)}.{chance.randint(0, 30)}.{chance.randint(1, 20)}"
        commit = f"{chance.getrandbits(160):040x}"
        day = f"{chance.randint(2019, 2024)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        key = f"{chance.getrandbits(48):012x}"
        if number < count + alone:
            left.append(
                {
                    "id": f"GO-2024-{number:04d}",
                    "summary": f"{kind.capitalize()} in the {place} of github.com/{owner}/{name}",
                    "details": f"{symbol} of github.com/{owner}/{name} {effect}." if chance.random() < 0.6 else "",
                    "packages": [{"ecosystem": "Go", "name": f"github.com/{owner}/{name}", "fixed": [fixed]}],
                    "references": [{"url": f"https://github.com/{owner}/{name}/commit/{commit}"}]
                    if chance.random() < 0.4
                    else [],
                    "published": day,
                    "extra": {"key": key},
                }
            )
        if number < count or number >= count + alone:
            right.append(
                {
                    "id": f"CVE-2024-{number:04d}",
                    "details": f"The {place} in {name.title()} before {fixed} {effect}. With {cause}, an "
                    f"attacker can use {symbol} to do so. The maintainers advise to update.",
                    "packages": [{"ecosystem": "cve", "name": name, "vendor": owner, "fixed": [fixed]}],
                    "references": [{"url": f"https://github.com/{owner}/{name}/commit/{commit}"}],
                    "cwes": [f"CWE-{cwe}"],
                    "published": day,
                }
            )
        if number < count:
            left[-1]["aliases"] = [f"CVE-2024-{number:04d}"]
            truth[left[-1]["id"]] = right[-1]["id"]
    chance.shuffle(left)
    chance.shuffle(right)
    return left, right, truth


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def f1(links, truth):
    """F1 of links (rows) against the known counterparts."""
    said = {row["left"]: row["right"] for row in links if row["right"] is not None}
    hits = sum(truth.get(left) == right for left, right in said.items())
    return 2 * hits / (len(said) + len(truth))
