"""The hand-written natural sets hold together: what is asked was told, in order; what is untold was not."""

from __future__ import annotations

import calendar
import datetime
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from setuptools.config.pyprojecttoml import read_configuration  # type: ignore[import-untyped]

from titans_edge.errors import DataError
from titans_edge.evaluate import natural, natural_sets, score, wording

FOLDER = Path(natural.__file__).parent
KINDS = {"word", "phrase", "number", "time", "changed", "past", "reference", "two", "when", "untold"}
WORKED_OUT = {"two", "when", "untold"}  # kinds whose answer need not stand in the told text as such
SMALL = {"the", "and", "of", "to", "in", "at", "on", "my", "your", "a", "under", "s"}
SETS = [FOLDER / "dev.json"]  # every file of people; the claims hold of each
MONTHS = calendar.month_name


def load(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def people(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["people"]
    return found


def asked(path: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [(p, q) for p in people(path) for q in p["questions"]]


def where(person: dict[str, Any], values: list[str]) -> list[int]:
    """Places of the messages in which one of the values stands, as words or, in figures, as characters."""
    texts = [m["text"].casefold() for m in person["told"]]
    wanted = [rf"(?<!\w){re.escape(v.casefold())}(?!\w)" for v in values]
    return [i for i, t in enumerate(texts) if any(re.search(w, t) for w in wanted)]


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold())) - SMALL


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_every_person_tells_enough_in_order_and_every_question_has_its_own_id(path: Path) -> None:
    everyone = people(path)
    assert len(everyone) == len({p["name"] for p in everyone}) >= 10
    for person in everyone:
        days = [m["days_ago"] for m in person["told"]]
        assert days == sorted(days, reverse=True) and days[-1] >= 0, person["name"]
        assert 10 <= len(days) <= 14 and len(person["questions"]) >= 15
    ids = [q["id"] for _, q in asked(path)]
    assert len(ids) == len(set(ids)) and all(q["id"].startswith(p["name"] + "-") for p, q in asked(path))


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_every_kind_is_known_and_has_a_dozen_questions(path: Path) -> None:
    count = Counter(q["kind"] for _, q in asked(path))
    assert set(count) == KINDS and min(count.values()) >= 12, count
    assert sum(count.values()) - count["untold"] >= 150
    assert all(bool(q["targets"]) == (q["kind"] != "untold") for _, q in asked(path))
    untold = Counter(p["name"] for p, q in asked(path) if q["kind"] == "untold")
    assert set(untold.values()) == {3} and len(untold) == len(people(path))


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_what_is_asked_was_told_and_does_not_stand_in_the_question(path: Path) -> None:
    for person, q in asked(path):
        if q["kind"] not in WORKED_OUT:
            assert where(person, q["targets"]), q
        for target in q["targets"]:
            assert not wording.has(q["question"], target), q
            assert not words(target) & words(q["question"]), q


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_the_scorer_finds_an_answer_where_it_was_told_and_takes_each_wording_of_it(path: Path) -> None:
    for person, q in asked(path):
        if q["kind"] not in WORKED_OUT:
            for i in where(person, q["targets"]):
                assert any(wording.has(person["told"][i]["text"], t) for t in q["targets"]), q
        for target in q["targets"]:
            assert score.correct(f"It's {target}, as you told me.", target, (), q["question"], q["targets"])
        for wrong in q.get("old", q.get("new", ())):
            assert not any(wording.has(f"It is {wrong}.", t) for t in q["targets"]), q


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_a_changed_fact_was_told_old_then_new_and_the_two_are_told_apart(path: Path) -> None:
    changes = [(p, q) for p, q in asked(path) if q["kind"] in ("changed", "past")]
    for person, q in changes:
        old, new = (q["old"], q["targets"]) if q["kind"] == "changed" else (q["targets"], q["new"])
        assert where(person, old) and where(person, new), q
        assert where(person, old)[0] < where(person, new)[0], q
        assert not any(wording.has(a, b) or wording.has(b, a) for a in old for b in new), q


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_a_date_in_words_is_the_date_in_figures_and_was_not_told_as_such(path: Path) -> None:
    dated = [(p, q, t) for p, q in asked(path) for t in q["targets"] if re.fullmatch(r"\d{4}-\d\d-\d\d", t)]
    assert len(dated) >= 8
    for person, q, iso in dated:
        day = datetime.date.fromisoformat(iso)
        assert q["kind"] == "when" and f"{day.day} {MONTHS[day.month]}" in q["targets"], q
        assert not where(person, q["targets"]), q


def test_plain_people_ask_for_what_they_told() -> None:
    path = FOLDER / "plain.json"
    everyone = people(path)
    assert len(everyone) == 8 and {q["kind"] for _, q in asked(path)} == KINDS - {"when"}
    assert all([q["kind"] for q in p["questions"]].count("untold") == 2 for p in everyone)
    for person, q in asked(path):
        assert bool(q["targets"]) == (q["kind"] != "untold")
        assert q["kind"] in WORKED_OUT or where(person, q["targets"]), q
        assert not any(wording.has(q["question"], target) for target in q["targets"]), q


def test_the_lists_of_questions_are_whole_and_without_repetition() -> None:
    for name, n in (("world.json", 100), ("untold.json", 60)):
        listed = load(name)["questions"]
        assert len(listed) == n == len({q.casefold() for q in listed})
        assert all(isinstance(q, str) and q.strip() == q and q for q in listed)


@pytest.mark.parametrize("path", SETS, ids=lambda p: p.stem)
def test_no_listed_question_is_a_question_somebody_was_told_the_answer_to(path: Path) -> None:
    answered = {q["question"].casefold() for _, q in asked(path) if q["targets"]}
    assert not answered & {q.casefold() for name in ("world.json", "untold.json") for q in load(name)["questions"]}


def test_the_sets_are_packaged() -> None:
    told = read_configuration(Path(__file__).parents[1] / "pyproject.toml")["tool"]["setuptools"]
    assert natural.__name__ in told["packages"]
    patterns = told["package-data"][natural.__name__]
    assert {p for pattern in patterns for p in FOLDER.glob(pattern)} == set(FOLDER.glob("*.json"))


def test_the_shipped_sets_are_of_one_day_each_and_sets_of_different_days_need_one() -> None:
    for name in natural_sets.SETS:
        path = natural_sets.shipped(name)
        everyone = natural_sets.people(path)
        assert len(everyone) >= 8 and natural_sets.day(path).year == 2026
    with pytest.raises(DataError, match="different days"):
        natural_sets.day(natural_sets.shipped("dev"), natural_sets.shipped("typed"))
