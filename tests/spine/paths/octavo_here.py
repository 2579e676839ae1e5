"""The `octavo` command with the workshop's stages and paths: `python octavo_here.py PLACE ARGUMENT…`."""

import sys

place = sys.argv[1]
sys.path[0] = place

import octavo.apps  # noqa: E402
from octavo.cli.main import main  # noqa: E402

octavo.apps.__path__.append(f"{place}/paths")
main(sys.argv[2:])
