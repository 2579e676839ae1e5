"""Small worlds of documents that the tests of knowledge ask about."""

from octavo.kinds.documents import Document

PAIRWISE = Document(
    "itertools.pairwise",
    "Return an iterator of overlapping pairs taken from the input iterator.\n\ns -> (s0,s1), (s1,s2), (s2, s3), ...",
    "class",
    signature="(iterable, /)",
    package="Python",
    uses=40,
)
COPYTREE = Document(
    "shutil.copytree",
    "Recursively copy a directory tree and return the destination directory.\n\nIf exception(s) occur, an Error is "
    "raised with a list of reasons.\n\nIf dirs_exist_ok is false (the default) and `dst` already exists, a "
    "`FileExistsError` is raised.",
    "function",
    signature="(src, dst, symlinks=False, dirs_exist_ok=False)",
    package="Python",
    uses=120,
)
SOLVE = Document(
    "numpy.linalg.solve",
    "Solve a linear matrix equation, or system of linear scalar equations.\n\nParameters\n----------\na : array_like\n"
    "    Coefficient matrix.\nb : array_like\n    Ordinate values.\n\nReturns\n-------\nx : ndarray\n"
    "    Solution to the system a x = b.\n\nRaises\n------\nLinAlgError\n    If `a` is singular.",
    "function",
    signature="(a, b)",
    package="numpy",
    uses=90,
)
OBJECTS = (
    PAIRWISE,
    COPYTREE,
    SOLVE,
    Document(
        "pathlib.Path.exists", "Whether this path exists.", "method", signature="(self)", package="Python", uses=300
    ),
    Document(
        "os.path.exists",
        "Test whether a path exists. Returns False for broken symbolic links",
        "function",
        signature="(path)",
        package="Python",
        aliases=("posixpath.exists",),
        uses=800,
    ),
    Document(
        "json.dumps",
        "Serialize ``obj`` to a JSON formatted ``str``.",
        "function",
        signature="(obj, *, indent=None)",
        package="Python",
        uses=700,
    ),
    Document(
        "json.loads", "Deserialize ``s`` to a Python object.", "function", signature="(s)", package="Python", uses=600
    ),
    Document(
        "itertools.chain",
        "chain(*iterables) --> chain object\n\nReturn a chain object whose elements come from "
        "the first iterable until it is exhausted, then the next.",
        "class",
        package="Python",
        uses=500,
    ),
    Document(
        "itertools.cycle",
        "Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.",
        "class",
        package="Python",
        uses=60,
    ),
    Document("itertools", "Functional tools for creating and using iterators.", "module", package="Python", uses=900),
    Document("list.append", "Append object to the end of the list.", "method", package="Python", uses=9000),
    Document("random.shuffle", "Shuffle list x in place, and return None.", "function", package="Python", uses=80),
    Document("shutil.rmtree", "Recursively delete a directory tree.", "function", package="Python", uses=200),
    Document("time.sleep", "Delay execution for a given number of seconds.", "function", package="Python", uses=400),
    Document(
        "re.sub",
        "Return the string obtained by replacing the leftmost non-overlapping occurrences of the "
        "pattern in string by the replacement.",
        "function",
        package="Python",
        uses=900,
    ),
)
HANDBOOK = (
    Document(
        "leave.md",
        "# Leave\n\nEvery employee has 28 days of paid leave a year. Up to five unused days may be "
        "carried over until the end of March.\n\n## Sick leave\n\nReport sickness before nine o'clock by phone. A "
        "doctor's note is needed from the third day on.\n",
        title="Leave",
    ),
    Document(
        "travel.md",
        "# Travel\n\nTrains are booked in second class. Hotels may cost 120 euro a night. Receipts are "
        "handed in within thirty days with the expense form.\n",
        title="Travel",
    ),
    Document(
        "machines.md",
        "# Machines\n\nThe laser cutter may only be used after the safety course. Switch on the "
        "extraction fan before cutting and leave it running for five minutes afterwards.\n\n## 3D printer\n\nThe "
        "printer takes PLA and PETG filament. Clean the bed with isopropanol before each print.\n",
        title="Machines",
    ),
    Document(
        "security.md",
        "# Security\n\nLaptops are encrypted. Passwords live in the vault; the vault is backed up "
        "every night to the second site. Report a lost badge to the front desk at once.\n",
        title="Security",
    ),
)
