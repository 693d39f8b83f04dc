"""The one publisher: brings data/ and what is published in step with what was decided.

    queue ──► publish (data/ and Markdown, git or GitHub) ──► data/ ──► close, tell the thread
    start ──► whatever data/ lacks of the decisions (a lost disk) ──► write data/

One process runs it at a time. Every step may be repeated, so it may be killed anywhere.
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
from bot.publishing.publication import Publication, Published, PublishError, neutralize_mentions
from bot.publishing.queue import DuePublication, PublicationQueue
from bot.review.model import Suggestion
from bot.review.store import target_change

_FIRST_WAIT, _LONGEST_WAIT = 10.0, 3600.0  # seconds

_log = structlog.get_logger()


class Target(Protocol):
    """Where changes go: the folder itself, its git repository, GitHub."""

    def publish(self, publication: Publication) -> Published:
        """Publish once, however often it is asked for. Raises PublishError with the reason."""


class Publisher:
    """Works through the queue."""

    def __init__(
        self,
        queue: PublicationQueue,
        folder: Path,
        target: Target,
        *,
        run: str,
        link: Callable[[int], str | None],
    ) -> None:
        """`run` names this run of the process; `link` gives the address of a card."""
        self._queue = queue
        self._folder, self._target = folder, target
        self._run, self._link = run, link

    def publish_due(self, now: dt.datetime) -> int:
        """Publish what is due; how many decisions were."""
        due = self._queue.due(now)
        for one in due:
            try:
                self._publish(one, now)
            except PublishError as error:
                self._fail(one, str(error), now, error.retry_after)
            except PapersError as error:
                self._fail(one, str(error), now)
            except OSError as error:
                self._fail(one, f"{self._folder} cannot be written: {error.strerror}.", now)
        return len(due)

    def reconcile(self) -> int:
        """Look after decisions that data/ may have lost, or that need no more care.

        Returns how many were written again. What this run wrote and data/ does not hold any more,
        a person has changed, and is right; what an earlier run wrote, a lost disk has taken.
        """
        for folder in (self._folder.parent, self._folder, self._folder / "papers"):
            sweep(folder)
        writers = self._queue.unsettled_writers()
        if not writers:
            return 0
        catalog = read_catalog(self._folder).catalog
        written = 0
        for one, change in self._queue.suggestions.unsettled():
            if one.id not in writers:
                continue
            is_ours = writers[one.id] == self._run
            if is_done(catalog, change) != is_ours:
                self._queue.mark_settled(one)
            elif not is_ours:
                written += self._write_again(one)
        return written

    def _write_again(self, one: Suggestion) -> int:
        try:
            apply_to_folder(self._folder, target_change(one))
        except CatalogError as error:
            _log.error("a decision cannot be written", suggestion=one.id, reason=str(error))
            return 0
        self._queue.mark_rewritten(one, self._run)
        return 1

    def _publish(self, one: DuePublication, now: dt.datetime) -> None:
        published = self._target.publish(self._publication(one))
        apply_to_folder(self._folder, one.change)  # for a target that is elsewhere
        self._queue.mark_published(one, now, self._run, commit=published.commit, url=published.url)
        _log.info("published", suggestion=one.suggestion.id, forward=one.forward)

    def _fail(
        self, one: DuePublication, problem: str, now: dt.datetime, retry_after: float | None = None
    ) -> None:
        wait = backoff(one.tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
        seconds = max(retry_after or 0.0, wait)
        until = now + dt.timedelta(seconds=seconds)
        _log.warning("not published", suggestion=one.suggestion.id, reason=problem)
        self._queue.mark_failed(one, problem, until, now)

    def _publication(self, one: DuePublication) -> Publication:
        entry = one.suggestion.subject.entry
        title = entry.title
        verbs = {"addition": "Add", "correction": "Correct", "removal": "Remove"}
        verb = verbs[one.suggestion.subject.kind]
        subject = f"{verb} {title}" if one.forward else f"Take back: {verb.lower()} {title}"
        return Publication(
            key=one.key,
            change=one.change,
            subject=neutralize_mentions(subject),
            body=neutralize_mentions(
                "\n".join(" ".join(line.split()) for line in self._body(one))
            ),
            author=one.author.name or one.author.id or "papers bot",
            email=f"{one.author.id or 'bot'}@users.noreply.slack.com",
            slug=slugify(f"{one.suggestion.id} {entry.name or title}", max_length=50),
            day=one.at.date(),
        )

    def _body(self, one: DuePublication) -> list[str]:
        """Section, reasons and the card, for a commit and a pull request alike."""
        subject = one.suggestion.subject
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
        if card := self._link(one.suggestion.id):
            lines.append(f"Card: {card}")
        return lines
