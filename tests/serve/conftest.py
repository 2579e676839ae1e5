"""A small engine that is real (it answers from documents in memory by their names), servers, and a small project."""

import contextlib
import io
import json
import re
import threading
import time
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from octavo.apps.paths import load_path
from octavo.cli.main import main
from octavo.cli.talk import Silent
from octavo.kinds.answer import Answer, Citation
from octavo.kinds.documents import Document
from octavo.kinds.kind import kind
from octavo.serve.address import address_of, bind
from octavo.serve.gateway import create_app
from octavo.spine.project import open_project
from octavo.spine.run import run_path

DOCUMENTS = {
    document.id: document
    for document in (
        Document(
            "itertools.pairwise",
            "Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), ...",
            kind="class",
            signature="(iterable, /)",
            package="python",
            version="3.11.2",
            file="itertoolsmodule.c",
            line=12,
        ),
        Document(
            "page.evil",
            '🙂 Say <script>document.title="owned"</script> & <img src=x onerror=alert(1)>. Then stop.',
            kind="function",
            signature='(text="</script>")',
            package="page",
            version="1<2",
            file="page/evil.py",
            line=3,
        ),
        Document("guide/set up.md", "Install it. Then start it.", title="Set up"),
    )
}


class EchoEngine:
    """Quotes the first sentence of the document whose name is in the question."""

    name, created = "echo", 1_700_000_000

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.most_at_once = self.at_once = self.asked = 0
        self.broken = None
        self._lock = threading.Lock()

    def ask(self, question, history=()):
        found = next((d for d in DOCUMENTS.values() if d.id.rpartition(".")[2] in question), None)
        if found is None:
            reason = "no passage is close enough"
            return Answer(question, "The documents don't answer this.", True, (), 0.1, 0.0, "quote", reason)
        end = re.search(r"\.(?=\s)", found.text).end()
        start = 2 if found.text.startswith("🙂") else 0
        text = found.text[start:end]
        return Answer(question, text, False, (Citation(found.id, start, end, text),), 0.9, 0.0, "quote")

    def stream(self, question, history=()):
        with self._lock:
            self.asked += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.broken is not None:
                raise self.broken
            answer = self.ask(question, history)
            for word in re.findall(r"\S+\s*", answer.answer):
                yield word
                self.gate.wait(20)
            yield answer
        finally:
            with self._lock:
                self.at_once -= 1

    def document(self, document_id):
        self.check()
        return DOCUMENTS.get(document_id)

    def token_spans(self, text):
        return [match.span() for match in re.finditer(r"\s*\S+|\s+$", text)]

    def check(self):
        if self.broken is not None:
            raise self.broken


@pytest.fixture
def engine():
    return EchoEngine()


@contextlib.contextmanager
def served(app):
    """The base address of `app`, served by a real server on a loopback port."""
    with bind("127.0.0.1", 0) as listening:
        address = address_of(listening).rstrip("/")
        uvicorn_server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="on"))
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            while not uvicorn_server.started:
                time.sleep(0.005)
            yield address
        finally:
            uvicorn_server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


@pytest.fixture
def serve():
    """`serve(engine, limits=…, access=…)` starts a server for the test and gives a client for it."""
    with contextlib.ExitStack() as stack:

        def start(engine, **options):
            address = stack.enter_context(served(create_app(engine, **options)))
            return stack.enter_context(httpx.Client(base_url=address, timeout=20))

        yield start


@pytest.fixture
def client(serve, engine):
    return serve(engine)


@pytest.fixture(scope="session")
def quiet():
    """A client of one server that many tests share: for requests that are refused and change nothing."""
    with served(create_app(EchoEngine())) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture
def ask():
    """`ask(client, question, **fields)` posts a chat completion."""

    def post(client, question="what does pairwise return?", /, **fields):
        messages = [{"role": "user", "content": question}]
        return client.post("/v1/chat/completions", json={"model": "echo", "messages": messages, **fields})

    return post


FILES = {
    "backup.md": "# Backups\n\nThe nightly backup of the orders database goes to the vault in Bergen. It is kept for "
    "ninety days. Restoring it takes about four hours, and two people must be present.\n",
    "leave.md": "# Holiday\n\nEverybody has thirty days of holiday in a year. Requests go to the team lead at least "
    "two weeks ahead. Unused days expire at the end of March.\n",
    "sensor.md": "# Moisture sensor\n\nThe moisture sensor drifts by two percent in a year. It is calibrated each "
    "spring with the salt method. <script>alert('x')</script> is shown as text.\n",
    "oncall.md": "# On call\n\nWho is on call answers the pager within ten minutes. The rota changes on Monday at "
    "nine in the morning.\n",
}


def _make_project(folder):
    """A project over a few files that has made its index and tokenizer."""
    docs = folder / "docs"
    docs.mkdir(parents=True)
    for name, text in FILES.items():
        (docs / name).write_text(text, encoding="utf-8")
    tables = ('[project]\nname = "mine"\nformat = 1', '[collect]\ndocs = "docs"', '[base]\nmodel = "scratch"')
    text = "\n\n".join([*tables, "[tokenizer]\nvocabulary = 384\n"])
    (folder / "project.toml").write_text(text, encoding="utf-8")
    _run(folder)
    return folder


def _run(folder):
    names = ("collect", "redact", "clean", "decontaminate", "mix", "base", "tokenizer", "index")
    steps = [step for step in load_path("own_model").steps if step.name in names]
    run_path(open_project(folder), steps, watcher=Silent(), check=lambda name, made: kind(name).check(made))


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    return _make_project(tmp_path_factory.mktemp("project") / "mine")


@pytest.fixture(scope="session")
def run_index():
    """`run_index(folder)` brings a project's index up to date."""
    return _run


@dataclass
class Said:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def octavo(monkeypatch):
    """`octavo("ask", "…", stdin="…")` runs the command line in this process: what it said, and its exit code."""

    def run(*arguments, stdin=""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main([str(argument) for argument in arguments])
            except SystemExit as end:
                code = end.code
        return Said(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def lines():
    """The JSON documents of an output, one a line."""
    return lambda text: [json.loads(line) for line in text.splitlines()]
