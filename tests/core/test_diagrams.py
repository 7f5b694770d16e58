"""The diagrams of FETCHING.md are those of the code."""

from helpers.diagrams import DOCUMENT, with_diagrams


def test_the_document_draws_the_tables_as_they_are() -> None:
    text = DOCUMENT.read_text()
    assert with_diagrams(text) == text, "run: python tests/helpers/diagrams.py"
