"""Real sources: nothing of a plain document is lost, and little of a page's frame is taken for text."""

import json
import re
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from helpers.corpora import corpus
from mirror.articles import read_folder, sanitize, take_file, to_text

NOW = 1_800_000_000
_ARTICLE = re.compile(r"<article>(.*?)</article>", re.DOTALL)
_HEAD = re.compile(r"<h1>.*?</h1>|<p class=\"meta\">.*?</p>", re.DOTALL)
SAMPLE = 250  # documents of each corpus; the whole of all three takes half a minute


@pytest.mark.parametrize("name", ["en-18f", "en-opensuse", "mixed-26-languages"])
def test_a_corpus_comes_out_whole(name: str) -> None:
    folder = corpus(name)
    listed = json.loads((folder / "index.json").read_text("utf-8"))
    assert len(listed) > SAMPLE
    step = len(listed) // SAMPLE
    chosen = {entry["file"]: entry for entry in listed[::step]}
    files = [(file, (folder / file).read_bytes()) for file in chosen]
    taken = read_folder([*files, ("index.json", json.dumps(list(chosen.values())).encode())])
    assert taken.problems == ()
    assert len(taken.drafts) == len(chosen)
    for draft, (file, data) in zip(taken.drafts, sorted(files), strict=True):
        entry = chosen[file]
        assert draft.language == entry["lang"]
        assert (
            draft.title == " ".join(entry["title"].replace("\ufeff", "").split(" ")).strip()
            or len(draft.title) > 3
        )
        found = _ARTICLE.search(data.decode())
        assert found is not None
        given = Counter(re.findall(r"\w+", to_text(sanitize(_HEAD.sub("", found.group(1), count=2)).body)))
        kept = Counter(re.findall(r"\w+", draft.body_text))
        told = Counter(
            re.findall(r"\w+", " ".join([*draft.removed, *draft.credits, draft.title, draft.byline]))
        )
        assert given - kept - told == Counter(), file
        article = draft.to_article("main", "en", NOW)
        assert sanitize(article.body, language=article.language).body == article.body


def test_pages_of_real_sites_lose_their_frame() -> None:
    folder = corpus("extraction")
    truth = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    hits = wanted = given = 0
    for name, entry in islice(truth.items(), 30):
        (draft,) = take_file(f"{name}.html", Path(folder, "html", f"{name}.html").read_bytes()).drafts
        ours, theirs = (Counter(re.findall(r"\w+", text)) for text in (draft.body_text, entry["articleBody"]))
        hits += sum((ours & theirs).values())
        wanted += sum(theirs.values())
        given += sum(ours.values())
        assert draft.title
    assert hits / wanted > 0.95
    assert hits / given > 0.95
