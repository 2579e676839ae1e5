"""For all tests: the network is cut, here and in every process that a test starts; no setting of the user leaks in."""

import os
import sys
from pathlib import Path

GUARD = Path(__file__).parent / "tests" / "guard"

sys.path[:0] = [str(GUARD), str(GUARD.parent)]
import sitecustomize  # noqa: E402, F401  (importing it cuts the network)

os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH")]))
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch is loaded, whichever test does so first
for name in [name for name in os.environ if name.startswith("OCTAVO_") and name != "OCTAVO_SHARED"]:
    del os.environ[name]

from hypothesis import settings  # noqa: E402

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")
