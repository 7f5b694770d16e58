"""The notices of a publication: what ``notices.toml`` turns on, rendered for signing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from mirror.articles.designation import DesignationFound
from mirror.notices.lint import Finding
from mirror.notices.load import Library, PublicationNotices, load_library, load_publication_notices
from mirror.notices.model import Designation, NoticeSet
from mirror.notices.render import lint, publish
from mirror.publisher.catalogue import read_catalogue
from mirror.publisher.workspace import Workspace

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Notices:
    """The catalogue, and what the publication turned on of it."""

    library: Library
    choice: PublicationNotices

    @property
    def templates(self) -> tuple[Designation, ...]:
        """Every designation that could be turned on; the generic notice always is."""
        return tuple(each for each in self.library.catalogue.designations if not each.is_generic)

    @property
    def on(self) -> tuple[Designation, ...]:
        """What is turned on besides the generic notice."""
        return tuple(each for each in self.choice.catalogue.designations if not each.is_generic)

    def lint(self, now: int) -> tuple[Finding, ...]:
        """Every broken rule, errors and warnings."""
        return lint(self.choice, self.library, now)

    def uncovered(self, found: Iterable[DesignationFound]) -> tuple[DesignationFound, ...]:
        """The designations, stated in articles, of countries that no notice that is on names.

        One whose country was not recognised is covered by whatever somebody turned on knowingly.
        """
        covered: set[str | None] = {each.jurisdiction for each in self.on}
        if covered:
            covered.add(None)
        return tuple(each for each in found if each.jurisdiction not in covered)


def load_notices(workspace: Workspace) -> Notices:
    """The notices of the publication.

    Raises:
        ConfigError: The catalogue or ``notices.toml`` is wrong; names the file and the key.
        StorageError: A folder cannot be read.
    """
    folders = [workspace.folder / each for each in workspace.config.catalogues]
    library = load_library(read_catalogue(*folders))
    return Notices(library, load_publication_notices(workspace.notices_text(), library))


def next_set(
    notices: Notices, before: NoticeSet | None, *, publisher: str, now: int
) -> tuple[NoticeSet | None, tuple[Finding, ...]]:
    """The set to sign now, or None where the one in force still says it all; and the warnings.

    A set is also issued again in the second half of its term, so that readers who are served by a
    publisher at work are not told that their warnings may be out of date.

    Raises:
        SourceError: A rule is broken that must not be; ``code`` is the rule's.
    """
    edition = before.edition + 1 if before else 1
    made, findings = publish(
        notices.choice, notices.library, publisher=publisher, edition=edition, issued=now
    )
    if before and replace(made, edition=before.edition, issued=before.issued) == before:
        term = before.stale_after_days * _DAY
        if now < before.issued + term // 2:
            return None, findings
    return made, findings
