"""The standard library of the running interpreter is there under the names people type."""

import pytest

NAMES = [
    "itertools.pairwise",
    "itertools.chain",
    "itertools.chain.from_iterable",
    "math.sqrt",
    "os.path.join",
    "os.path.exists",
    "os.getcwd",
    "os.walk",
    "os.listdir",
    "str.split",
    "str.join",
    "dict.get",
    "list.append",
    "set.add",
    "bytes.decode",
    "re.sub",
    "re.compile",
    "re.Pattern.match",
    "re.Match.group",
    "collections.defaultdict",
    "collections.deque",
    "collections.deque.appendleft",
    "collections.Counter.most_common",
    "collections.OrderedDict.move_to_end",
    "collections.abc.Mapping",
    "datetime.datetime.strptime",
    "datetime.date.today",
    "datetime.timedelta",
    "pathlib.Path",
    "pathlib.Path.glob",
    "pathlib.Path.exists",
    "subprocess.run",
    "subprocess.Popen.communicate",
    "json.loads",
    "json.dumps",
    "functools.lru_cache",
    "functools.reduce",
    "functools.partial",
    "functools.wraps",
    "contextlib.suppress",
    "contextlib.contextmanager",
    "heapq.nlargest",
    "heapq.heappush",
    "random.shuffle",
    "random.choice",
    "shutil.copytree",
    "threading.Lock",
    "threading.Lock.acquire",
    "threading.Thread.start",
    "asyncio.gather",
    "asyncio.run",
    "asyncio.Queue.get",
    "sqlite3.Connection",
    "sqlite3.connect",
    "struct.unpack",
    "base64.b64encode",
    "hashlib.sha256",
    "time.monotonic",
    "time.sleep",
    "io.StringIO",
    "socket.socket",
    "socket.socket.connect",
    "logging.getLogger",
    "logging.Logger.info",
    "argparse.ArgumentParser.add_argument",
    "csv.reader",
    "urllib.parse.urlencode",
    "urllib.request.urlopen",
    "tempfile.TemporaryDirectory",
    "typing.NamedTuple",
    "dataclasses.field",
    "enum.auto",
    "statistics.median",
    "bisect.bisect_left",
    "operator.itemgetter",
    "copy.deepcopy",
    "glob.glob",
    "zipfile.ZipFile.extractall",
    "gzip.open",
    "string.Template",
    "textwrap.dedent",
    "unicodedata.normalize",
    "uuid.uuid4",
    "inspect.signature",
    "ast.parse",
    "dis.dis",
    "timeit.timeit",
    "queue.Queue.get",
    "multiprocessing.Pool",
    "concurrent.futures.ThreadPoolExecutor",
    "concurrent.futures.ThreadPoolExecutor.submit",
    "select.select",
    "signal.signal",
    "sys.argv",
    "sys.exit",
    "sys.path",
    "types.SimpleNamespace",
    "print",
    "sorted",
    "enumerate",
    "len",
    "range",
    "open",
    "zip",
    "isinstance",
    "ValueError",
    "KeyError",
    "Exception",
    "int.bit_length",
    "hashlib.blake2b",
    "hashlib.blake2b.update",
    "multiprocessing.active_children",
    "ssl.SSLSocket.cipher",
    "ssl.SSLSocket.unwrap",
    "selectors.SelectorKey.fileobj",
    "keyword.iskeyword",
    "io.IOBase",
    "inspect.FullArgSpec",
    "dis.Positions",
]

ALIASES = [
    "builtins.len",
    "builtins.str.split",
    "io.open",
    "bisect.insort",
    "pathlib.Path.name",
    "pathlib.Path.joinpath",
    "posixpath.join",
    "posix.getcwd",
    "IOError",
    "socket.timeout",
    "typing.Text",
    "socket.SocketType",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_well_known_object_has_a_record_under_its_name(library, name):
    assert library[name].text


@pytest.mark.parametrize("name", ALIASES)
def test_another_name_leads_to_the_record(library, name):
    assert any(name in document.aliases for document in library.values())


def test_compiled_callables_have_signatures(library):
    assert library["itertools.pairwise"].signature == "(iterable, /)"
    assert library["str.split"].signature == "(sep=None, maxsplit=-1)"
    assert library["range"].signature.splitlines() == [
        "(stop) -> range object",
        "(start, stop[, step]) -> range object",
    ]


def test_public_functions_that_have_documentation_are_all_there(library):
    import inspect
    import itertools
    import json
    import math
    import os
    import shutil
    import time

    known = set(library) | {alias for document in library.values() for alias in document.aliases}
    for module in (itertools, json, math, shutil, time, os):
        for name, value in vars(module).items():
            if inspect.isroutine(value) and inspect.getdoc(value) and not name.startswith("_"):
                assert f"{module.__name__}.{name}" in known


def test_most_records_say_exactly_what_help_says(library):
    import importlib
    import inspect

    same = checked = 0
    for name in NAMES:
        module, _, rest = name.rpartition(".")
        while module and not _importable(module):
            module, _, more = module.rpartition(".")
            rest = f"{more}.{rest}"
        value = importlib.import_module(module or "builtins")
        for part in rest.split("."):
            value = getattr(value() if name.startswith("threading.Lock.") and part == "acquire" else value, part)
        if isinstance(value, (str, int, list, dict)):
            continue
        checked += 1
        same += library[name].text.split()[-20:] == (inspect.getdoc(value) or "").split()[-20:]
    assert same / checked > 0.9


def _importable(module):
    import importlib.util

    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def test_names_are_unique_and_no_alias_repeats_the_name(library):
    for name, document in library.items():
        assert document.id == name
        assert name not in document.aliases
        assert len(set(document.aliases)) == len(document.aliases)


def test_a_name_leads_to_one_record_only(library):
    names = [name for document in library.values() for name in (document.id, *document.aliases)]
    assert len(names) == len(set(names))
