"""The doctor's sentences: one for everything, short, calm, and never an instruction without its caution."""

import re

import pytest

from mirror.cli.reader_doctor import report_lines
from mirror.client.advice import CAUTIOUS, Advice, Clues, Pattern, conclude
from mirror.client.diagnosis import Diagnosis, Finding, Way
from mirror.reader import doctor_words as words
from mirror.reader.wrapping import columns


def test_everything_has_its_words() -> None:
    assert set(words.FINDINGS) == set(Finding)
    assert set(words.PATTERNS) == set(Pattern)
    assert set(words.ADVICE) == set(Advice)


def test_sentences_are_whole_and_short() -> None:
    sentences = [*(each for _, each in words.FINDINGS.values()), *words.PATTERNS.values()]
    for each in (*sentences, *words.ADVICE.values(), words.CAUTION):
        assert re.fullmatch(r"[A-Z][^!]*\.", each), each
        assert len(each) <= 180, each
    assert all(len(word) <= 11 for word, _ in words.FINDINGS.values())


def test_the_network_is_not_accused_of_more_than_is_seen() -> None:
    for pattern, sentence in words.PATTERNS.items():
        if "The network" in sentence:
            assert "seems" in sentence, pattern


def test_what_gets_around_a_block_comes_with_the_caution() -> None:
    risky = re.compile(r"--(proxy|resolver|camouflage)|other mirrors|bundle", re.IGNORECASE)
    named = {each for each, sentence in words.ADVICE.items() if risky.search(sentence)}
    assert named - {Advice.CHECK_PROXY} == CAUTIOUS
    assert re.search("watched.*punished", words.CAUTION)


def test_values_are_said() -> None:
    slow = Diagnosis("mirror 1", Finding.WORKS_SLOWLY, bytes_per_second=4_877)
    assert words.finding_words(slow)[1] == "Gives what it must, slowly, about 4.9 kB a second."
    frozen = Diagnosis("mirror 1", Finding.FREEZES, 90_123, 15_766)
    assert words.finding_words(frozen)[1].startswith("A connection stops after about 16 kB.")
    silent = Diagnosis("mirror 1", Finding.WORKS)
    assert words.finding_words(silent)[1] == "Gives what it must."


def test_names_and_clocks_are_said() -> None:
    found = [Diagnosis("mirror 2", Finding.ALTERED), Diagnosis("mirror 7", Finding.ALTERED)]
    clues = Clues(clock_slow_seconds=3 * 86_400)
    lines = "\n".join(report_lines(found, conclude(found, Way(), clues), clues, 100))
    assert "at least 3 days slow" in lines
    assert "Leave mirror 2, mirror 7 out of your list." in lines
    assert lines.count("mirror 2, mirror 7") == 2


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("way", [Way(), Way(is_proxied=True)])
def test_no_line_is_wider_than_the_terminal(width: int, way: Way) -> None:
    found = [
        Diagnosis(f"mirror {number}", finding, 123_456, 16_000) for number, finding in enumerate(Finding, 1)
    ]
    clues = Clues(100_000, is_past_date=True)
    for part in (found, found[5:]):
        lines = list(report_lines(part, conclude(part, way, clues), clues, width))
        assert max(map(columns, lines)) <= width
        assert sum(line.startswith("mirror ") for line in lines) >= len(part)
