"""Taste that is tested: the limits may only be tightened."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "octavo"
MODULES = sorted(SOURCE.rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION, MOST_FILES, MEAN_CLOSURE = 500, 60, 16, 0.25
EXCLUDED_NAMES = {"utils", "common", "base", "manager", "helpers", "misc", "core"}
EXCLUDED_NOUNS = {"node", "op", "job", "asset", "blob", "dag", "config", "hparams", "metric", "mitigation", "technique"}
"""Words that would say again what Stage, Artifact, Settings, Measure or Response say; `config.json` is a format."""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, known: set[str]) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(tree(path)):
        if isinstance(part, ast.Import):
            found |= {alias.name for alias in part.names}
        elif isinstance(part, ast.ImportFrom) and part.module and not part.level:
            found |= {part.module} | {f"{part.module}.{alias.name}" for alias in part.names}
    return found & known


def closures() -> dict[str, set[str]]:
    names = {module_name(path): path for path in MODULES if path.name != "__init__.py"}
    direct = {name: imports_of(path, set(names)) for name, path in names.items()}
    result = {}
    for name in names:
        seen, waiting = set(), [name]
        while waiting:
            now = waiting.pop()
            if now not in seen:
                seen.add(now)
                waiting += direct[now]
        result[name] = seen
    return result


def test_no_file_is_longer_than_the_limit():
    long = {str(p.relative_to(ROOT)): n for p in MODULES if (n := len(p.read_text().splitlines())) > LONGEST_FILE}
    assert not long


def test_no_function_is_longer_than_the_limit():
    long = []
    for path in MODULES:
        for part in ast.walk(tree(path)):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (part.end_lineno or part.lineno) - part.lineno + 1
                if size > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{part.lineno} {part.name}: {size}")
    assert not long


def test_no_folder_is_crowded():
    folders = {path.parent for path in MODULES}
    crowded = {str(f): n for f in folders if (n := len(list(f.glob("*.py")))) > MOST_FILES and f.name != "cli"}
    assert not crowded


def test_no_module_has_a_name_that_means_nothing():
    assert not [str(path) for path in MODULES if path.stem in EXCLUDED_NAMES]


def test_one_noun_has_one_word():
    wrong = []
    for path in MODULES:
        for part in ast.walk(tree(path)):
            if isinstance(part, ast.ClassDef):
                words = {word.lower() for word in re.findall(r"[A-Z][a-z]+|[A-Z]+(?![a-z])", part.name)}
                wrong += [f"{path.relative_to(ROOT)}: {part.name}"] if words & EXCLUDED_NOUNS else []
    assert not wrong


def test_modules_reach_few_others_and_never_in_a_circle():
    reached = closures()
    mean = sum(len(c) for c in reached.values()) / len(reached) ** 2
    assert mean <= MEAN_CLOSURE, f"a module reaches {mean:.0%} of the package on average"
    circles = [(a, b) for a in reached for b in reached[a] if a < b and a in reached[b]]
    assert not circles


def test_package_files_are_empty():
    full = [str(p) for p in MODULES if p.name == "__init__.py" and p.parent != SOURCE and p.read_text().strip()]
    assert not full


def test_every_error_code_is_documented_and_raised():
    documented = re.findall(r"^## ([A-Z]\d{3}) ", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.M)
    raised = set()
    for path in MODULES:
        raised |= set(re.findall(r'"([PSDTKVCM]\d{3})"', path.read_text(encoding="utf-8")))
    assert sorted(set(documented)) == documented, "sorted, each once"
    assert set(documented) == raised


def test_every_setting_has_a_docstring():
    import importlib

    from octavo.spine.settings import Settings

    for path in MODULES:
        if re.search(r"^class \w+\(Settings\)", path.read_text(encoding="utf-8"), re.M):
            module = importlib.import_module(module_name(path))
            for value in vars(module).values():
                if isinstance(value, type) and issubclass(value, Settings) and value.__module__ == module.__name__:
                    assert set(value.model_fields) == set(value.field_docs()), value


@pytest.mark.parametrize(
    "pattern", [r"\beval\(", r"\bexec\(", r"pickle\.loads?\(", r"trust_remote_code=True", r"shell=True"]
)
def test_nothing_runs_foreign_code(pattern):
    found = [str(path) for path in MODULES if re.search(r"(?<![\w.])" + pattern, path.read_text(encoding="utf-8"))]
    assert not found


def test_pages_name_no_external_address():
    shown = [p for p in SOURCE.rglob("*") if p.suffix in {".html", ".js", ".css", ".svg", ".jinja"}]
    found = [
        str(p) for p in shown if re.search(r"https?://(?!www\.w3\.org/2000/svg|127\.0\.0\.1|localhost)", p.read_text())
    ]
    assert not found


def test_every_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted += [name for name in extra if not name.startswith("octavo[")]
    pinned = {
        re.split(r"==", line)[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }
    assert {name.lower() for name in wanted} <= {name.replace("_", "-") for name in pinned} | pinned
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text()
