"""Project: a folder with a `project.toml` (what is wanted) and a store `.octavo` (what was made)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from octavo.spine.disk import write_durably
from octavo.spine.errors import WRONG_USE, OctavoError, nearest
from octavo.spine.settings import Settings, read_settings
from octavo.spine.stage import Step
from octavo.spine.store import Manifest, Store

FORMAT = 1
FILE = "project.toml"
LARGEST_FILE = 1_000_000


class Head(Settings):
    """The table `[project]`."""

    name: str
    """What the project is called."""
    format: int = FORMAT
    """The version of this file's format."""
    path: str = "own_model"
    """Which path `octavo run` follows."""
    seed: int = 0
    """The seed of every stage that has a setting `seed` and does not set it."""


@dataclass(frozen=True)
class Project:
    """What `project.toml` says, each stage's table not yet checked (that needs the path's stages)."""

    folder: Path
    head: Head
    tables: Mapping[str, Any]
    """Stage → its settings as written in the file."""
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Stage → field → text given by `--set`, stronger than the file."""
    places: Mapping[str, str] = field(default_factory=dict)
    """"table" or "table.key" → where it was given: `project.toml line 14`, `--set …`."""

    @property
    def name(self) -> str:
        """What the project is called."""
        return self.head.name

    @property
    def store(self) -> Store:
        """Where its artifacts lie."""
        return Store(self.folder / ".octavo")

    def settings(self, steps: Sequence[Step]) -> dict[str, Settings]:
        """Step → its validated settings; unknown tables and settings are refused."""
        names = [step.name for step in steps]
        for table, values in [*self.tables.items(), *self.overrides.items()]:
            if table not in names:
                raise OctavoError(
                    "P014",
                    f'There is no stage "{table}"{nearest(table, names)}',
                    where=self._place(table),
                    do=f"use one of: {', '.join(names)}",
                    exit_code=WRONG_USE,
                )
            if not isinstance(values, dict):
                raise OctavoError(
                    "P004",
                    f'"{table}" must be a table of settings (given: {values!r})',
                    where=self._place(table),
                    do=f"write [{table}] and its settings below",
                    exit_code=WRONG_USE,
                )
        return {step.name: self._settings_of(step) for step in steps}

    def _settings_of(self, step: Step) -> Settings:
        model = step.stage.settings
        values = {**self.tables.get(step.name, {}), **_parsed(model, self.overrides.get(step.name, {}))}
        if "seed" in model.model_fields and "seed" not in values:
            if not values:
                return model.model_construct(seed=self.head.seed)  # a checked number among defaults needs no check
            values["seed"] = self.head.seed
        where = f'stage "{step.name}"'
        return read_settings(
            model,
            values,
            where=lambda field: f"{where}, {self._place(step.name, field)}",
        )

    def _place(self, table: str, field: str = "") -> str:
        whole = f"{table}.{field}" if field else table
        return self.places.get(whole) or self.places.get(table) or str(self.folder / FILE)

    def latest(self, step: str) -> Manifest | None:
        """What the latest run that got as far kept or made for `step`; None when none did."""
        from octavo.spine.record import records

        for record in records(self.store):
            key = record.keys().get(step)
            manifest = self.store.manifest(key) if key else None
            if manifest is not None:
                return manifest
        return None

    def artifact(self, step: str) -> Path:
        """The folder of the latest artifact of `step`, checked; S009 when there is none or it is damaged."""
        manifest = self.latest(step)
        wrong = self.store.damages(manifest.artifact, manifest.files) if manifest else []
        if manifest is None or wrong:
            raise OctavoError(
                "S009",
                f'"{step}" is damaged: {wrong[0]}' if wrong else f'"{step}" has not been made yet',
                where=str(self.folder),
                do=f"octavo run --project {self.folder}",
            )
        return self.store.object(manifest.artifact)


def open_project(folder: Path, overrides: Sequence[str] = ()) -> Project:
    """The project in `folder`; `overrides` are `stage.field=value`, stronger than the file."""
    return read_project(_read(folder / FILE), folder, overrides)


def read_project(text: str, folder: Path, overrides: Sequence[str] = ()) -> Project:
    """What `text`, the content of a project file, means in `folder`."""
    file = folder / FILE
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OctavoError(
            "P012",
            f"{FILE} is not valid TOML: {error}",
            where=str(file),
            do="correct that line; strings need quotes",
            exit_code=WRONG_USE,
        ) from None
    places = {name: f"{file} line {line}" for name, line in _lines(text)}
    head_values = document.pop("project", None)
    if not isinstance(head_values, dict):
        raise OctavoError(
            "P012",
            f"{FILE} has no table [project]",
            where=str(file),
            do='begin it with [project] and name = "…"',
            exit_code=WRONG_USE,
        )
    given: dict[str, dict[str, str]] = {}
    for override in overrides:
        table, name, value = split_override(override)
        given.setdefault(table, {})[name] = value
        places[f"{table}.{name}"] = places[table] = f"--set {override}"
    head_values.update(_parsed(Head, given.pop("project", {})))
    _check_format(head_values, places.get("project.format", str(file)))
    head = read_settings(Head, head_values, where=lambda field: places.get(f"project.{field}", str(file)))
    return Project(folder.resolve(), head, document, given, places)


def split_override(override: str) -> tuple[str, str, str]:
    """`stage.field=value` → its three parts."""
    target, equals, value = override.partition("=")
    table, dot, name = target.strip().partition(".")
    if not (equals and dot and table and name):
        raise OctavoError(
            "P018",
            f'--set needs stage.field=value (given: "{override}")',
            do="for example --set pretrain.size=tiny",
            exit_code=WRONG_USE,
        )
    return table, name, value.strip()


def refuse_existing(folder: Path) -> None:
    """Refuse (P011) a folder that is a project already, or a file."""
    where = folder / FILE if folder.is_dir() else folder
    if where.exists() or where.is_symlink():
        raise OctavoError(
            "P011",
            "There is a project here already" if folder.is_dir() else "This is a file, not a folder",
            where=str(where),
            do="choose another folder" if not folder.is_dir() else f"octavo run --project {folder}",
            exit_code=WRONG_USE,
        )


def create_project(folder: Path, text: str) -> Project:
    """Write `text` as the `project.toml` of a new project in `folder`; an existing one is refused."""
    refuse_existing(folder)
    project = read_project(text, folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / FILE, text.encode("utf-8"))
    return project


def toml_value(value: Any) -> str:
    """A JSON-like value as TOML."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return json.dumps(value)


def parse_value(text: str) -> Any:
    """A value as TOML reads it; text that is no TOML value is a string (`--set collect.docs=notes`)."""
    try:
        document = tomllib.loads(f"value = {text}\n")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if len(document) == 1 else text


def _parsed(model: type[Settings], texts: Mapping[str, str]) -> dict[str, Any]:
    values = {name: parse_value(text) for name, text in texts.items()}
    for name, text in texts.items():
        wanted = model.model_fields.get(name)
        if wanted is not None and wanted.annotation is str and not isinstance(values[name], str):
            values[name] = text
    return values


def _read(file: Path) -> str:
    if not file.is_file():
        raise OctavoError(
            "P010",
            "There is no project here",
            where=str(file.parent),
            do=f"octavo new {file.parent}, or name its folder with --project DIR",
            exit_code=WRONG_USE,
        )
    if file.stat().st_size > LARGEST_FILE:
        raise OctavoError(
            "P012",
            f"{FILE} is too large to be a project file ({file.stat().st_size:,} bytes)",
            where=str(file),
            do="put documents beside it, not into it",
            exit_code=WRONG_USE,
        )
    try:
        return file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise OctavoError(
            "P012",
            f"{FILE} is not UTF-8 text (byte {error.start})",
            where=str(file),
            do="save it as UTF-8",
            exit_code=WRONG_USE,
        ) from None


def _check_format(head: Mapping[str, Any], where: str) -> None:
    given = head.get("format", FORMAT)
    if isinstance(given, int) and given > FORMAT:
        raise OctavoError(
            "P013",
            f"This project was made by a newer Octavo (format {given}; this one reads up to {FORMAT})",
            where=where,
            do="install the newer Octavo",
            exit_code=WRONG_USE,
        )


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """`table` and `table.key` → 1-based line, for messages; strings of several lines may mislead it, nothing more."""
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            table = header[1].replace('"', "").replace("'", "")
            yield table, number
        elif key := re.match(r"\s*([\w\-.\"']+)\s*=", line):
            name = key[1].replace('"', "").replace("'", "")
            yield f"{table}.{name}" if table else name, number
            if not table and "." in name:
                yield name.split(".")[0], number
