"""Makes the writers beside the tests importable, and reads bytes as the readers do."""

import io
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]


@pytest.fixture(scope="session")
def read():
    """`read(data, name)`: the documents, what else their records hold, and the removals."""
    from octavo.data.read.readers import read_source
    from octavo.data.read.source import Kept, Limits, Source

    def reading(data, name="file", **about):
        limits = about.pop("limits", Limits(largest=2_000_000))
        found = list(read_source(Source(name, io.BytesIO(data), len(data), limits, **about)))
        kept = [one for one in found if isinstance(one, Kept)]
        return [one.document for one in kept], [one.rest for one in kept], [one for one in found if one not in kept]

    return reading
