"""What a queue says: labels with weights, who is good, what is wrong; and the commands around it."""

import json
import random
from collections import Counter

import numpy as np
import pytest
from click.testing import CliRunner

from octavo.cli.data.review import command
from octavo.data.annotation.consensus import dawid_skene
from octavo.data.annotation.probabilities import out_of_sample
from octavo.data.annotation.queue import Plan, Queue, create
from octavo.data.annotation.results import again, agreement_of, labelled, people_of
from octavo.data.annotation.session import Desk, keys_of, work
from octavo.measures.label_errors import find_label_errors
from octavo.spine.errors import OctavoError


def run(*arguments, piped=""):
    done = CliRunner().invoke(command, [str(one) for one in arguments], input=piped, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def crowd(seed, right=(0.95, 0.9, 0.6, 0.55, 0.55), items=300):
    """(true labels, answers as rows (item, annotator, answer)) of people who are right so often."""
    r = random.Random(seed)
    truth = [r.randrange(2) for _ in range(items)]
    rows = [(i, who, t if r.random() < p else 1 - t) for i, t in enumerate(truth) for who, p in enumerate(right)]
    return truth, rows


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_good_annotators_count_for_more_than_a_majority_of_guessers(seed):
    truth, rows = crowd(seed)
    found = dawid_skene(*zip(*rows, strict=True), 2)
    likely = found.labels.argmax(axis=1)
    votes = np.zeros((len(truth), 2))
    for item, _, answer in rows:
        votes[item, answer] += 1
    assert np.mean(likely == truth) > np.mean(votes.argmax(axis=1) == truth)
    assert np.mean(likely == truth) >= 0.9
    assert found.right[:2].min() > found.right[2:].max()


def test_known_labels_are_believed():
    rows = [(item, who, 1) for item in range(20) for who in range(3)]
    found = dawid_skene(*zip(*rows, strict=True), 2, known=dict.fromkeys(range(10), 0))
    assert found.labels[:10, 0].tolist() == [1.0] * 10
    assert found.right.max() < 0.9


def answered(folder, items=40):
    """A queue that two careful people and one who guesses have answered, with two items to check them."""
    queue = create(folder, Plan(("no", "yes"), wanted=3))
    queue.add([{"id": f"i{k}", "text": f"text {k}", "source": "s"} for k in range(items)])
    queue.add([{"id": f"g{k}", "text": f"known {k}", "gold": "yes"} for k in range(2)])
    r = random.Random(4)
    for who, right in (("anna", 1.0), ("bob", 0.95), ("cem", 0.5)):
        for k in range(items):
            queue.answer(who, f"i{k}", ("no", "yes")[(k % 2) ^ (r.random() >= right)])
        for k in range(2):
            queue.answer(who, f"g{k}", "yes" if right > 0.9 else "no")
    return queue


def test_labels_come_with_weight_agreement_and_votes(tmp_path):
    queue = answered(tmp_path / "q")
    queue.answer("boss", "i5", "no", final=True)
    rows = {row["id"]: row for row in labelled(queue)}
    assert set(rows) == {f"i{k}" for k in range(40)}
    right = [rows[f"i{k}"]["label"] == ("no", "yes")[k % 2] for k in range(40) if k != 5]
    assert sum(right) >= 38
    assert (rows["i5"]["label"], rows["i5"]["weight"]) == ("no", 1.0)
    agreed = [row for row in rows.values() if row["agreement"] == 1.0]
    assert min(row["weight"] for row in agreed) > 0.9
    assert all(row["annotated"] and row["source"] == "s" for row in rows.values())
    majority = {row["id"]: row for row in labelled(queue, method="majority")}
    assert majority["i0"]["weight"] in (0.6667, 1.0)


def test_annotators_are_judged_by_each_other_and_by_known_items(tmp_path):
    people = {row["annotator"]: row for row in people_of(answered(tmp_path / "q"))}
    assert people["anna"]["checks_right"] == 1.0
    assert people["cem"]["checks_right"] == 0.0
    assert people["anna"]["expected_right"] > people["cem"]["expected_right"]


def test_every_kind_of_agreement_is_given(tmp_path):
    scores, reasons = agreement_of(answered(tmp_path / "q"))
    names = [score.name for score in scores]
    assert names[:2] == ["Krippendorff's alpha, nominal", "Fleiss's kappa"]
    assert "Cohen's kappa, anna and bob" in names
    assert len(names) == 5
    assert not reasons
    by_name = dict(zip(names, scores, strict=True))
    assert by_name["Cohen's kappa, anna and bob"].value > by_name["Cohen's kappa, anna and cem"].value


def test_disagreements_and_unsure_items_can_be_looked_at_again(tmp_path):
    queue = answered(tmp_path / "q")
    disagreed = again(queue, "disagreements")
    assert disagreed
    assert all(len(set(queue.entries[row["id"]].answers.values())) == 2 for row in disagreed)
    assert len(again(queue, "unsure", below=1.0)) >= len(again(queue, "unsure", below=0.6))


def texts(seed, noise, n=400):
    """(texts of two topics that share most words, true labels, labels of which `noise` are wrong)."""
    r = random.Random(seed)
    shared = [f"word{k}" for k in range(200)]
    topics = [[f"{name}{k}" for k in range(40)] for name in ("sea", "hill")]
    true = [r.randrange(2) for _ in range(n)]
    made = [" ".join(r.choices(shared, k=25) + r.choices(topics[t], k=6)) for t in true]
    wrong = set(r.sample(range(n), round(noise * n)))
    return made, true, [1 - t if k in wrong else t for k, t in enumerate(true)]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_planted_label_errors_are_found_from_texts_and_labels_alone(rate, seed):
    made, true, given = texts(seed, rate)
    found = {s.row for s in find_label_errors(given, out_of_sample(made, given, 2))}
    wrong = {k for k in range(len(true)) if true[k] != given[k]}
    assert len(found & wrong) >= 0.8 * len(wrong)
    assert len(found & wrong) >= 0.8 * len(found)


def test_a_copy_never_betrays_the_label_of_its_twin():
    r = random.Random(9)
    half = [" ".join(f"u{r.randrange(10**6)}" for _ in range(12)) for _ in range(100)]
    given = [r.randrange(2) for _ in half]
    p = out_of_sample([*half, *(text.upper() for text in half)], [*given, *given], 2)
    assert abs(np.mean(p.argmax(axis=1) == [*given, *given]) - 0.5) < 0.15


def test_empty_texts_have_probabilities_too():
    p = out_of_sample(["", "a b", "b c", "c d", "d e", ""], [0, 1, 0, 1, 0, 1], 2)
    assert p.sum(axis=1) == pytest.approx(np.ones(6))


def test_a_session_answers_skips_comments_and_goes_back(tmp_path):
    queue = create(tmp_path / "q", Plan(("good", "bad", "so-so"), wanted=1, guide="Is it good?"))
    queue.add([{"id": f"i{k}", "text": f"text {k}"} for k in range(4)])
    keys, shown = iter(["x", "g", "b", "1", "c", "2", "s", "q"]), []
    assert list(keys_of(queue.plan.labels)) == ["g", "1", "2"]
    count = work(queue, "anna", Desk(shown.append, lambda: next(keys), lambda what: "doubtful"))
    end = Queue(tmp_path / "q")
    assert count == 3
    answers = Counter(label for entry in end.entries.values() for label in entry.answers.values())
    assert answers == {"bad": 1, "so-so": 1}
    assert sum(entry.changes for entry in end.entries.values()) == 1
    assert [e.comments for e in end.entries.values() if e.comments] == [{"anna": "doubtful"}]
    assert sum(bool(entry.skipped) for entry in end.entries.values()) == 1
    assert "Is it good?" in shown[0]
    assert "4 left" in shown[0]


@pytest.mark.parametrize("labels", [("s", "q"), ("yes", "no"), tuple(f"l{k}" for k in range(9)), ("1", "2", "2b")])
def test_every_label_has_a_key_of_its_own(labels):
    keys = keys_of(labels)
    assert sorted(keys.values()) == sorted(labels)
    assert not set(keys) & set("sbcq")


def test_the_commands_lead_from_records_to_weighted_labels(tmp_path):
    records = write(tmp_path / "r.jsonl", [{"id": f"i{k}", "text": f"text {k}"} for k in range(6)])
    queue, out = tmp_path / "q", tmp_path / "labels.jsonl"
    assert json.loads(run("new", queue, records, "--labels", "no,yes", "--json"))["added"] == 6
    shown = json.loads(run("next", queue, "--as", "anna", "--json"))
    assert shown["labels"] == ["no", "yes"]
    run("answer", queue, shown["item"]["id"], "yes", "--as", "anna")
    for who in ("anna", "bob"):
        rows = [{"id": f"i{k}", "label": "yes" if k % 2 or (who == "bob" and k == 2) else "no"} for k in range(6)]
        said = run("answer", queue, "--as", who, "--json", piped="".join(json.dumps(row) + "\n" for row in rows))
        assert json.loads(said)["answered"] == 6
    run("answer", queue, "i2", "--as", "cem", "--skip")
    status = json.loads(run("status", queue, "--json"))
    assert (status["items"], status["done"], status["disagreements"]) == (6, 6, 1)
    told = json.loads(run("agreement", queue, "--json"))
    assert told["scores"][0]["name"] == "Krippendorff's alpha, nominal"
    second = tmp_path / "second"
    assert json.loads(run("export", queue, "--queue", second, "--json"))["items"] == 1
    assert list(Queue(second).entries) == ["i2"]
    run("answer", queue, "i2", "no", "--as", "boss", "--final")
    run("export", queue, "-o", out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["label"] for row in rows] == ["no", "yes"] * 3
    assert rows[2]["weight"] == 1.0
    assert len(run("export", queue).splitlines()) == 6
    for verb in ("status", "agreement"):
        assert run(verb, queue)


def test_wrong_labels_in_a_file_become_rows_and_a_queue(tmp_path):
    made, true, given = texts(7, 0.1)
    rows = [{"id": f"i{k}", "text": text, "topic": ("sea", "hill")[given[k]]} for k, text in enumerate(made)]
    source, out, queue = write(tmp_path / "r.jsonl", rows), tmp_path / "suspects.jsonl", tmp_path / "q"
    said = run("errors", source, "--field", "topic", "-o", out, "--queue", queue, "--json")
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert json.loads(said)["suspected"] == len(found) == len(Queue(queue).entries)
    right = [row["likely"] == ("sea", "hill")[true[int(row["id"][1:])]] for row in found]
    assert sum(right) >= 0.8 * len(right)


def test_given_probabilities_are_used_and_missing_ones_refused(tmp_path):
    rows = [{"id": f"i{k}", "text": "t", "label": "ab"[k % 2]} for k in range(20)]
    source = write(tmp_path / "r.jsonl", rows)
    chances = [{"id": f"i{k}", "p": [0.9, 0.1] if (k % 2 == 0) ^ (k == 7) else [0.1, 0.9]} for k in range(20)]
    said = json.loads(run("errors", source, "--probabilities", write(tmp_path / "p.jsonl", chances), "--json"))
    assert [row["id"] for row in said["suspected"]] == ["i7"]
    with pytest.raises(OctavoError, match="D090"):
        run("errors", source, "--probabilities", write(tmp_path / "p.jsonl", chances[:5]))
    with pytest.raises(OctavoError, match="D090"):
        run("errors", source, "--field", "nothing")


def test_a_piped_row_that_is_no_answer_is_refused(tmp_path):
    create(tmp_path / "q", Plan(("a", "b")))
    with pytest.raises(OctavoError, match="D091"):
        run("answer", tmp_path / "q", "--as", "anna", piped='{"id": "x"}\n')
