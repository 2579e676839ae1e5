"""Fields: what a record states beside its text, as typed values: packages, versions, references, weaknesses, dates."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

Typed = dict[str, Any]
"""Kind of field → sorted tuple of its values; `date` is days since 0001-01-01, a float."""

ABOUT_THE_FILE = frozenset({"split", "cluster", "masked", "license", "path", "source", "id", "aliases", "text"})
"""Fields that say how the record was filed, not what it is about; they are never compared."""
_TEXTS = frozenset({"summary", "details", "title", "description"})
_READ = frozenset(
    {"packages", "affected", "references", "cwes", "published", "modified", "withdrawn", "severity", "date"}
)

MOST_VALUES = 400
"""Values of one kind that a record may have; the rest is left out."""
_VERSION = re.compile(
    r"(?<![\w.])v?(\d+(?:\.\d+){1,4}(?:[-_.]?(?:rc|alpha|beta|pre|p|M)[-_.]?\d*)?)(?![\w])", re.IGNORECASE
)
_PSEUDO = re.compile(r"-(?:0\.)?\d{14}-([0-9a-f]{12})")
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])")
_HOSTED = re.compile(
    r"^(?:www\.)?(github\.com|gitlab\.com|bitbucket\.org|codeberg\.org|gitee\.com)/([\w.-]+)/([\w.-]+)(.*)$"
)
_CODE = re.compile(
    r"`([^`\n]{2,60})`|(?<![\w/.])("
    r"[A-Za-z_][\w]*(?:(?:::|\.|->)[A-Za-z_]\w*)+(?:\(\))?|[a-z]+[A-Z]\w+|[A-Z]+[a-z]+[A-Z]\w*|\w+_\w+|/[\w.-]+(?:/[\w.{}-]+)+|\w+\(\)|[\w-]+\.(?:go|py|rs|c|cpp|h|js|php|rb|java|jsp|html|cgi))(?!\w)"
)
_HOST = re.compile(r"(?i)[\w-]+(?:\.[\w-]+)*\.(?:com|org|io|net|dev|in)")
_CWE = re.compile(r"\d+")
_DATE = re.compile(r"^(\d{4})-(\d\d)-(\d\d)")
_WORDS = re.compile(r"[a-z0-9]+")
_GENERIC = frozenset((
    "com", "org", "net", "io", "www", "github", "gitlab", "golang", "gopkg", "in", "go", "v1", "v2", "v3", "v4",
    "v5", "v6", "v7", "v8", "cve", "npm", "pypi", "crates", "the", "of", "and", "project", "n", "a", "inc",
    "ltd", "llc", "http", "https",
))  # fmt: skip
"""Parts of names that tell nothing."""


def typed_fields(row: Mapping[str, Any], text: str, hidden: Callable[[str], bool]) -> Typed:
    """The typed fields of a row; `text` is its (masked) text, `hidden` says of a value that it gives an id away."""
    found: dict[str, set[str]] = {}

    def put(kind: str, value: Any) -> None:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            plain = str(value).strip().lower()
            if plain and plain != "n/a" and len(plain) <= 300 and not hidden(plain):
                found.setdefault(kind, set()).add(plain)

    for package in _mappings(row.get("packages")) + _mappings(row.get("affected")):
        _package(package, put)
    for reference in _strings_of(row.get("references"), "url"):
        if not hidden(reference):
            _reference(reference, put)
    for weakness in _plain_strings(row.get("cwes")):
        if number := _CWE.search(weakness):
            put("weakness", f"cwe-{number.group()}")
    if isinstance(severity := row.get("severity"), Mapping):
        put("severity", severity.get("vector"))
    for match in _VERSION.finditer(text):
        put("version", _plain_version(match.group(1)))
    for match in _HEX.finditer(text):
        if any(c.isdigit() for c in match.group()) and any(c.isalpha() for c in match.group()):
            put("commit", match.group()[:7])
    for match in _CODE.finditer(text):
        symbol = (match.group(1) or match.group(2)).strip("`()")
        if not _HOST.fullmatch(symbol):
            put("symbol", symbol)
    for kind, value in _flat(row):
        put(kind, value)
    typed: Typed = {kind: tuple(sorted(values)[:MOST_VALUES]) for kind, values in sorted(found.items())}
    for key in ("published", "date", "modified"):
        if (day := _day(row.get(key))) is not None:
            typed["date"] = day
            break
    return typed


def name_words(name: str) -> list[str]:
    """The telling parts of a name of a package, a repository or a product: `github.com/nats-io/jwt/v2` → nats, jwt.

    Parts glued together are kept as such; hosts, version suffixes and fillers are left out.
    """
    return [w for w in _WORDS.findall(name.lower()) if w not in _GENERIC and (len(w) > 1 or w.isalpha())]


def _package(package: Mapping[str, Any], put: Callable[[str, Any], None]) -> None:
    inner = package.get("package")
    if isinstance(inner, Mapping):
        package = {**package, **inner}
    name = package.get("norm") or package.get("name")
    put("package", name)
    put("vendor", package.get("vendor"))
    put("ecosystem", package.get("ecosystem"))
    if isinstance(name, str):
        hosted = _HOSTED.match(name.lower())
        if hosted:
            put("repository", f"{hosted[2]}/{hosted[3]}")
            put("owner", hosted[2])
    for version in _plain_strings(package.get("fixed")):
        _version(version, "fixed", put)
    for limits in _mappings(package.get("ranges")):
        for event in _mappings(limits.get("events")):
            for key, value in event.items():
                if isinstance(value, str):
                    _version(value, "fixed" if key == "fixed" else "version", put)
        for wanted in _plain_strings(limits.get("patched")):
            _version(wanted, "fixed", put)
        for stated in _mappings(limits.get("versions")):
            for key in ("version", "lessThan", "lessThanOrEqual"):
                if isinstance(value := stated.get(key), str):
                    exclusive = (
                        key == "lessThan" or value.lstrip().startswith("<") or stated.get("status") == "unaffected"
                    )
                    _version(value, "fixed" if exclusive and "=" not in value[:3] else "version", put)


def _version(stated: str, kind: str, put: Callable[[str, Any], None]) -> None:
    if pseudo := _PSEUDO.search(stated):
        put("commit", pseudo[1][:7])
        return
    parts = [p for p in stated.split(",") if p.strip()]
    for part in parts:
        if match := _VERSION.search(part.replace("+incompatible", "")):
            plain = _plain_version(match.group(1))
            upper = kind == "fixed" and (len(parts) == 1 or "<" in part)
            if upper:
                put("fixed", plain)
            put("version", plain)
        elif (hexed := _HEX.search(part)) and len(part.strip()) >= 7 and not part.strip().isdigit():
            put("commit", hexed.group()[:7])


def _plain_version(version: str) -> str:
    parts = version.lower().replace("_", "-").split(".")
    while len(parts) > 2 and parts[-1] == "0":
        parts.pop()
    return ".".join(parts)


def _reference(url: str, put: Callable[[str, Any], None]) -> None:
    plain = re.sub(r"^[a-z+]+://", "", url.strip().lower()).rstrip("/")
    plain = plain.partition("#")[0].rstrip("/")
    if not plain:
        return
    hosted = _HOSTED.match(plain)
    if not hosted:
        put("host", plain.partition("/")[0].removeprefix("www."))
        put("url", plain.removeprefix("www."))
        for mark in re.findall(r"(?<![0-9a-f])[0-9a-f]{12,40}(?![0-9a-f])", plain):
            put("commit", mark[:7])
        return
    _, owner, name, rest = hosted.groups()
    name = name.removesuffix(".git")
    put("repository", f"{owner}/{name}")
    put("owner", owner)
    if commit := re.search(r"/commits?/([0-9a-f]{7,40})", rest):
        put("commit", commit[1][:7])
    elif thread := re.search(r"/(?:-/)?(?:pull|issues|merge_requests)/(\d+)", rest):
        put("thread", f"{owner}/{name}#{thread[1]}")
    elif tag := re.search(r"/(?:releases/tag|tree|tags)/(?:[\w/-]*?)v?(\d[\w.-]*)$", rest):
        put("tag", f"{owner}/{name}@{_plain_version(tag[1])}")
        put("version", _plain_version(tag[1]))
    elif rest:
        put("url", plain)


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Values of fields that nobody explained, with their path as their kind."""
    stack: list[tuple[str, Any, int]] = [
        (key, value, 0) for key, value in row.items() if key not in ABOUT_THE_FILE | _TEXTS | _READ
    ]
    while stack:
        kind, value, depth = stack.pop()
        if isinstance(value, Mapping) and depth < 4:
            stack += [(f"{kind}.{key}", inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list) and depth < 4:
            stack += [(kind, inner, depth + 1) for inner in value[:MOST_VALUES]]
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            yield kind, value


def _day(value: Any) -> float | None:
    if not isinstance(value, str) or not (match := _DATE.match(value)) or value.startswith("0001"):
        return None
    try:
        day = date(int(match[1]), int(match[2]), int(match[3])).toordinal()
    except ValueError:
        return None
    return float(day) if math.isfinite(day) else None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _plain_strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _strings_of(value: Any, key: str) -> list[str]:
    """Strings in a list, or those under `key` of its objects."""
    if not isinstance(value, list):
        return []
    either = (item.get(key) if isinstance(item, Mapping) else item for item in value)
    return [item for item in either if isinstance(item, str)]
