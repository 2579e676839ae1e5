"""The documentation says what is there: generated pages are current, every dependency's licence is permissive."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_generated_pages_are_current():
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_link_between_pages_leads_somewhere():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md"), *ROOT.glob("bench/**/*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} → {target}"


def test_no_dependency_has_a_copyleft_licence_that_binds_its_users():
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.M)
    wrong = []
    for name in pinned:
        try:
            about = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        said = [about.get("License-Expression") or "", *(about.get_all("Classifier") or [])]
        said += [about.get("License") or ""] if len(about.get("License") or "") < 100 else []
        if any(re.search(r"\bA?GPL|GNU (Affero )?General", text) and "LGPL" not in text for text in said):
            wrong.append(name)
    assert not wrong
