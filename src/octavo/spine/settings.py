"""Settings: one frozen model per stage, whose field docstrings are the help, the form and the docs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_jsonable_python

from octavo.spine.errors import WRONG_USE, OctavoError, nearest

S = TypeVar("S", bound="Settings")


class Settings(BaseModel):
    """The settings of one stage: frozen, unknown fields refused, a docstring under each field."""

    # validators are built when first needed: that is a third of what `octavo plan` takes
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON values, defaults included; needs no serializer, so that none has to be built."""
        return {name: to_jsonable_python(getattr(self, name)) for name in type(self).model_fields}

    @classmethod
    def field_docs(cls) -> dict[str, str]:
        """Field name → its docstring, read from the source once it is asked for (not at import)."""
        import ast
        import inspect
        import textwrap

        docs: dict[str, str] = {}
        for owner in reversed(cls.__mro__):
            if not (isinstance(owner, type) and issubclass(owner, Settings)) or owner is Settings:
                continue
            body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
            assert isinstance(body, ast.ClassDef)
            for field, text in zip(body.body, body.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(text, ast.Expr)
                    and isinstance(text.value, ast.Constant)
                    and isinstance(text.value.value, str)
                ):
                    docs[field.target.id] = " ".join(text.value.value.split())
        return docs


def defaults_of(model: type[Settings]) -> dict[str, Any]:
    """Field → default as a JSON value, for the fields that have one."""
    fields = model.model_fields.items()
    return {
        name: to_jsonable_python(field.get_default(call_default_factory=True))
        for name, field in fields
        if not field.is_required()
    }


def read_settings(model: type[S], values: dict[str, Any], *, where: str | Callable[[str], str]) -> S:
    """Validate `values` into `model`; every mistake is one `OctavoError` that names the field and the nearest option.

    Types are taken as written ("50" is no number, true is no count). `where` says where the values were given, or
    where a given field was.
    """
    if not values and not any(field.is_required() for field in model.model_fields.values()):
        return model.model_construct()
    # defaults go the same way as given values: a strict reading of JSON takes a text for a Path, but not a Path
    values = {**defaults_of(model), **values}
    try:
        return model.model_validate_json(json.dumps(values, default=str), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        where = where if isinstance(where, str) else where(str(first["loc"][0]) if first["loc"] else "")
        if first["type"] == "extra_forbidden":
            options = sorted(model.model_fields)
            raise OctavoError(
                "P003",
                f'There is no setting "{field}" here{nearest(field, options)}',
                where=where,
                do=f"use one of: {', '.join(options)}" if options else "this stage has no settings; remove the line",
                exit_code=WRONG_USE,
            ) from None
        given = "" if first["type"] == "missing" else f" (given: {first.get('input')!r})"
        raise OctavoError(
            "P004",
            f'The setting "{field}" has a wrong value: {first["msg"]}{given}',
            where=where,
            do=model.field_docs().get(field.split(".")[0], "correct the value"),
            exit_code=WRONG_USE,
        ) from None
