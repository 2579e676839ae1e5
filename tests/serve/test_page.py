"""The chat page: what it is made of, and that text stays text."""

import re
from pathlib import Path

import pytest

from octavo.serve import page

FOLDER = Path(page.__file__).parent
SCRIPT = (FOLDER / "static" / "chat.js").read_text(encoding="utf-8")
STYLE = (FOLDER / "static" / "chat.css").read_text(encoding="utf-8")


def test_the_page_and_all_it_loads_come_from_the_server(client):
    html = client.get("/").text
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert {"/static/chat.js", "/static/chat.css", "/static/octavo.svg"} == set(loaded)
    for path in loaded:
        reply = client.get(path)
        assert reply.status_code == 200
        assert not re.search(r"(https?:)?//(?!www\.w3\.org/2000/svg)\w+\.", reply.text.replace("http://www.w3.org", ""))
        assert "@import" not in reply.text
        assert "url(" not in reply.text


def test_the_policy_of_the_page_holds_for_the_page(client):
    html = client.get("/").text
    assert not re.search(r"<script(?![^>]*\bsrc=)", html), "no script inside the page"
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)


def test_the_script_puts_in_text_never_markup():
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|Function\(", SCRIPT)
    assert not re.search(r"\.style\b|setAttribute\(\s*[\"'](?:style|on|src|href)", SCRIPT)


def test_the_script_is_an_island():
    assert len(SCRIPT.splitlines()) <= 300


def test_every_element_the_script_asks_for_is_in_the_page():
    html = page.chat_page(model="mine", needs_key=True, command="octavo ask")
    wanted = set(re.findall(r'\bat\("([\w-]+)"\)', SCRIPT))
    assert wanted <= set(re.findall(r'\bid="([\w-]+)"', html))


def test_names_are_escaped_in_the_page():
    html = page.chat_page(model='<b>"x"&', needs_key=False, command='octavo ask --project "<i>"')
    assert "<b>" not in html
    assert "<i>" not in html
    assert 'data-model="&lt;b&gt;&#34;x&#34;&amp;"' in html


def test_a_key_is_asked_for_only_where_one_is_needed():
    assert 'id="key"' in page.chat_page(model="mine", needs_key=True, command="octavo ask")
    assert 'id="key"' not in page.chat_page(model="mine", needs_key=False, command="octavo ask")


def test_the_page_shows_the_command_that_does_the_same():
    assert "octavo ask --project mine" in page.chat_page(
        model="mine", needs_key=False, command="octavo ask --project mine"
    )


def test_a_hostile_document_reaches_the_page_as_data(client, ask):
    reply = ask(client, "tell me about evil")
    assert reply.headers["content-type"] == "application/json"
    assert "<script>" in reply.json()["choices"][0]["message"]["content"]
    document = client.get("/api/documents/page.evil")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["text"].startswith("🙂 Say <script>")


def colours():
    """The two palettes: name → (r, g, b)."""
    light, dark = re.findall(r":root\s*\{([^}]+)\}", STYLE)
    return [
        {name: tuple(bytes.fromhex(value)) for name, value in re.findall(r"--([\w-]+): #([0-9a-f]{6})", block)}
        for block in (light, dark)
    ]


def luminance(colour):
    parts = [v / 255 for v in colour]
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(part * weight for part, weight in zip(parts, (0.2126, 0.7152, 0.0722), strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "grounds"),
    [
        ("ink", ("paper", "card", "mine", "chip", "decline-paper", "wrong-paper")),
        ("soft", ("paper", "card", "decline-paper")),
        ("accent", ("paper", "card", "chip")),
        ("on-accent", ("accent",)),
        ("on-mark", ("mark",)),
        ("decline", ("decline-paper",)),
        ("wrong", ("wrong-paper", "card", "paper")),
    ],
)
def test_text_has_the_contrast_that_wcag_aa_asks_for(palette, text, grounds):
    found = colours()[palette]
    for ground in grounds:
        assert contrast(found[text], found[ground]) >= 4.5, ground


@pytest.mark.parametrize("palette", [0, 1], ids=["light", "dark"])
def test_the_edges_of_what_can_be_used_are_seen(palette):
    found = colours()[palette]
    for ground in ("paper", "card", "chip"):
        assert contrast(found["edge"], found[ground]) >= 3, ground
