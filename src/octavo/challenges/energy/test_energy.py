"""The stream is what it is said to be, and every way is charged for what it does."""

from octavo.challenges.energy.answering import dated
from octavo.challenges.energy.ground import prepare, tiny
from octavo.challenges.energy.responses import memory, neither, retrieval
from octavo.challenges.energy.responses.longer_context import in_parts
from octavo.model.reading.prompt import SHOWN


def probe():
    return [
        {"id": f"{name}-{at}", "set": name, "number": at} for name in ("told", "updated", "never seen") for at in (0, 1)
    ]


def test_updates_follow_what_they_update_and_the_parts_of_the_history_hold_all_of_it(tmp_path):
    for seed in range(3):
        ground = tiny(None, tmp_path, seed)
        old, new = ground.stream[: ground.scale.updates], ground.current[: ground.scale.updates]
        for before, after in zip(old, new, strict=True):
            assert (before.subject, before.question) == (after.subject, after.question)
            assert before.value != after.value
            assert before.date < after.date
        lines = [dated(one) for one in ground.stream]
        assert " ".join(in_parts(lines)) == " ".join(lines)
        assert all(len(part) <= SHOWN for part in in_parts(lines))


def test_memory_and_retrieval_answer_and_are_charged_and_nothing_costs_nothing(tmp_path):
    ground = prepare(None, tmp_path, 0)
    rows = probe()
    found = {
        way.__name__.rpartition(".")[2]: list(way.respond(ground, rows, 0)) for way in (memory, retrieval, neither)
    }
    assert [one.item for one in found["memory"]] == [row["id"] for row in rows]
    for name in ("memory", "retrieval"):
        assert all(one.output.cpu > 0 for one in found[name])
        assert sum(one.output.flops for one in found[name]) > 1e8
    assert all(one.output.declined and not one.output.flops for one in found["neither"])
    never = [one for one in found["memory"] if one.item.startswith("never")]
    assert all(one.output.declined for one in never)
    assert sum(one.output.right for one in found["retrieval"]) >= 1
