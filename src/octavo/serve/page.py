"""Page: the chat page, a template that is filled once and a script that uses the same addresses as any client."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def chat_page(*, model: str, needs_key: bool, command: str) -> str:
    """The page's HTML. `command` is what comes before the question on the command line."""
    return _templates.get_template("chat.html").render(model=model, needs_key=needs_key, command=command)
