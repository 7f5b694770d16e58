"""Every sentence in every language: whole, with the numbers of the data, the same everywhere."""

import hashlib
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date

import pytest

from helpers.notices import LANGUAGES, NOW, ROOT, TEMPLATES, choice, choice_text, library, notice_set, shipped
from mirror.errors import ConfigError, SourceError
from mirror.notices import Act, encode
from mirror.notices.fluent import Sentences, parse, pseudo
from mirror.notices.keys import required_keys
from mirror.notices.load import PublicationNotices, load_library, load_publication_notices
from mirror.notices.locales import words_of
from mirror.notices.model import Clause, is_finished_text
from mirror.notices.render import publish

SET = notice_set(*TEMPLATES)
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹", "0123456789")
MARKS = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
GROUPING = re.compile(r"(?<=\d)[.,٬\u00a0\u202f](?=\d{3}(?!\d))")


def visible(text: str) -> str:
    """The text with Latin digits, without isolates and grouping."""
    return GROUPING.sub("", text.translate(MARKS).translate(DIGITS))


def numbers(text: str) -> list[str]:
    return sorted(re.findall(r"\d+(?:[.-]\d+)*", visible(text)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there_and_finished(language: str) -> None:
    texts = SET.languages[language]
    assert set(SET.languages) == set(LANGUAGES)
    assert texts.texts.keys() == required_keys(SET.catalogue)
    assert texts.gaps == ()
    for key, text in texts.texts.items():
        assert is_finished_text(text), key
        assert not re.search(r"[{}]|\?\?\?|\bJunk\b|alt-|ui-|unit-|statute-|kind-|step-", text), key
        assert text.count("\u2068") == text.count("\u2069"), key
        assert text == text.strip(), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_act_of_every_designation(language: str) -> None:
    texts = SET.languages[language].texts
    for act in Act:
        assert texts[f"act.{act}"]
    for designation in SET.catalogue.designations:
        for act, rule in designation.acts.items():
            assert texts[f"standing.{rule.standing}"], act
            assert rule.instead is None or texts[rule.instead.replace("-", ".", 1)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_penalties_say_the_numbers_of_the_data(language: str) -> None:
    for designation in SET.catalogue.designations:
        for id_ in {id_ for rule in designation.acts.values() for id_ in rule.penalties}:
            penalty = SET.catalogue.penalty(id_)
            text = visible(SET.languages[language].texts[f"d.{designation.id}.p.{id_}"])
            for amount in (penalty.min, penalty.max):
                assert amount is None or re.search(rf"(?<!\d){amount}(?!\d)", text), (id_, text)
            assert penalty.article is None or penalty.article in text
            assert penalty.as_of[:4] in text
            if len(penalty.as_of) == 10:
                assert re.search(rf"(?<!\d){int(penalty.as_of[8:])}(?!\d)", text)
            assert penalty.currency is None or penalty.currency not in text, "the currency has a name"


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_the_same_in_every_language(language: str) -> None:
    """The back-check: nobody typed another number into a translation."""
    for key, english in SET.languages["en"].texts.items():
        text = SET.languages[language].texts[key]
        if language == "zh-Hans":  # the month is a number there
            text = re.sub(r"\d{1,2}月", "", visible(text))
        assert numbers(text) == numbers(english), key


def test_persian_is_written_in_persian_digits_except_articles() -> None:
    fine = SET.languages["fa"].texts["d.ru-undesirable.p.ru-koap-20.33"]
    assert "۵٬۰۰۰" in fine
    assert "۱۵٬۰۰۰" in fine
    assert "\u206820.33\u2069" in fine
    assert SET.languages["fa"].direction == "rtl"
    assert {SET.languages[tag].direction for tag in LANGUAGES if tag != "fa"} == {"ltr"}


def test_what_is_filled_in_is_isolated() -> None:
    for language in LANGUAGES:
        what = SET.languages[language].texts["d.ru-undesirable.what"]
        dates = re.findall("\u2068([^\u2068\u2069]+)\u2069", what)
        assert [numbers(each)[-1] for each in dates] == ["2024", "2024"]


def test_no_translation_is_left_in_english() -> None:
    english = SET.languages["en"].texts
    for language in LANGUAGES:
        if language == "en":
            continue
        same = [key for key, text in SET.languages[language].texts.items() if text == english[key]]
        assert same == [], language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_audience_in_words_follows_the_audience_in_data(language: str) -> None:
    whole = SET.languages[language].texts["d.ru-undesirable.who"]
    ru = SET.catalogue.designation("ru-undesirable")
    for narrower in (ru.audience[:2], (Clause(located="RU", citizen="RU"),)):
        chosen = choice("ru-undesirable")
        changed = replace(ru, audience=narrower)
        kept = tuple(each for each in chosen.catalogue.designations if each.id == "generic")
        chosen = replace(chosen, catalogue=replace(chosen.catalogue, designations=(*kept, changed)))
        made, _ = publish(replace_reviewers(chosen), library(), publisher="p", edition=1, issued=NOW)
        text = made.languages[language].texts["d.ru-undesirable.who"]
        assert is_finished_text(text)
        assert len(text) < len(whole)


def test_only_who_controls_territory_elsewhere_is_said_to() -> None:
    texts = SET.languages["en"].texts
    assert "Russia\u2069 or in territory it controls" in texts["d.ru-undesirable.who"]
    assert "control" not in texts["d.by-extremist.who"]


def replace_reviewers(chosen: PublicationNotices) -> PublicationNotices:
    """The choice with two reviewers on every designation."""
    designations = tuple(
        replace(each, reviewed_by=("editor:a", "native:b")) for each in chosen.catalogue.designations
    )
    return replace(chosen, catalogue=replace(chosen.catalogue, designations=designations))


def test_the_same_bytes_on_every_machine() -> None:
    """The build must not take the locale or the time zone of the machine."""
    script = (
        "import hashlib\nfrom helpers.notices import TEMPLATES, notice_set\n"
        "from mirror.notices import encode\nprint(hashlib.sha256(encode(notice_set(*TEMPLATES))).hexdigest())"
    )
    expected = hashlib.sha256(encode(SET)).hexdigest()
    for locale, zone, seed in [
        ("C", "UTC", "1"),
        ("de_DE.UTF-8", "Asia/Tehran", "2"),
        ("tr_TR", "America/Lima", "3"),
    ]:
        run = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={
                "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}",
                "LC_ALL": locale,
                "LANG": locale,
                "LANGUAGE": locale,
                "TZ": zone,
                "PYTHONHASHSEED": seed,
                "PYTHONUTF8": "1",
            },
        )
        assert run.stdout.strip() == expected, locale


def test_the_order_of_files_does_not_matter() -> None:
    turned = load_library(dict(reversed(list(shipped().items()))))
    chosen = load_publication_notices(choice_text(*reversed(TEMPLATES)), turned)
    made, _ = publish(chosen, turned, publisher=SET.publisher, edition=SET.edition, issued=SET.issued)
    assert encode(made) == encode(SET)


def test_the_pseudo_locale_shows_what_was_not_translated() -> None:
    texts = SET.languages["en-x-pseudo"].texts
    for key, text in texts.items():
        if not key.startswith(("s.", "d.")):
            assert text.startswith("["), key
            assert text.endswith("~]"), key
    assert texts["act.read"] == "[Ŕéádíñg ~~~]"
    assert "5,000" in visible_pseudo(texts["d.ru-undesirable.p.ru-koap-20.33"])
    assert len(texts["ui.advice"]) > len(SET.languages["en"].texts["ui.advice"]) * 1.3


def visible_pseudo(text: str) -> str:
    return text.translate(MARKS)


def test_a_gap_is_recorded_and_nothing_else_is_lost() -> None:
    files = dict(shipped())
    files["text/ru/common.ftl"] = files["text/ru/common.ftl"].replace("kind-fine = Штраф\n", "")
    broken = load_library(files)
    chosen = load_publication_notices(choice_text("ru-undesirable"), broken)
    made, findings = publish(chosen, broken, publisher="p", edition=1, issued=NOW)
    gaps = made.languages["ru"].gaps
    assert gaps == ("d.ru-undesirable.p.ru-koap-20.33", "d.ru-undesirable.p.ru-uk-284.1-1-fine")
    assert [each.where for each in findings if each.code == "translation-gap"] == [
        f"ru, {gap}" for gap in gaps
    ]
    assert not set(gaps) & made.languages["ru"].texts.keys()
    assert made.languages["be"].gaps == ()


def test_a_language_without_any_file_of_a_template_has_only_gaps_there() -> None:
    files = {name: text for name, text in shipped().items() if name != "text/ru/ru-undesirable.ftl"}
    fewer = load_library(files)
    chosen = load_publication_notices(choice_text("ru-undesirable"), fewer)
    made, _ = publish(chosen, fewer, publisher="p", edition=1, issued=NOW)
    assert "d.ru-undesirable.what" in made.languages["ru"].gaps
    assert "d.ru-undesirable.who" in made.languages["ru"].texts  # built from common sentences
    encode(made)


def test_a_missing_date_takes_the_sentence_with_it() -> None:
    text = choice_text("kg-extremist").replace("next_review", "decided = 2025-10-27\nnext_review")
    chosen = load_publication_notices(text, library())
    kg = replace(chosen.catalogue.designation("kg-extremist"), upheld=None)
    kept = [each for each in chosen.catalogue.designations if each.is_generic]
    without = replace(chosen, catalogue=replace(chosen.catalogue, designations=(*kept, kg)))
    with pytest.raises(SourceError) as caught:
        publish(without, library(), publisher="p", edition=1, issued=NOW)
    assert caught.value.code == "missing-english"


# --- the strict Fluent -------------------------------------------------------------------------------

BAD_FLUENT = {
    "junk": ("a = fine\nb fine\n", {"a"}),
    "twice": ("a = one\nb = fine\na = two\n", {"b"}),
    "term twice": ("-a = one\nb = fine\n-a = two\n", {"b"}),
    "attribute": ("a = fine\n    .title = x\nb = fine\n", {"b"}),
    "no value": ("a =\n    .title = x\nb = fine\n", {"b"}),
    "function": ("a = { NUMBER($x) }\nb = fine\n", {"b"}),
    "function in a selector": ("a = { NUMBER($x) ->\n   *[other] x\n}\nb = fine\n", {"b"}),
}


@pytest.mark.parametrize("name", BAD_FLUENT)
def test_what_the_runtime_would_swallow_is_a_problem(name: str) -> None:
    text, left = BAD_FLUENT[name]
    resource = parse(text)
    assert set(resource.entries) == left
    assert len(resource.problems) == 1


@pytest.mark.parametrize(
    "text",
    [
        "a = { $missing }",
        "a = { other }",
        "a = { -term }",
        "a = { $x ->\n   *[one] { $missing }\n}",
        "a = { a }",
        'a = { "{" }',
        'a = { "" }',
        'a = { "\\u202e" }',
        'a = { "\\u2069" }',
        'a = { " " }',
    ],
)
def test_any_error_while_formatting_is_missing(text: str) -> None:
    resource = parse(text + "\nb = { $x } is fine\n")
    assert resource.problems == ()
    sentences = Sentences("en", [resource])
    assert sentences.format("a", {"x": "one"}) is None
    assert sentences.format("b", {"x": "one"}) == "\u2068one\u2069 is fine"
    assert sentences.format("c") is None


def test_plurals_are_chosen_by_the_language() -> None:
    text = "a = { $n ->\n    [one] one\n    [few] few\n    [many] many\n   *[other] other\n}\n"
    expected = {1: "one", 2: "few", 5: "many", 11: "many", 21: "one", 22: "few", 25: "many", 1000: "many"}
    russian = Sentences("ru", [parse(text)])
    assert {n: (russian.format("a", {"n": n}) or "").translate(MARKS) for n in expected} == expected


def test_the_pseudo_locale_leaves_what_is_filled_in() -> None:
    made = Sentences("en", [pseudo(parse("a = paid to { $x } today\n"))])
    assert made.format("a", {"x": "Acme"}) == "[páíd tó \u2068Acme\u2069 tódáý ~~~~~]"


# --- locales ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "number", "day", "russia", "direction"),
    [
        ("en", "15,000", "February 2, 2024", "Russia", "ltr"),
        ("ru", "15\u00a0000", "2 февраля 2024\u202fг.", "Россия", "ltr"),
        ("be", "15\u00a0000", "2 лютага 2024\u202fг.", "Расія", "ltr"),
        ("uk", "15\u00a0000", "2 лютого 2024\u202fр.", "Росія", "ltr"),
        ("fa", "۱۵٬۰۰۰", "۲ فوریهٔ ۲۰۲۴", "روسیه", "rtl"),
        ("fa-AF", "۱۵٬۰۰۰", "۲ فبروری ۲۰۲۴", "روسیه", "rtl"),
        ("prs", "۱۵٬۰۰۰", "۲ فبروری ۲۰۲۴", "روسیه", "rtl"),
        ("zh-Hans", "15,000", "2024年2月2日", "俄罗斯", "ltr"),
        ("tr", "15.000", "2 Şubat 2024", "Rusya", "ltr"),
        ("crh", "15\u00a0000", "2 fevral 2024", "Rusiye", "ltr"),
        ("ba", "15\u00a0000", "2 февраль 2024", "Рәсәй", "ltr"),
        ("ce", "15\u00a0000", "2 февраль 2024", "Росси", "ltr"),
        ("en-x-pseudo", "15,000", "February 2, 2024", "Russia", "ltr"),
    ],
)
def test_how_each_language_writes(tag: str, number: str, day: str, russia: str, direction: str) -> None:
    words = words_of(tag)
    assert words.number(15000) == number
    assert words.date(date(2024, 2, 2)) == day
    assert words.partial_date("2024-02-02") == day
    assert words.territory("RU") == russia
    assert words.direction == direction


def test_partial_dates() -> None:
    assert words_of("en").partial_date("2024-02") == "February 2024"
    assert words_of("crh").partial_date("2024-02") == "fevral 2024"
    assert words_of("fa").partial_date("2023") == "۲۰۲۳"


@pytest.mark.parametrize(("tag", "code"), [("crh", "BR"), ("ba", "BR"), ("en", "QX")])
def test_a_name_nobody_has_is_missing_not_borrowed(tag: str, code: str) -> None:
    with pytest.raises(LookupError):
        words_of(tag).territory(code)


@pytest.mark.parametrize("tag", ["tlh", "xx", "not a tag", ""])
def test_a_language_without_locale_data_is_refused(tag: str) -> None:
    with pytest.raises(ConfigError) as caught:
        words_of(tag)
    assert caught.value.code == "unknown-language"


@pytest.mark.parametrize("tag", ["crh", "ba", "ce"])
def test_the_languages_cldr_forgot_can_be_published(tag: str) -> None:
    """With the Ukrainian sentences standing in for a translation that does not exist yet."""
    files = dict(shipped())
    parts = [name.split("/")[2] for name in files if name.startswith("text/uk/")]
    for part in parts:
        files[f"text/{tag}/{part}"] = files[f"text/uk/{part}"]
    files["translations.toml"] += (
        files["translations.toml"]
        .split("[language.uk]")[1]
        .split("[language")[0]
        .join([f"\n[language.{tag}]", ""])
    )
    more = load_library(files)
    chosen = load_publication_notices(choice_text("ru-undesirable"), more)
    made, _ = publish(chosen, more, publisher="p", edition=1, issued=NOW)
    assert made.languages[tag].gaps == ()
    assert encode(made)


def test_an_amount_without_an_upper_end() -> None:
    chosen = choice("ru-undesirable")
    catalogue = chosen.catalogue
    changed = tuple(
        replace(each, min=3, max=None) if each.id == "ru-uk-284.1-2" else each for each in catalogue.penalties
    )
    made, _ = publish(
        replace(chosen, catalogue=replace(catalogue, penalties=changed)),
        library(),
        publisher="p",
        edition=1,
        issued=NOW,
    )
    text = made.languages["en"].texts["d.ru-undesirable.p.ru-uk-284.1-2"].translate(MARKS)
    assert text.startswith("Imprisonment: 3 years or more (already the first time)")
