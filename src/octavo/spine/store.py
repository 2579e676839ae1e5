"""Store: the folder `.octavo` of a project, where artifacts lie under their digest and recipes say how they came.

objects/<digest>/            the artifacts, read-only
recipes/<key>/manifest.json  recipe → artifact, written last
runs/<when>/                 what each run did
tmp/<key>/{out,scratch}      what is being made, and what it needs to go on after a kill
checked/, code.json          side tables that can be rebuilt
locks/, damaged/, pins/      one lock a recipe; objects that failed their check; names that `clean` respects
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from octavo.spine.artifact import Artifact, FileEntry, Files, digest_of, files_in, hash_file, names_in, stamp
from octavo.spine.disk import make_read_only, read_side_table, remove, sync_folder, write_json, write_side_table
from octavo.spine.errors import OctavoError
from octavo.spine.recipe import Recipe, recipe_from_json

FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What carrying out a recipe gave: the artifact, and what it cost."""

    recipe: Recipe
    artifact: str
    kind: str
    files: Files
    seconds: float
    """Wall time of all attempts, those that were killed included."""
    attempts: int
    peak_memory: int
    """Most bytes of memory that the stage and its processes held at once."""
    observed: Mapping[str, float | int | str] = field(default_factory=dict)
    """The last value of each reading."""
    run: str = ""
    """The run that made it, which is also when: UTC, sortable."""

    @property
    def size(self) -> int:
        """Bytes of the artifact."""
        return sum(entry.size for entry in self.files.values())

    def as_json(self) -> dict[str, Any]:
        """The manifest as a JSON document."""
        files = {name: list(entry) for name, entry in self.files.items()}
        return {"format": FORMAT, "key": self.recipe.key, **asdict(self), "files": files}


@dataclass(frozen=True)
class Damage:
    """A stored file that is not what it was: `what` is "missing", "size" or "content"."""

    digest: str
    name: str
    what: str

    def __str__(self) -> str:
        words = {"missing": "is missing", "size": "has another size", "content": "has other content"}
        return f"{self.name} {words[self.what]}"


class Store:
    """The artifacts, recipes and runs of one project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.objects = folder / "objects"
        self.recipes = folder / "recipes"
        self.runs = folder / "runs"
        self.tmp = folder / "tmp"
        self.damaged = folder / "damaged"
        self.pins = folder / "pins"
        self._checked = folder / "checked"

    def lock(self, key: str) -> Path:
        """The lock file of a recipe."""
        return self.folder / "locks" / key

    @property
    def run_lock(self) -> Path:
        """The lock that runs share and that cleaning holds alone."""
        return self.folder / "locks" / "store"

    # recipes

    def manifest(self, key: str) -> Manifest | None:
        """What was kept for a recipe; None when it was never finished or its manifest can't be read."""
        return _read_manifest(self.recipes / key / "manifest.json")

    def manifests(self) -> list[Manifest]:
        """Everything kept, oldest first."""
        if not self.recipes.is_dir():
            return []
        found = (_read_manifest(place / "manifest.json") for place in self.recipes.iterdir())
        return sorted((m for m in found if m is not None), key=lambda m: (m.run, m.recipe.key))

    def keep_manifest(self, manifest: Manifest) -> None:
        """Write what a recipe gave: the last act of making an artifact."""
        write_json(self.recipes / manifest.recipe.key / "manifest.json", manifest.as_json())
        sync_folder(self.recipes)

    # objects

    def object(self, digest: str) -> Path:
        """Where the artifact of that digest lies, or would lie."""
        return self.objects / digest

    def artifact(self, manifest: Manifest) -> Artifact:
        """The artifact of a manifest."""
        return Artifact(manifest.artifact, manifest.kind, self.object(manifest.artifact), manifest.files)

    def keep_object(self, made: Path) -> tuple[str, Files]:
        """Move the folder `made` into the store under the digest of its content; returns digest and files.

        Its bytes are on the disk before it gets its name, and nobody may change it afterwards.
        """
        files = files_in(made, sync=True)
        digest = digest_of(files)
        place = self.object(digest)
        if place.exists() and self.damages(digest, files, thorough=True):
            self.quarantine(digest)
        if not place.exists():
            self.objects.mkdir(parents=True, exist_ok=True)
            try:
                made.rename(place)
            except OSError as error:  # another recipe with the same output was quicker
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            sync_folder(self.objects)
        remove(made)
        make_read_only(place)
        self._remember(digest, files)
        return digest, files

    def damages(self, digest: str, files: Files, *, thorough: bool = False) -> list[Damage]:
        """What is wrong with a stored object; empty when it is sound.

        Names and sizes are always compared. Content is hashed when a file was touched since it was last hashed,
        or always when `thorough`.
        """
        place = self.object(digest)
        if not place.is_dir():
            return [Damage(digest, digest[:12], "missing")]
        wrong = [Damage(digest, name, "content") for name in names_in(place) if name not in files]
        known = {} if thorough else read_side_table(self._checked / f"{digest}.json")
        hashed = False
        for name, entry in files.items():
            file = place / name
            if not file.is_file():
                wrong.append(Damage(digest, name, "missing"))
            elif (now := stamp(file))[0] != entry.size:
                wrong.append(Damage(digest, name, "size"))
            elif known.get(name) != now:
                hashed = True
                if not _same(file, entry):
                    wrong.append(Damage(digest, name, "content"))
        if hashed and not wrong:
            self._remember(digest, files)
        return wrong

    def quarantine(self, digest: str) -> Path:
        """Move a damaged object out of the way, for who wants to look at it; returns where it lies now."""
        self.damaged.mkdir(parents=True, exist_ok=True)
        number = 1
        while (place := self.damaged / f"{digest}.{number}").exists():
            number += 1
        source = self.object(digest)
        source.chmod(0o755)  # a folder that may not be written may not be moved either
        source.rename(place)
        sync_folder(self.damaged)
        sync_folder(self.objects)
        remove(self._checked / f"{digest}.json")
        return place

    def _remember(self, digest: str, files: Files) -> None:
        place = self.object(digest)
        write_side_table(self._checked / f"{digest}.json", {name: stamp(place / name) for name in files})

    def forget(self, digest: str) -> None:
        """Delete an object and its side table."""
        remove(self.object(digest))
        remove(self._checked / f"{digest}.json")

    def stored_digests(self) -> Iterator[str]:
        """The digests of all objects."""
        if self.objects.is_dir():
            yield from sorted(place.name for place in self.objects.iterdir())


def _same(file: Path, entry: FileEntry) -> bool:
    try:
        return hash_file(file) == entry
    except OSError:  # a bad sector reads as an I/O error: that file is damaged
        return False


def _read_manifest(path: Path) -> Manifest | None:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if not isinstance(document, dict):
        return None
    if document.get("format", FORMAT) > FORMAT:
        raise OctavoError(
            "S005",
            "This store was written by a newer Octavo",
            where=str(path),
            do="install the newer Octavo, or run in another project folder",
        )
    try:
        recipe = recipe_from_json(document["recipe"])
        files = {name: FileEntry(*entry) for name, entry in document["files"].items()}
        names = ("artifact", "kind", "seconds", "attempts", "peak_memory", "observed", "run")
        manifest = Manifest(recipe=recipe, files=files, **{name: document[name] for name in names})
    except (KeyError, TypeError, AttributeError):
        return None
    # a manifest that was altered does not describe the recipe it is named by: it counts as never made
    return manifest if recipe.key == path.parent.name and digest_of(files) == manifest.artifact else None
