"""The catalogue on disk: found, read, added to; what cannot be read is said in a sentence."""

from pathlib import Path

import pytest

from helpers.notices import NOW, ROOT, choice_text, shipped
from mirror.errors import ConfigError, StorageError
from mirror.limits import MAX_NOTICE_FILE
from mirror.notices.load import load_library, load_publication_notices
from mirror.notices.render import publish
from mirror.publisher import catalogue
from mirror.publisher.catalogue import catalogue_path, read_catalogue


def test_the_shipped_catalogue_is_the_one_in_config() -> None:
    assert catalogue_path().resolve() == ROOT / "config" / "notices"
    assert {name for name in shipped() if not name.startswith("text/")} == {
        "by-extremist.toml",
        "catalogue.toml",
        "generic.toml",
        "ir-contact.toml",
        "kg-extremist.toml",
        "ru-undesirable.toml",
        "sources.toml",
        "translations.toml",
    }
    languages = {name.split("/")[1] for name in shipped() if name.startswith("text/")}
    assert languages == {"be", "en", "fa", "ru", "tr", "uk", "zh-Hans"}


def test_without_a_link_the_source_itself_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "src" / "mirror" / "publisher" / "catalogue.py"
    monkeypatch.setattr(catalogue, "__file__", str(module))
    with pytest.raises(StorageError) as caught:
        catalogue_path()
    assert caught.value.code == "catalogue-missing"
    (tmp_path / "config" / "notices").mkdir(parents=True)
    (tmp_path / "config" / "notices" / "catalogue.toml").touch()
    assert catalogue_path() == tmp_path / "config" / "notices"
    (tmp_path / "src" / "mirror" / "notices" / "catalogue").mkdir(parents=True)
    (tmp_path / "src" / "mirror" / "notices" / "catalogue" / "catalogue.toml").touch()
    assert catalogue_path() == tmp_path / "src" / "mirror" / "notices" / "catalogue"


def test_a_publication_adds_its_own_designation_and_texts(tmp_path: Path) -> None:
    own = shipped()["kg-extremist.toml"].replace('id = "kg-extremist"', 'id = "kg-own"')
    own = own.replace('[[jurisdiction]]\nid = "KG"\n', "")
    (tmp_path / "own.toml").write_text(own, "utf-8")
    (tmp_path / "text" / "en").mkdir(parents=True)
    (tmp_path / "text" / "en" / "kg-own.ftl").write_text(shipped()["text/en/kg-extremist.ftl"], "utf-8")
    (tmp_path / "notes.txt").write_text("not ours", "utf-8")
    library = load_library(read_catalogue(tmp_path))
    chosen = load_publication_notices(choice_text("kg-own"), library)
    made, findings = publish(chosen, library, publisher="p", edition=1, issued=NOW)
    assert not any(finding.is_error for finding in findings)
    assert "Kloop" in made.languages["en"].texts["d.kg-own.what"]
    assert "d.kg-own.what" in made.languages["ru"].gaps


def test_a_file_of_the_same_name_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "catalogue.toml").write_text("schema = 1\nstale_after_days = 5\n", "utf-8")
    assert load_library(read_catalogue(tmp_path)).stale_after_days == 5


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes("имя".encode("cp1251"))
    with pytest.raises(ConfigError) as caught:
        read_catalogue(tmp_path)
    assert caught.value.code == "not-utf-8"
    assert "own.toml" in str(caught.value)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "own.toml").open("wb") as file:
        file.truncate(4 * MAX_NOTICE_FILE + 1)
    with pytest.raises(ConfigError) as caught:
        read_catalogue(tmp_path)
    assert caught.value.code == "too-large"


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "there" / "own.toml").mkdir(parents=True)  # a folder where a file should be
    for folder in (tmp_path / "there", tmp_path / "gone"):
        with pytest.raises(StorageError) as caught:
            read_catalogue(folder)
        assert caught.value.code == "catalogue-unreadable"
        assert str(tmp_path) not in str(caught.value)
