"""Messages for rows of the outbox, made from the data as of the moment of sending."""

import datetime as dt

from slack_sdk.models.blocks import Block

from bot.digest.messages import PART, SUMMARY
from bot.lookup.service import LookupService
from bot.outbox.message import OutboxRow
from bot.review.model import Suggestion
from bot.review.store import SuggestionStore
from bot.slack.blocks.cards import card, details
from bot.slack.blocks.digests import edition_message, part_message
from bot.slack.blocks.sentences import outcome
from bot.slack.blocks.text import (
    SlackMessage,
    bold_title,
    fit,
    moment,
    mrkdwn_message,
    text_message,
)
from bot.slack.delivery.sender import RenderedMessage
from bot.slack.workspace_connection import WorkspaceConnection

_MAX_LINES = 20
_TITLE_LENGTH = 200


class Renderer:
    """Renders rows of the outbox."""

    def __init__(
        self, suggestions: SuggestionStore, lookup: LookupService, connection: WorkspaceConnection
    ) -> None:
        self._suggestions, self._lookup = suggestions, lookup
        self._connection = connection

    def render(self, row: OutboxRow) -> RenderedMessage | None:
        """The message of a row; None if its suggestion does not exist any more."""
        match row.kind:
            case "feeds":
                return RenderedMessage(_feeds(row))
            case "digest":
                summary = SUMMARY.validate_python(row.content)
                return RenderedMessage(edition_message(summary, self._connection.workspace.url))
            case "digest part":
                return RenderedMessage(part_message(PART.validate_python(row.content)))
            case "notice":
                return RenderedMessage(_notice(row))
            case "publishing" | "card" | "details" | "outcome" | "back":
                number = row.content.get("suggestion")
                suggestion = self._suggestions.get(number) if isinstance(number, int) else None
                return self._about_suggestion(row, suggestion) if suggestion else None

    def _about_suggestion(self, row: OutboxRow, suggestion: Suggestion) -> RenderedMessage:
        catalog = self._lookup.current().catalog
        match row.kind:
            case "card":
                history = self._suggestions.history(suggestion.id)
                quorum = catalog.info.review.quorum
                return RenderedMessage(card(suggestion, catalog, quorum, history))
            case "details":
                return RenderedMessage(details(suggestion, catalog))
            case "outcome":
                return RenderedMessage(mrkdwn_message(outcome(suggestion, catalog)))
            case "back":
                return RenderedMessage(_back(row, suggestion), is_broadcast=True)
            case _:
                return RenderedMessage(_publishing(row))


def _back(row: OutboxRow, suggestion: Suggestion) -> SlackMessage:
    """A message that a suggestion is open again, for the card's thread and the channel."""
    title, note = bold_title(suggestion.subject.entry, _TITLE_LENGTH), suggestion.subject.note
    again = "was suggested again" if row.content.get("was") == "rejected" else "is back"
    return mrkdwn_message(f":bell: {title} {again}" + (f": “{fit(note, 400)}”" if note else ""))


def _notice(row: OutboxRow) -> SlackMessage:
    """A private answer, which is kept with its blocks."""
    return SlackMessage(str(row.content["text"]), tuple(Block.parse_all(row.content["blocks"])))


def _publishing(row: OutboxRow) -> SlackMessage:
    """The result of publishing a decision, for the card's thread."""
    content = row.content
    if problem := content.get("problem"):
        return mrkdwn_message(
            f":warning: Not published yet: {fit(str(problem), 800)} I will try again."
        )
    verb = "The change" if content.get("forward") else "The way back"
    url = str(content.get("url") or "")
    if url.startswith("https://"):
        return mrkdwn_message(f"{verb} is in <{fit(url, 500)}|this pull request>.")
    if commit := content.get("commit"):
        return text_message(f"{verb} is commit {commit}.")
    return text_message(f"{verb} is made in the list’s files.")


def _feeds(row: OutboxRow) -> SlackMessage:
    """The alarm about broken feeds, or the message that they work again."""
    since = moment(dt.datetime.fromisoformat(str(row.content["since"])))
    sources = [str(source) for source in row.content.get("sources", ["arXiv"])]
    feeds = " and ".join(f"{fit(source, 100)}’s" for source in sources) + " feeds"
    if row.content.get("over"):
        until = moment(dt.datetime.fromisoformat(str(row.content["over"])))
        missed = "what was missed is fetched"
        if sources == ["arXiv"]:
            missed += " from arXiv’s API"
        return mrkdwn_message(
            f":white_check_mark: {feeds} are in order again since {until}. They were "
            f"not since {since}; {missed}."
        )
    lines = "\n".join(f"• {fit(str(line), 300)}" for line in row.content["lines"][:_MAX_LINES])
    return mrkdwn_message(
        f":warning: *Something is wrong with {feeds}* since {since}; new papers may come "
        f"late. I keep asking, and fetch what is missed.\n{lines}"
    )
