"""Walk through the chat page and the report in headless Chromium, as a person would, with pictures in light and dark.

    python bench/pages.py [--out FOLDER]                   a small engine over three documents, one of them hostile
    python bench/pages.py --project DIR --ask "…" [--out FOLDER]    pictures of a real project's answers
    python bench/pages.py --report DIR/report.html [--out FOLDER]   the report page of a project, wide and narrow

It fails when a step does not do what it should, when the console shows an error, when a request leaves this machine,
when a page is wider than its window, or when a text has less contrast than WCAG AA asks for (4.5 : 1).
"""

import argparse
import base64
import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Browser:
    """Chromium, driven through the two pipes of its debugging protocol."""

    def __init__(self, folder):
        program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if program is None:
            raise SystemExit("bench/pages.py needs Chromium or Chrome")
        self._theirs_in, self._out = os.pipe()
        self._in, self._theirs_out = os.pipe()
        flags = (
            "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
            f"--no-first-run --hide-scrollbars --remote-debugging-pipe --user-data-dir={folder} about:blank"
        )
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" {flags} 3<&{self._theirs_in} 4>&{self._theirs_out}', program],
            pass_fds=(self._theirs_in, self._theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(self._theirs_in)
        os.close(self._theirs_out)
        self._rest, self._number, self.session = b"", 0, None
        self.console, self.requests = [], []
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        target = {"targetId": page["targetId"], "flatten": True}
        self.session = self.call("Target.attachToTarget", **target)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        """End the browser."""
        with contextlib.suppress(OSError):
            os.close(self._out)
        self.process.terminate()
        self.process.wait(10)
        os.close(self._in)

    def call(self, method, **params):
        """Send one command and wait for its result; what happens meanwhile is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            got = self._read()
            if got.get("id") == self._number:
                assert "error" not in got, (method, got["error"])
                return got["result"]
            self._note(got)

    def _read(self):
        while b"\0" not in self._rest:
            part = os.read(self._in, 1 << 16)
            if not part:
                raise SystemExit("Chromium ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        params = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event.get("method") == "Runtime.exceptionThrown":
            self.console.append(params["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif event.get("method") == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.console.append(str(params["args"]))

    def run(self, script):
        """The value of a JavaScript expression."""
        got = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got["exceptionDetails"]
        return got["result"].get("value")

    def until(self, script, seconds=20):
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.run(script):
            if time.monotonic() > end:
                self.picture(Path(tempfile.gettempdir()) / "stuck.png")
                raise AssertionError(f"never true: {script} {self.console}")
            time.sleep(0.02)

    def key(self, name, code=None, text=None):
        """Press and release one key."""
        more = {"key": name, "code": code or name, "windowsVirtualKeyCode": {"Enter": 13, "Escape": 27, "Tab": 9}[name]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **more, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **more)

    def show(self, *, scheme, width=1280, height=800):
        """Light or dark, at a window size."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def picture(self, path):
        """A screenshot."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
        print(path)

    def whole(self, path):
        """A picture of the page from top to bottom, however long it is."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))
        print(path)

    def open(self, address):
        """Go to an address and wait until its script has run."""
        self.call("Page.navigate", url=address)
        self.until(f"location.href.startsWith({json.dumps(address)}) && document.readyState === 'complete'")

    def ask(self, question):
        """Type a question and press Enter; waits for the end of the answer."""
        before = self.run("document.querySelectorAll('#turns > li').length")
        self.run("document.getElementById('question').focus()")
        self.call("Input.insertText", text=question)
        self.key("Enter", text="\r")
        self.until(f"document.querySelectorAll('#turns > li').length === {before + 1}")
        self.until("!document.querySelector('.busy')", 60)


CONTRAST = """(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const under = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!own || e.closest('title, desc')) continue;
    if (!e.checkVisibility({ visibilityProperty: true }) || e.closest('.hidden, .skip, noscript')) continue;
    const ink = e.ownerSVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color;
    const [a, b] = [light(rgb(ink)), light(under(e))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) low.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)} "${e.textContent.slice(0, 30)}"`);
  }
  return low; })()"""


def last(selector):
    """JavaScript for the text of something in the last turn."""
    return f"[...document.querySelectorAll('#turns > li:last-child {selector}')].map((e) => e.textContent).join('|')"


def journey(browser, address, out):
    """Ask, read a citation, meet a hostile document and a refusal, reload, clear; by keyboard where it matters."""
    browser.show(scheme="light")
    browser.open(address)
    assert browser.run("document.activeElement.id") == "question"
    browser.picture(out / "1-welcome.png")

    browser.ask("what does pairwise return?")
    assert "overlapping pairs" in browser.run(last(".words"))
    assert browser.run("document.getElementById('command').textContent") == 'octavo ask "what does pairwise return?"'
    assert browser.run("document.getElementById('status').textContent").startswith("Answer: Return an iterator")

    browser.run("document.querySelector('#turns > li:last-child .chip').focus()")
    browser.key("Enter", text="\r")
    browser.until("!document.getElementById('passage').hidden")
    marked = browser.run("document.querySelector('mark').textContent")
    assert marked == "Return an iterator of overlapping pairs taken from the input iterator."
    facts = browser.run("document.getElementById('facts').textContent")
    assert "python 3.11.2" in facts
    assert "itertoolsmodule.c:12" in facts
    browser.picture(out / "2-passage.png")
    assert not browser.run(CONTRAST), browser.run(CONTRAST)
    browser.key("Escape")
    assert browser.run("document.getElementById('passage').hidden && document.activeElement.className") == "chip"

    browser.ask("tell me about evil")
    browser.run("document.querySelector('#turns > li:last-child .chip').click()")
    browser.until("document.querySelector('mark')?.textContent.startsWith('Say <script>')")
    assert (
        browser.run("document.querySelectorAll('#turns script, #text script, #text img, #signature script').length")
        == 0
    )
    assert browser.run("document.title").startswith("echo")
    assert browser.run("document.querySelector('mark').textContent").endswith("onerror=alert(1)>.")

    browser.ask('who won the "cup" of $HOME?')
    assert browser.run("document.querySelector('#turns > li:last-child .reply').classList.contains('declined')")
    assert "no passage is close enough" in browser.run(last(".sure"))
    assert browser.run("document.getElementById('command').textContent") == "octavo ask 'who won the \"cup\" of $HOME?'"
    browser.picture(out / "3-declined.png")

    browser.show(scheme="dark")
    browser.picture(out / "4-dark.png")
    assert not browser.run(CONTRAST), browser.run(CONTRAST)
    browser.show(scheme="dark", width=420, height=800)
    browser.picture(out / "5-narrow-passage.png")
    browser.run("document.getElementById('close').click()")
    browser.picture(out / "6-narrow.png")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")

    browser.show(scheme="light")
    browser.open(address)
    assert browser.run("document.querySelectorAll('#turns > li').length") == 3
    assert "pairwise" in browser.run("document.querySelector('#turns .chip').textContent")
    browser.run("document.getElementById('clear').click()")
    assert browser.run("document.querySelectorAll('#turns > li').length") == 0
    assert not browser.run("document.getElementById('welcome').hidden")


def pictures(browser, address, questions, out):
    """What a real project answers, in light and dark, with its first passage open."""
    browser.show(scheme="light")
    browser.open(address)
    for number, question in enumerate(questions, 1):
        browser.ask(question)
        browser.run("document.querySelector('#turns > li:last-child .chip')?.click()")
        time.sleep(0.3)
        for scheme in ("light", "dark"):
            browser.show(scheme=scheme)
            browser.picture(out / f"project-{number}-{scheme}.png")
            assert not browser.run(CONTRAST), browser.run(CONTRAST)


TOO_WIDE = """[...document.querySelectorAll('body *')].filter((e) => !e.closest('svg, .wide') &&
  e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 1 &&
  getComputedStyle(e).position !== 'absolute').map((e) => `${e.tagName} ${e.textContent.slice(0, 30)}`)"""
CLIPPED = """[...document.querySelectorAll('svg text')].filter((e) => e.checkVisibility() && (() => {
  const [a, b] = [e.getBoundingClientRect(), e.ownerSVGElement.getBoundingClientRect()];
  return a.left < b.left - 1 || a.right > b.right + 1; })()).map((e) => e.textContent)"""
OVERLAPS = """[...document.querySelectorAll('svg')].filter((e) => e.checkVisibility()).flatMap((svg) => {
  const boxes = [...svg.querySelectorAll('text.label, text.value')].map((e) => [e.getBoundingClientRect(), e]);
  return boxes.flatMap(([a, one], i) => boxes.slice(i + 1).filter(([b]) => a.left < b.right - 1 && b.left < a.right - 1
    && a.top < b.bottom - 3 && b.top < a.bottom - 3).map(([, other]) => `${one.textContent} / ${other.textContent}`));
})"""


def report(browser, file, out):
    """The report page of a project: every section, wide and narrow, light and dark, all of it unfolded."""
    for width in (1280, 400):
        for scheme in ("light", "dark"):
            browser.show(scheme=scheme, width=width)
            browser.open(file.resolve().as_uri())
            browser.whole(out / f"report-{width}-{scheme}.png")
            browser.run("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            for what, script in {
                "low contrast": CONTRAST,
                "too wide": TOO_WIDE,
                "text cut off": CLIPPED,
                "text over text": OVERLAPS,
            }.items():
                assert not (found := browser.run(script)), f"{what} at {width}, {scheme}: {found}"
            assert browser.run("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width}"
            assert not browser.run("document.scripts.length")
            dead = "[...document.querySelectorAll('a')].filter((a) => !document.querySelector(a.getAttribute('href')))"
            assert not browser.run(f"{dead}.length")


def report_only(file, out):
    """Look at a report page without any server."""
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(folder)
        try:
            report(browser, file, out)
            away = [url for url in browser.requests if url != file.resolve().as_uri()]
            assert not away, f"the page loads something: {away}"
            assert not browser.console, f"the console says: {browser.console}"
        finally:
            browser.close()
    print(f"ok: {file} loads nothing, fits 1280 and 400 wide, and can be read in light and dark")


def load_test_parts():
    """The small engine and the server of the tests."""
    spec = importlib.util.spec_from_file_location("serve_parts", ROOT / "tests/serve/conftest.py")
    parts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(parts)
    return parts


def main():
    """Run the journey, or take pictures of a project."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "octavo-pages")
    parser.add_argument("--project", type=Path)
    parser.add_argument("--ask", action="append", default=[])
    parser.add_argument("--report", type=Path, help="the report.html of a project")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.report:
        report_only(options.report, options.out)
        return
    from octavo.serve.gateway import create_app

    parts = load_test_parts()
    if options.project:
        from octavo.apps.own_model.open import open_engine

        engine = open_engine(options.project)
    else:
        engine = parts.EchoEngine()
    with tempfile.TemporaryDirectory() as folder, parts.served(create_app(engine)) as address:
        browser = Browser(folder)
        try:
            if options.project:
                pictures(browser, address, options.ask, options.out)
            else:
                journey(browser, address, options.out)
            away = [url for url in browser.requests if not url.startswith((address, "data:", "about:"))]
            assert not away, f"requests left this machine: {away}"
            assert not browser.console, f"the console says: {browser.console}"
        finally:
            browser.close()
    print(f"ok: {len(browser.requests)} requests, all to this server; nothing on the console")


if __name__ == "__main__":
    main()
