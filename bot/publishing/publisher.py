"""The publisher: brings data/ and the published list in step with the decisions.

    queue ──► publish (data/ and Markdown, git or GitHub) ──► data/ ──► close the row, notify
    start ──► decisions that data/ lacks (a lost disk) ──► write data/

One process runs it at a time. Each step may be repeated, so it may be killed anywhere.
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import structlog
from slugify import slugify

from bot.backoff import backoff
from bot.catalog.atomic_write import sweep
from bot.catalog.change import is_done
from bot.catalog.yaml.edit import apply_to_folder
from bot.catalog.yaml.read import CatalogError, read_catalog
from bot.errors import PapersError
from bot.publishing.github_text import neutralize
from bot.publishing.publication import Publication, Published, PublishError
from bot.publishing.queue import DuePublication, PublicationQueue
from bot.review.model import Suggestion
from bot.review.store import target_change

_FIRST_WAIT, _LONGEST_WAIT = 10.0, 3600.0  # seconds

_log = structlog.get_logger()


class Target(Protocol):
    """A place to publish to: the folder itself, its git repository, GitHub."""

    def publish(self, publication: Publication) -> Published:
        """Publish a decision; a repetition changes nothing. Raises PublishError."""


class Publisher:
    """Publishes the queued decisions."""

    def __init__(
        self,
        queue: PublicationQueue,
        folder: Path,
        target: Target,
        *,
        run: str,
        link: Callable[[int], str | None],
    ) -> None:
        """`run` identifies this run of the process; `link` gives the address of a card."""
        self._queue = queue
        self._folder, self._target = folder, target
        self._run, self._link = run, link

    def publish_due(self, now: dt.datetime) -> int:
        """Publish the due decisions; returns their number, failures included."""
        due = self._queue.due(now)
        for publication in due:
            try:
                self._publish(publication, now)
            except PublishError as error:
                self._fail(publication, str(error), now, error.retry_after)
            except PapersError as error:
                self._fail(publication, str(error), now)
            except OSError as error:
                problem = f"{self._folder} cannot be written: {error.strerror}."
                self._fail(publication, problem, now)
        return len(due)

    def reconcile(self) -> int:
        """Write decisions that data/ has lost, and settle the others; returns how many it wrote.

        A person has changed what this run wrote and data/ does not have: that edit counts. A lost
        disk has taken what an earlier run wrote.
        """
        for folder in (self._folder.parent, self._folder, self._folder / "papers"):
            sweep(folder)
        decisions = self._queue.unsettled()
        if not decisions:
            return 0
        catalog = read_catalog(self._folder).catalog
        written = 0
        for suggestion, run in decisions:
            is_ours = run == self._run
            if is_done(catalog, target_change(suggestion)) != is_ours:
                self._queue.mark_settled(suggestion)
            elif not is_ours:
                written += self._write_again(suggestion)
        return written

    def _write_again(self, suggestion: Suggestion) -> int:
        try:
            apply_to_folder(self._folder, target_change(suggestion))
        except CatalogError as error:
            _log.error("decision cannot be written", suggestion=suggestion.id, reason=str(error))
            return 0
        self._queue.mark_rewritten(suggestion, self._run)
        return 1

    def _publish(self, due: DuePublication, now: dt.datetime) -> None:
        published = self._target.publish(self._publication(due))
        apply_to_folder(self._folder, due.change)  # for a target that is elsewhere
        commit, url = published.commit, published.url
        self._queue.mark_published(due, now, self._run, commit=commit, url=url)
        _log.info("published", suggestion=due.suggestion.id, forward=due.forward)

    def _fail(
        self, due: DuePublication, problem: str, now: dt.datetime, retry_after: float | None = None
    ) -> None:
        wait = backoff(due.tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
        seconds = max(retry_after or 0.0, wait)
        until = now + dt.timedelta(seconds=seconds)
        _log.warning("not published", suggestion=due.suggestion.id, reason=problem)
        self._queue.mark_failed(due, problem, until, now)

    def _publication(self, due: DuePublication) -> Publication:
        number, entry = due.suggestion.id, due.suggestion.subject.entry
        verbs = {"addition": "Add", "correction": "Correct", "removal": "Remove"}
        verb = verbs[due.suggestion.subject.kind]
        verb = verb if due.forward else f"Take back: {verb.lower()}"
        body = "\n".join(" ".join(line.split()) for line in self._body(due))
        return Publication(
            key=due.key,
            change=due.change,
            subject=neutralize(f"{verb} {entry.title}"),
            body=neutralize(body),
            author=due.author.name or due.author.id or "papers bot",
            email=f"{due.author.id or 'bot'}@users.noreply.slack.com",
            slug=slugify(f"{number} {entry.name or entry.title}", max_length=50),
            day=due.at.date(),
        )

    def _body(self, due: DuePublication) -> list[str]:
        """Section, reasons and card, for the commit and the pull request."""
        subject = due.suggestion.subject
        lines = [f"Section: {', '.join(subject.entry.sections)}"]
        if subject.entry.url:
            lines.append(subject.entry.url)
        if subject.note:
            lines.append(f"Note: {subject.note}")
        if subject.evidence:
            lines.append(subject.evidence)
        if subject.reasons and subject.reasons.nearest:
            near = "; ".join(near.title for near in subject.reasons.nearest[:3])
            lines.append(f"Near on the list: {near}")
        if card := self._link(due.suggestion.id):
            lines.append(f"Card: {card}")
        return lines
