"""Makes the helpers beside the tests importable, and reads the standard library once for all tests."""

import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def library():
    """The documents of the running interpreter's standard library, by id, with the aliases of each."""
    from octavo.data.python.compiled import read_compiled
    from octavo.data.python.environment import census
    from octavo.data.python.installed import homes_of
    from octavo.data.python.late import read_late
    from octavo.data.python.names import Names
    from octavo.data.python.objects import read_objects
    from octavo.data.python.records import Catalogue, documents

    wanted = [
        "os",
        "posixpath",
        "ntpath",
        "genericpath",
        "re",
        "re.*",
        "random",
        "threading",
        "json",
        "json.*",
        "pathlib",
        "collections",
        "collections.*",
        "_collections_abc",
        "functools",
        "itertools",
        "contextlib",
        "heapq",
        "bisect",
        "operator",
        "datetime",
        "string",
        "textwrap",
        "struct",
        "base64",
        "hashlib",
        "io",
        "socket",
        "logging",
        "argparse",
        "csv",
        "urllib",
        "urllib.*",
        "tempfile",
        "typing",
        "dataclasses",
        "enum",
        "statistics",
        "copy",
        "glob",
        "zipfile",
        "gzip",
        "unicodedata",
        "uuid",
        "inspect",
        "ast",
        "dis",
        "timeit",
        "queue",
        "multiprocessing",
        "multiprocessing.*",
        "concurrent",
        "concurrent.*",
        "select",
        "signal",
        "sys",
        "shutil",
        "subprocess",
        "asyncio",
        "asyncio.*",
        "sqlite3",
        "sqlite3.*",
        "time",
        "math",
        "weakref",
        "types",
        "turtle",
        "ssl",
        "selectors",
        "keyword",
    ]
    found = census(wanted, ("asyncio.windows*", "*.popen_*"))
    files = [file for file in found.files if file.distribution == "Python"]
    facts = []
    for file in files:
        one = read_objects(Path(file.path).read_bytes(), file.module, is_package=file.is_package)
        one["file"] = file.relative
        facts.append(one)
    facts += read_compiled()[0]
    facts += read_late()
    catalogue = Catalogue(Names(facts), homes_of(files, facts))
    return {document.id: document for document in documents(catalogue, {}, {}, Counter())}
