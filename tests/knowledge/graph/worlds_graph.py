from octavo.kinds.documents import Document
from octavo.knowledge.index.records import Record


def told(name, text, title="", **fields):
    known = {key: fields.pop(key) for key in ("aliases", "date", "package", "kind") if key in fields}
    return Record(Document(name, text, title=title, **known), fields)


WORLD = [
    told("ada", "Ada Verrin (born 3 May 1961) is a clockmaker from Ostmark. She made the tower clock.", "Ada Verrin"),
    told("ostmark", "Ostmark is a town on the River Lenn. Its market opens at dawn.", "Ostmark"),
    told("lenn", "The River Lenn rises in the Grey Hills and flows north. Barges carry slate.", "River Lenn"),
    told("smith", "Carla Monti was a baker from Pellworm who sold rye bread to sailors.", "Carla Monti"),
    told("pellworm", "Pellworm is an island with a lighthouse and a school.", "Pellworm"),
    told(
        "union",
        "The Lenn Shipping Union (LSU) was founded in 1902. The LSU had barges.",
        "Lenn Shipping Union",
    ),
    *(told(f"filler{n}", f"Notes of day {n}: rain, wind and a market with apples, number {n}.") for n in range(12)),
]
