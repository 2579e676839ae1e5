"""`octavo chat` over a pipe, and what it makes of follow-ups."""


def test_questions_over_a_pipe_are_answered_until_the_end(octavo, project):
    done = octavo("chat", "--project", project, stdin="Where does the nightly backup go?\n\nWho won the cup in 1974?\n")
    assert done.returncode == 0, done.stderr
    assert "Bergen" in done.stdout
    assert "[1] backup.md" in done.stdout
    assert "    declined" in done.stdout
    assert "›" not in done.stdout, "no prompt over a pipe"


def test_quit_ends_it_and_nothing_after_is_read(octavo, project):
    done = octavo("chat", "--project", project, stdin="/quit\nWhere does the nightly backup go?\n")
    assert done.returncode == 0
    assert "Bergen" not in done.stdout


def test_a_citation_is_opened_in_its_place(octavo, project):
    done = octavo("chat", "--project", project, stdin="Where does the nightly backup go?\n/show 1\n/show 99\n/what\n")
    assert done.returncode == 0
    assert "Restoring it takes about four hours" in done.stdout
    assert "the last answer has" in done.stderr
    assert "/quit" in done.stderr


def test_each_answer_is_one_json_line_when_asked_for(octavo, project, lines):
    done = octavo("chat", "--project", project, "--json", stdin="Where does the nightly backup go?\nand what else?\n")
    first, _ = lines(done.stdout)
    assert first["declined"] is False


def test_a_follow_up_is_understood_from_the_question_before(octavo, project, lines):
    done = octavo(
        "chat", "--project", project, "--json", stdin="Where does the nightly backup go?\nwhere is it kept?\n"
    )
    first, second = lines(done.stdout)
    assert first["citations"][0]["document"] == "backup.md"
    assert second["question"] == "where is Backups kept?"


def test_a_line_that_can_not_be_asked_is_told_and_the_talk_goes_on(octavo, project):
    done = octavo("chat", "--project", project, stdin="x" * 9000 + "\nWhere does the nightly backup go?\n")
    assert done.returncode == 1
    assert "V006" in done.stderr
    assert "Bergen" in done.stdout
