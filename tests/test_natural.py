"""`eval natural`: how people's messages are told, when, in which mode what is asked, and how it is counted."""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.answering import local
from tests.people import ANNA, SET, Watched, asks, written
from titans_edge.backbone.model import Backbone
from titans_edge.backbone.sampling import Sampling
from titans_edge.chat import Chat
from titans_edge.cli import eval_full_memory, eval_natural
from titans_edge.cli.main import app
from titans_edge.errors import DataError, UsageError
from titans_edge.evaluate import distractors, full_memory, natural_sets, retrieval
from titans_edge.evaluate import natural_runs as runs
from titans_edge.evaluate.natural_sets import DAY, KINDS, Person
from titans_edge.evaluate.runner import Answer
from titans_edge.journal import Journal, NewSpan
from titans_edge.sources import USER

NOW = natural_sets.noon()
PLAN = runs.Plan(("auto",), KINDS, NOW)
LINES = tuple(f"Line number {n} of them." for n in range(12))


@pytest.fixture
def chat(tiny: Backbone, tiny_path: Path, graft_path: Path) -> Iterator[Watched]:
    with (
        local(tiny_path, graft_path) as client,
        Watched(tiny, client, context=1024, sampling=Sampling(max_tokens=3)) as made,
    ):
        made.watch()
        yield made


@pytest.fixture
def people(tmp_path: Path) -> list[Person]:
    return natural_sets.people(written(tmp_path / "set.json"))


def finished(chat: Chat, people: list[Person], plan: runs.Plan) -> runs.Results:
    done = runs.Results()
    assert list(runs.run(chat, people, plan, done)) == [p.name for p in people]
    return done


# -- times -----------------------------------------------------------------------------------------------------------


def test_a_span_has_the_time_at_which_it_was_told(chat: Watched, people: list[Person]) -> None:
    runs.tell(chat, runs.stream(people[:1], PLAN, "Anna"))
    assert chat.client is not None
    assert [(s["text"], s["time"]) for s in chat.client.find()] == [
        ("I live in Leeds.", NOW - 9 * DAY),
        ("My dog is called Rex.", NOW - 9 * DAY),
        ("The key lies under the mat.", NOW - DAY),
        ("I just had lunch.", NOW - DAY / 4),
    ]


def test_messages_that_are_only_read_leave_the_same_spans(chat: Watched, people: list[Person]) -> None:
    assert chat.client is not None
    made = []
    for fast in (False, True):
        chat.watch()
        mine = runs.tell(chat, runs.stream(people[:1], replace(PLAN, lines=LINES[:3]), "Anna"), fast=fast)
        found = chat.client.find()
        assert {s["text"] for s in found if s["id"] in mine} == {s["text"] for s in found} - set(LINES)
        made.append([(s["text"], s["time"], s["source"]) for s in found])
        assert len(chat.turns) == (0 if fast else 3)
    assert made[0] == made[1] and len(made[0]) == 7


def test_time_reaches_the_journal_through_every_door_and_is_now_where_none_is_given(chat: Watched) -> None:
    assert chat.client is not None
    list(chat.learn("Rain fell.", USER, 86400.0))
    chat.commit(99.0)  # nothing was said: nothing is written
    list(chat.turn("It was wet.", learn=False))
    chat.commit(2 * 86400.0)
    began = time.time()
    list(chat.turn("The sun shines."))
    chat.client.wait()
    first, second, third = (s["time"] for s in chat.client.find())
    assert (first, second) == (86400.0, 172800.0) and began <= third <= time.time()


def test_time_never_runs_backwards_and_no_time_is_refused(chat: Watched) -> None:
    assert chat.client is not None
    list(chat.learn("Later.", USER, 500.0))
    list(chat.learn("Earlier.", USER, 400.0))
    assert [s["time"] for s in chat.client.find()] == [500.0, 500.0]
    for bad in (float("nan"), float("inf"), -1.0, 1e12):
        with pytest.raises(UsageError, match="no time"):
            list(chat.learn("Never.", USER, bad))
        with Journal(None) as journal, journal.transaction(), pytest.raises(UsageError):
            journal.append("a", 0, USER, [NewSpan("Never.")], now=bad)
    assert len(chat.client.find()) == 2


def test_statements_are_told_before_among_and_after_at_times_in_order(people: list[Person]) -> None:
    told = runs.stream(people[:1], replace(PLAN, lines=LINES), "Anna")
    assert [s.text for s in told if s.own] == [m.text for m in people[0].told]
    assert sorted(s.text for s in told if not s.own) == sorted(LINES)
    assert [s.time for s in told] == sorted(s.time for s in told)
    assert all(NOW - (9 + runs.BEFORE) * DAY < s.time < NOW for s in told)
    where = [i for i, s in enumerate(told) if s.own]
    gaps = {sum(w < i for w in where) for i, s in enumerate(told) if not s.own}
    assert gaps == {0, 1, 2, 3}, "before, among and after"
    assert told == runs.stream(people[:1], replace(PLAN, lines=LINES), "Anna")
    assert told != runs.stream(people[:1], replace(PLAN, lines=LINES, seed=1), "Anna")


# -- how it is asked -------------------------------------------------------------------------------------------------


def test_messages_are_turns_of_a_chat_and_questions_conversations_of_their_own(
    chat: Watched, people: list[Person]
) -> None:
    before = chat.session.clock
    finished(chat, people[:1], PLAN)
    told, asked = chat.turns[:3], chat.turns[3:]
    assert [(t.message, t.max_tokens, t.before, t.mode) for t in told] == [
        (m.text, 1, 0, "auto") for m in people[0].told
    ]
    assert [t.now for t in told] == [NOW - 9 * DAY, NOW - DAY, NOW - DAY / 4]
    assert [t.message for t in asked] == [q.question for q in people[0].questions]
    assert {(t.now, t.before, t.learn, t.max_tokens, t.mode) for t in asked} == {(NOW, 0, False, 64, "auto")}
    assert all(len(t.known) == 4 for t in asked), "no question was learned"
    assert chat.session.clock is before and chat.sampling.max_tokens == 3


def test_messages_of_one_time_are_one_conversation(chat: Watched, tmp_path: Path) -> None:
    same = {**ANNA, "told": [{"text": t} for t in ("Hello.", "I am Anna.")]}
    finished(chat, natural_sets.people(written(tmp_path / "s.json", {"people": [same]})), PLAN)
    assert [t.before for t in chat.turns[:3]] == [0, 2, 0]


def test_shuffled_asks_every_question_once_of_another_persons_memory(chat: Watched, people: list[Person]) -> None:
    done = finished(chat, people, replace(PLAN, modes=("shuffled",)))
    asked = {t.message: t for t in chat.turns if not t.learn and t.max_tokens == 64}
    assert sorted(a.id for a in done.answers) == sorted(q.id for p in people for q in p.questions)
    for person, other in (people, people[::-1]):
        theirs = " ".join(m.text for m in other.told)
        for q in person.questions:
            t = asked[q.question]
            assert t.mode == "association" and all(text in theirs for text in t.known) and t.known
    with pytest.raises(UsageError, match="two people"):
        next(runs.run(chat, people[:1], replace(PLAN, modes=("shuffled",)), runs.Results()))


def test_full_context_has_all_messages_in_order_and_the_question_alone_none(
    chat: Watched, people: list[Person]
) -> None:
    finished(chat, people[:1], replace(PLAN, modes=("full", "question")))
    assert all(not t.known and t.mode == "off" for t in chat.turns), "nothing was told to the memory"
    full, alone = chat.turns[:5], chat.turns[5:]
    assert {t.facts for t in full} == {
        ("I live in Leeds.", "My dog is called Rex.", "The key lies under the mat.", "I just had lunch.")
    }
    assert {t.facts for t in alone} == {()}


def test_every_step_is_told_to_the_bar(chat: Watched, people: list[Person]) -> None:
    for plan in (
        replace(PLAN, modes=("auto", "full", "shuffled"), lines=LINES[:2]),
        replace(PLAN, modes=("question",)),
        replace(PLAN, rank_only=True),
    ):
        taken: list[int] = []
        list(runs.run(chat, people, plan, runs.Results(), taken.append))
        assert sum(taken) == runs.steps(people, plan), plan


def test_only_the_sentences_are_looked_for_where_no_answer_is_wanted(chat: Watched, people: list[Person]) -> None:
    done = finished(chat, people, replace(PLAN, rank_only=True, modes=("auto", "shuffled")))
    assert not done.answers and [f.id for f in done.found] == ["a1", "a2", "a5", "b1"]


# -- how it is counted -----------------------------------------------------------------------------------------------


def test_the_right_sentence_is_one_of_the_persons_own_that_holds_a_target(chat: Watched, people: list[Person]) -> None:
    done = finished(chat, people, replace(PLAN, lines=("A mat is blue.", "Kippers for all."), rank_only=True))
    found = {f.id: f for f in done.found}
    assert {i: f.right for i, f in found.items()} == {"a1": 1, "a2": 1, "a5": 1, "b1": 1}, "not the statements' words"
    assert done.nowhere == ["b2"], "a3 was never told and a4 needs two sentences"
    assert found["a1"].place in (1, 2) and found["a2"].place is not None and found["b1"].place == 1


def spans(*texts: str) -> list[dict[str, Any]]:
    return [{"id": n, "text": t} for n, t in enumerate(texts, 1)]


def test_places_are_counted_as_by_hand() -> None:
    told = spans("Rex barks.", "I live in Léeds.", "The gate opens at 7:40.", "Rexona smells.", *["Rain."] * 10)
    assert retrieval.with_answer(told, ["LEEDS", "rex"]) == {1, 2} and retrieval.with_answer(told, ["07:40"]) == {3}
    orders = {"first": [1, 2, 3], "fourth": [4, 5, 6, 2], "tenth": [*range(4, 13), 1], "never": [4, 5]}
    found = [
        retrieval.look(lambda q, k, o=order: [told[i - 1] for i in o], name, "word", name, {1, 2})
        for name, order in orders.items()
    ]
    assert [f.place for f in found] == [1, 4, 10, None]
    late = retrieval.look(lambda q, k: [told[9]] * 10 + [told[0]], "late", "word", "", {1})
    assert late.place is None, "more than was asked for does not count"
    (words, whole) = retrieval.table(found)
    assert [round(words.at[k][0]) for k in (1, 4, 10)] == [25, 50, 75] and (whole.kind, whole.n) == ("all", 4)
    assert all(low <= share <= high for share, low, high in whole.at.values())
    made = json.loads(json.dumps(retrieval.as_json(found)))
    assert made["rows"][1]["at_4"]["share"] == 50 and made["found"][3]["place"] is None
    assert retrieval.table([]) == []


def answer(task: str, text: str, right: bool = False, mode: str = "auto") -> Answer:
    return runs.judged(Answer(task + text, task, mode, "?", "", text, right))


@pytest.mark.parametrize(
    "text",
    [
        "You have not told me.", "You haven’t told me that.", "I don't know your cat.", "I DO NOT KNOW.",
        "There is no information about it.", "It was not mentioned.", "You didn't tell me.",
    ],
)  # fmt: skip
def test_what_was_never_told_is_answered_by_saying_so(text: str) -> None:
    assert runs.refuses(text) and answer("untold", text).right
    assert not answer("untold", "Your cat is called Tom.", right=True).right


def test_needless_refusals_are_counted_among_what_was_told() -> None:
    made = [
        answer("word", "You have not told me."),
        answer("word", "You have not told me, but it is Rex.", right=True),
        answer("word", "Rex.", right=True),
        answer("time", "At noon."),
        answer("untold", "You have not told me."),
        answer("word", "I don't know.", mode="full"),
    ]
    assert [(r.mode, r.answerable, r.refused, r.share) for r in runs.refusals(made)] == [
        ("auto", 4, 1, 25.0),
        ("full", 1, 1, 100.0),
    ]
    saved = runs.as_json(runs.Results(answers=made), PLAN, True)
    rows = {(r["task"], r["mode"]): (r["n"], r["accuracy"]) for r in saved["rows"]}  # type: ignore[attr-defined]
    assert rows["word", "auto"] == (3, 200 / 3) and rows["untold", "auto"] == (1, 100.0)
    assert rows["all", "auto"] == (5, 60.0) and saved["today"] == "2026-11-24"


def test_the_table_has_a_row_a_kind_and_a_column_a_mode(
    chat: Watched, people: list[Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    eval_natural.measure(chat, people, replace(PLAN, modes=("auto", "question")), out)
    shown = capsys.readouterr().out
    for kind in ("phrase", "word", "untold", "two", "time", "all"):
        assert f"│ {kind} " in shown, shown
    assert "auto, % right" in shown and "question, % right" in shown and "among the first" in shown
    assert "auto: 0 of 6 answerable questions refused" in shown
    saved = json.loads(out.read_text())
    assert saved["complete"] and len(saved["answers"]) == 14 and saved["retrieval"]["nowhere"] == ["b2"]


def test_ctrl_c_keeps_what_was_done(
    chat: Watched, people: list[Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    chat.watch(interrupt_at=3 + 5 + 1 + 2)  # Anna's messages and questions, Ben's message, his second question
    with pytest.raises(KeyboardInterrupt):
        eval_natural.measure(chat, people, PLAN, out)
    saved = json.loads(out.read_text())
    assert saved["complete"] is False and [a["id"] for a in saved["answers"]] == ["a1", "a2", "a3", "a4", "a5", "b1"]
    shown = capsys.readouterr()
    assert "1 of 2 people" in shown.err and "│ phrase " in shown.out


# -- one memory of all -----------------------------------------------------------------------------------------------


def test_questions_about_the_world_are_compared_between_an_empty_and_a_full_memory(
    chat: Watched, people: list[Person], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, world = tmp_path / "o.json", ["Who wrote Faust?", "Where is the key?"]
    eval_full_memory.measure(chat, people, PLAN, {"world": world, "untold": ["What is my cat called?"]}, out)
    asked = [t for t in chat.turns if t.max_tokens == 64]
    assert [len(t.known) for t in asked] == [0, 0, 5, 5, 5] and {t.now for t in asked} == {NOW}
    saved = json.loads(out.read_text())
    pairs = saved["world"]["questions"]
    assert saved["complete"] and [p["same"] for p in pairs] == [p["empty"] == p["full"] for p in pairs]
    assert saved["world"]["share"] == 50 * sum(p["same"] for p in pairs) and saved["untold"]["n"] == 1
    assert "of 2 questions about the world" in capsys.readouterr().out


def test_replies_of_the_same_text_and_other_tokens_are_not_the_same() -> None:
    a = Answer("1", "world", "auto", "?", "", "Yes.", False, tokens=2)
    made = full_memory.pairs([a, a, a], [a, replace(a, tokens=3), replace(a, answer="No.")])
    assert [p.same for p in made] == [True, False, False]


def test_everybodys_messages_are_told_in_the_order_of_their_times(people: list[Person]) -> None:
    told = runs.stream(people, PLAN, "everybody")
    assert [round((NOW - s.time) / DAY, 2) for s in told] == [9, 3, 1, 0.25]


# -- files -----------------------------------------------------------------------------------------------------------


def test_statements_are_drawn_by_the_seed_and_none_twice(tmp_path: Path) -> None:
    lines = [f"I like dish {n}." for n in range(50)]
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.xz"
    plain.write_text("\n".join([*lines, "", "  i like  dish 3. ", *lines]))
    packed.write_bytes(lzma.compress(plain.read_bytes()))
    assert distractors.load(plain) == distractors.load(packed) == lines
    first = distractors.draw(plain, 30, 0)
    assert first == distractors.draw(packed, 30, 0) != distractors.draw(plain, 30, 1) and len(set(first)) == 30
    assert distractors.draw(None, 1000, 0) == []
    with pytest.raises(UsageError, match="50 different"):
        distractors.draw(plain, 51, 0)
    (tmp_path / "bad.txt.xz").write_text("no xz")
    (tmp_path / "empty.txt").write_text("\n \n")
    for bad in ("none.txt", "bad.txt.xz", "empty.txt"):
        with pytest.raises(DataError):
            distractors.load(tmp_path / bad)


def changed(**question: Any) -> dict[str, Any]:
    return {"people": [{**ANNA, "questions": [{**asks("x", "Who?", "word", "me"), **question}]}]}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (changed(kind="untolld"), "untolld"),
        (changed(targets=[]), "target"),
        (changed(targets=["..."]), "target"),
        (changed(question=" "), "asks nothing"),
        (changed(targets="me"), "questions"),
        ({"people": []}, "asks nothing"),
        ({"people": [ANNA, ANNA]}, "Anna"),
        ({"people": [ANNA, {**ANNA, "name": "Ann"}]}, "a1"),
        ({"people": [{**ANNA, "told": [{"text": "x", "days_ago": -1}]}]}, "days_ago"),
        ([], "Expected"),
    ],
)
def test_a_set_that_is_wrong_is_refused_by_name(tmp_path: Path, content: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        natural_sets.people(written(tmp_path / "s.json", content))


def test_plain_questions_are_strings_or_objects(tmp_path: Path) -> None:
    path = written(tmp_path / "w.json", {"questions": ["Who wrote Faust?", {"question": "Where is Oslo?", "id": "w2"}]})
    assert natural_sets.questions(path) == ["Who wrote Faust?", "Where is Oslo?"]
    for bad in ({"questions": []}, {"questions": [" "]}, {}):
        with pytest.raises(DataError):
            natural_sets.questions(written(path, bad))


def test_the_command_refuses_what_cannot_work_before_anything_is_loaded(tmp_path: Path) -> None:
    path = str(written(tmp_path / "set.json", SET))
    for args, why in (
        (("--people", "Anna,Carla"), "Carla"),
        (("--kinds", "verbs"), "verbs"),
        (("--kinds", "past"), "Nobody"),
        (("--mode", "nonsense"), "nonsense"),
        (("--today", "soon"), "soon"),
        (("--distractors", str(tmp_path / "none.txt")), "none.txt"),
        (("--json", path), "what is read"),
        (("--half", "all"), "all"),
    ):
        file = () if args[0] == "--half" else ("--file", path)
        got = CliRunner().invoke(app, ["eval", "natural", *file, *args])
        assert got.exit_code and why in str(got.exception), (args, got.exception)
