"""The loader refuses what it does not know, by file and key, and never repeats a value."""

import tomllib
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notices import ROOT, TEMPLATES, choice, choice_text, library, shipped
from mirror.errors import ConfigError
from mirror.limits import MAX_NOTICE_FILE, MAX_NOTICE_ITEMS
from mirror.notices.load import load_library, load_publication_notices
from mirror.notices.model import Act, Clause, Standing, State
from mirror.notices.render import lint

RU = "ru-undesirable.toml"


def changed(name: str, old: str, new: str) -> dict[str, str]:
    """The shipped files with one change in one file."""
    files = dict(shipped())
    assert files[name].count(old) >= 1, "the example no longer hits"
    files[name] = files[name].replace(old, new, 1)
    return files


def test_the_shipped_catalogue_loads_and_says_what_the_research_says() -> None:
    ru = library().catalogue.designation("ru-undesirable")
    assert (str(ru.decided), str(ru.registered)) == ("2024-02-02", "2024-02-20")
    assert ru.audience == (Clause(located="RU"), Clause(citizen="RU"), Clause(stateless_resident="RU"))
    fine = library().catalogue.penalty("ru-koap-20.33")
    assert (fine.min, fine.max, fine.currency, fine.article) == (5000, 15000, "RUB", "20.33")
    assert (fine.as_of, fine.sources) == ("2024-08-02", ("tass-2024-08-02", "mediazona-2024-04-26"))
    assert ru.acts[Act.SAVE].standing is Standing.CLAIMED
    assert tuple(each.id for each in library().catalogue.designations if not each.is_generic) == TEMPLATES


def test_every_shipped_translation_is_marked_machine() -> None:
    states = {each.state for parts in library().states.values() for each in parts.values()}
    assert states == {State.MACHINE}
    assert set(library().states) == set(library().texts) - {"en"}
    assert all(library().states[tag].keys() == set(library().texts["en"]) for tag in library().states)


def test_only_the_generic_notice_is_on_by_default() -> None:
    chosen = load_publication_notices("schema = 1\n", library())
    assert [each.id for each in chosen.catalogue.designations] == ["generic"]
    assert (chosen.catalogue.penalties, chosen.catalogue.sources, chosen.catalogue.jurisdictions) == (
        (),
        (),
        (),
    )
    assert not any(finding.is_error for finding in lint(chosen, library(), 0))


def test_what_is_off_is_not_carried() -> None:
    chosen = choice("kg-extremist").catalogue
    assert [each.id for each in chosen.designations] == ["generic", "kg-extremist"]
    assert {each.id for each in chosen.sources} == {"24kg-348792", "24kg-365163"}
    assert [each.id for each in chosen.jurisdictions] == ["KG"]


def test_a_publication_replaces_dates_audience_and_bridge() -> None:
    text = choice_text(
        "ru-undesirable", head='responsible = "x"\nstale_after_days = 9\n[bridge]\ntt = ["uk"]\n'
    )
    text += 'decided = 2025-12-14\naudience = [{ located = "RU", citizen = "RU" }]\nstatus = "announced"\n'
    chosen = load_publication_notices(text, library())
    ru = chosen.catalogue.designation("ru-undesirable")
    assert str(ru.decided) == "2025-12-14"
    assert ru.audience == (Clause(located="RU", citizen="RU"),)
    assert ru.status == "announced"
    assert ru.reviewed_by == ("editor:a", "native:b")
    assert chosen.bridge["tt"] == ("uk",)
    assert chosen.bridge["ba"] == ("ru",)
    assert chosen.stale_after_days == 9


def test_the_example_in_config_can_be_published() -> None:
    chosen = load_publication_notices((ROOT / "config/notices.toml").read_text("utf-8"), library())
    assert [each.id for each in chosen.catalogue.designations] == ["generic", "ru-undesirable"]
    assert [finding for finding in lint(chosen, library(), 0) if finding.is_error] == []


REFUSED = [
    # code, file, text, replaced by, key named in the message
    ("unknown-key", RU, 'subject = "publisher"', 'subject = "publisher"\nsubjekt = 1', "subjekt"),
    ("unknown-key", RU, "recipient_risk = true", "recipient_risks = true", "recipient_risks"),
    ("missing-key", RU, 'status = "in-force"\n', "", "status"),
    ("missing-key", RU, 'standing = "reported-lawful"\n', "", "standing"),
    ("no-as-of", RU, "as_of = 2024-08-02\n", "", "as_of"),
    ("wrong-type", RU, "min = 5000", 'min = "5000"', "min"),
    ("wrong-type", RU, "min = 5000", "min = 5000.0", "min"),
    ("wrong-type", RU, "min = 5000", "min = true", "min"),
    ("wrong-type", RU, "past_counts = true", "past_counts = 1", "past_counts"),
    ("wrong-type", RU, "decided = 2024-02-02", 'decided = "2024-02-02"', "decided"),
    ("wrong-type", RU, "decided = 2024-02-02", "decided = 2024-02-02T10:00:00Z", "decided"),
    ("wrong-type", RU, 'sources = ["ipi-2024-02"]', 'sources = "ipi-2024-02"', "sources"),
    ("wrong-type", RU, '{ located = "RU" }', '"RU"', "audience"),
    ("wrong-type", RU, 'article = "20.33"', "article = 20.33", "article"),
    ("out-of-range", RU, "min = 5000", "min = -1", "min"),
    ("out-of-range", RU, "max = 15000", "max = 1000000000001", "max"),
    ("out-of-range", RU, "schema = 1", "schema = 2", "schema"),
    ("out-of-range", "catalogue.toml", "stale_after_days = 120", "stale_after_days = 0", "stale_after_days"),
    ("unknown-act", RU, "[designation.acts.react]", "[designation.acts.applaud]", "acts"),
    ("unknown-standing", RU, 'standing = "claimed"', 'standing = "proven"', "standing"),
    ("unknown-status", RU, 'status = "in-force"', 'status = "sort-of"', "status"),
    ("unknown-subject", RU, 'subject = "publisher"', 'subject = "everyone"', "subject"),
    ("unknown-confidence", RU, 'confidence = "medium"', 'confidence = "sure"', "confidence"),
    ("unknown-penaltykind", RU, 'kind = "fine"', 'kind = "exile"', "kind"),
    ("unknown-step", RU, 'step = "first"', 'step = "third"', "step"),
    ("unknown-unit", RU, 'unit = "year"', 'unit = "decade"', "unit"),
    ("unknown-sourcekind", "sources.toml", 'kind = "publisher"', 'kind = "rumour"', "kind"),
    ("unknown-state", "translations.toml", 'state = "machine"', 'state = "fine"', "state"),
    ("bad-value", RU, 'id = "ru-koap-20.33"', 'id = "RU KoAP"', "id"),
    ("bad-value", RU, 'id = "ru-undesirable"', 'id = "ru.undesirable"', "id"),
    ("bad-value", RU, 'id = "ru-undesirable"', 'id = "common"', "id"),
    ("bad-value", RU, 'jurisdiction = "RU"', 'jurisdiction = "Russia"', "jurisdiction"),
    ("bad-value", RU, '{ citizen = "RU" }', '{ citizen = "ru" }', "citizen"),
    ("bad-value", RU, 'currency = "RUB"', 'currency = "rubles"', "currency"),
    ("bad-value", RU, "as_of = 2024-08-02", 'as_of = "2024-13"', "as_of"),
    ("bad-value", RU, "as_of = 2024-08-02", 'as_of = "2024-02-30"', "as_of"),
    ("bad-value", RU, 'instead = "alt-no-money"', 'instead = "ui-proceed"', "instead"),
    ("bad-value", RU, '"UA-43"', '"Crimea"', "controls"),
    ("bad-value", RU, 'article = "20.33"', 'article = "20\\u202e33"', "article"),
    ("bad-value", "sources.toml", 'url = "https://', 'url = "javascript://', "url"),
    ("bad-value", "sources.toml", 'title = "Meduza', 'title = "{ Meduza', "title"),
    ("bad-value", "translations.toml", 'source = "', 'source = "0', "source"),
    ("bad-value", "catalogue.toml", 'ba = ["ru"]', 'ba = ["Russian language"]', "bridge"),
    ("not-toml", RU, "schema = 1", "schema = ", RU),
    ("not-toml", RU, "schema = 1", "schema = 1\nschema = 1", RU),
    ("duplicate-id", RU, 'id = "ru-uk-284.1-2"', 'id = "ru-koap-20.33"', ""),
    ("duplicate-id", "sources.toml", 'id = "ipi-2024-02"', 'id = "rferl-2024-02-20"', ""),
    ("dangling-source", "sources.toml", 'id = "ipi-2024-02"', 'id = "ipi"', "ru-uk-284.1-2"),
    ("dangling-penalty", RU, 'penalties = ["ru-uk-284.1-2"]', 'penalties = ["ru-uk"]', "donate"),
    ("dangling-jurisdiction", RU, 'id = "RU"', 'id = "RO"', "ru-undesirable"),
]


@pytest.mark.parametrize(("code", "name", "old", "new", "key"), REFUSED)
def test_each_defect_is_refused_by_its_code_and_key(
    code: str, name: str, old: str, new: str, key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_library(changed(name, old, new))
    assert caught.value.code == code
    assert key in str(caught.value)


def test_a_refusal_never_repeats_the_value() -> None:
    for name, old, new in [
        (RU, "min = 5000", 'min = "canary"'),
        (RU, 'currency = "RUB"', 'currency = "canary"'),
        (RU, "[designation.acts.react]", "[designation.acts.canary]"),
        ("sources.toml", 'title = "Meduza', 'title = "{canary}'),
    ]:
        with pytest.raises(ConfigError) as caught:
            load_library(changed(name, old, new))
        assert "canary" not in str(caught.value)


CHOICES = [
    ("unknown-template", 'template = "ru-undesirable"', 'template = "ru"', "template"),
    ("unknown-template", 'template = "ru-undesirable"', 'template = "generic"', "template"),
    ("missing-key", 'reviewed_by = ["editor:a", "native:b"]\n', "", "reviewed_by"),
    ("bad-value", '"native:b"', '"somebody"', "reviewed_by"),
    ("unknown-key", "pseudo = true", "pseudos = true", "pseudos"),
    ("unknown-key", "next_review", "jurisdiction = 'BY'\nnext_review", "jurisdiction"),
    ("unknown-language", "pseudo = true", 'languages = ["en", "tlh"]', "languages"),
    ("wrong-type", "pseudo = true", "pseudo = 1", "pseudo"),
    ("dangling-source", "next_review", 'sources = ["nowhere"]\nnext_review', "ru-undesirable"),
]


@pytest.mark.parametrize(("code", "old", "new", "key"), CHOICES)
def test_each_defect_of_a_choice_is_refused(code: str, old: str, new: str, key: str) -> None:
    whole = choice_text("ru-undesirable")
    load_publication_notices(whole, library())
    assert whole.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        load_publication_notices(whole.replace(old, new), library())
    assert caught.value.code == code
    assert key in str(caught.value)


def test_a_template_is_turned_on_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load_publication_notices(choice_text("ru-undesirable", "ru-undesirable"), library())
    assert caught.value.code == "unknown-template"


@pytest.mark.parametrize(
    "name", ["readme.txt", "text/en.ftl", "text/en/deep/common.ftl", "more/own.toml", "text/en/common.txt"]
)
def test_a_file_whose_name_says_nothing_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_library({**shipped(), name: ""})
    assert caught.value.code == "unknown-file"


@pytest.mark.parametrize("name", ["catalogue.toml", "translations.toml"])
def test_a_file_that_must_be_there_is_missed(name: str) -> None:
    files = dict(shipped())
    del files[name]
    with pytest.raises(ConfigError) as caught:
        load_library(files)
    assert caught.value.code == "missing-file"


@pytest.mark.parametrize("name", [RU, "text/ru/common.ftl"])
def test_a_huge_file_is_refused_before_it_is_parsed(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_library({**shipped(), name: "#" * (MAX_NOTICE_FILE + 1)})
    assert caught.value.code == "too-large"


def test_too_many_entries_are_refused() -> None:
    many = "schema = 1\n" + "[[jurisdiction]]\nid = 'AA'\n" * (MAX_NOTICE_ITEMS + 1)
    with pytest.raises(ConfigError) as caught:
        load_library({**shipped(), "many.toml": many})
    assert caught.value.code == "too-many"


@given(st.text(max_size=200))
def test_garbage_is_only_ever_a_config_error(text: str) -> None:
    for name in (RU, "translations.toml", "catalogue.toml"):
        with suppress(ConfigError):
            load_library({**shipped(), name: text})
    with pytest.raises(ConfigError):
        load_publication_notices(text + "\nschema = 0", library())


@given(st.sampled_from(sorted(n for n in shipped() if n.endswith(".toml"))), st.data())
def test_a_file_with_a_line_lost_loads_or_is_refused(name: str, data: st.DataObject) -> None:
    lines = shipped()[name].splitlines(keepends=True)
    del lines[data.draw(st.integers(0, len(lines) - 1))]
    with suppress(ConfigError):
        load_library({**shipped(), name: "".join(lines)})


def test_every_shipped_fact_has_a_source_that_was_seen() -> None:
    files: Mapping[str, str] = shipped()
    for source in tomllib.loads(files["sources.toml"])["source"]:
        assert str(source["seen"]) == "2026-11-22"
    for each in library().catalogue.penalties:
        assert each.sources, each.id
