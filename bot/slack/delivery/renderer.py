"""From a row of the outbox to the message that says it, made of how things stand now."""

import datetime as dt

from bot.catalog.model import Catalog
from bot.digest.messages import read_part, read_summary
from bot.lookup.service import LookupService
from bot.outbox.message import OutboxRow
from bot.review.model import Suggestion
from bot.review.store import SuggestionStore
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.cards import card, details, moment
from bot.slack.blocks.digests import edition_message, part_message
from bot.slack.blocks.lookup import SlackMessage, fit, mrkdwn_message
from bot.slack.blocks.sentences import outcome
from bot.slack.delivery.sender import RenderedMessage

_CATEGORIES = 20


class Renderer:
    """Makes messages of rows."""

    def __init__(
        self, suggestions: SuggestionStore, lookup: LookupService, workspace: str
    ) -> None:
        """`workspace` is the address that links to messages begin with."""
        self._suggestions, self._lookup = suggestions, lookup
        self._workspace = workspace

    def render(self, item: OutboxRow) -> RenderedMessage | None:
        """The message, or None if what it was about is gone."""
        match item.kind:
            case "feeds":
                return RenderedMessage(_feeds(item))
            case "card" | "details" | "outcome" | "back" | "publishing":
                number = item.content.get("suggestion")
                one = self._suggestions.get(number) if isinstance(number, int) else None
                return _about(item, one, self._lookup.current().catalog) if one else None
            case "digest":
                edition = read_summary(item.content)
                return RenderedMessage(edition_message(edition, self._workspace))
            case "digest part":
                return RenderedMessage(part_message(read_part(item.content)))


def _about(item: OutboxRow, one: Suggestion, catalog: Catalog) -> RenderedMessage:
    title = f"*{fit(one.subject.entry.title, 200)}*"
    match item.kind:
        case "card":
            return RenderedMessage(card(one, catalog, catalog.info.review.quorum))
        case "details":
            return RenderedMessage(details(one, catalog))
        case "outcome":
            return RenderedMessage(mrkdwn_message(outcome(one, catalog)))
        case "back":
            again = "was suggested again" if item.content.get("was") == "rejected" else "is back"
            note = f": “{fit(one.subject.note, 400)}”" if one.subject.note else ""
            return RenderedMessage(
                mrkdwn_message(f":bell: {title} {again}{note}"), is_broadcast=True
            )
        case _:
            return RenderedMessage(_publishing(item))


def _publishing(item: OutboxRow) -> SlackMessage:
    """How publishing a decision went, for the card's thread."""
    content = item.content
    if problem := content.get("problem"):
        return mrkdwn_message(
            f":warning: Not published yet: {fit(str(problem), 800)} I will try again."
        )
    verb = "The change" if content.get("forward") else "The way back"
    url = str(content.get("url") or "")
    if url.startswith("https://"):
        return mrkdwn_message(f"{verb} is in <{fit(url, 500)}|this pull request>.")
    if commit := content.get("commit"):
        return blocks.text_message(f"{verb} is commit {commit}.")
    return blocks.text_message(f"{verb} is made in the list’s files.")


def _feeds(item: OutboxRow) -> SlackMessage:
    """What is wrong with the feeds, or that it is over."""
    since = moment(dt.datetime.fromisoformat(str(item.content["since"])))
    lines = [str(line) for line in item.content["lines"]][:_CATEGORIES]
    sources = [str(source) for source in item.content.get("sources", ["arXiv"])]
    feeds = " and ".join(f"{fit(source, 100)}’s" for source in sources) + " feeds"
    if item.content.get("over"):
        missed = "what was missed is fetched"
        if sources == ["arXiv"]:
            missed += " from arXiv’s API"
        when = moment(dt.datetime.fromisoformat(str(item.content["over"])))
        return mrkdwn_message(
            f":white_check_mark: {feeds} are in order again since {when}. They were "
            f"not since {since}; {missed}."
        )
    shown = "\n".join(f"• {fit(line, 300)}" for line in lines)
    return mrkdwn_message(
        f":warning: *Something is wrong with {feeds}* since {since}; new papers may come "
        f"late. I keep asking, and fetch what is missed.\n{shown}"
    )
