"""Suggesting a paper: by command, by button, from a message, and correcting a listed entry.

link ──► on the list? waiting? rejected? ──► say where, since when, by whom; offer what helps
     ──► arXiv ──► suggested at once; what arXiv says of it is asked for by the worker
     ──► any other page ──► a form asks for what is missing; nothing is fetched from there
"""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.models.blocks import ButtonElement

from bot.catalog.identity import title_key
from bot.catalog.links import Link, read_reference
from bot.catalog.model import Catalog, Entry
from bot.catalog.names import KnownNames
from bot.review.model import Subject, Suggestion
from bot.review.service import AlreadySuggested, DailyLimitReached, Proposal, SuggestionMade
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks import modals as forms
from bot.slack.blocks.lookup import CORRECT, SlackMessage, fit
from bot.slack.blocks.sentences import standing, too_many
from bot.slack.context import ListenerContext
from bot.slack.message_links import links_in
from bot.slack.replies import acknowledge, answering, reply
from bot.slack.reviewing import REOPEN, SECOND, open_view, said
from bot.slack.sanitize import number_in

SUGGEST, SHORTCUT = "suggest:link", "suggest_message"

_USAGE = (
    "Name a paper by its link, arXiv id or DOI: "
    "`/papers suggest https://arxiv.org/abs/2401.09670`. "
    "Its section and a few words why may follow."
)
_NO_LINK = "There is no link in this message. `/papers suggest LINK` suggests a paper by its link."
_GONE = "This entry is not on the list any more, or has another title now. Look it up again."
_NOTHING_NEW = "Nothing was changed. Change what is wrong, or choose to take it off the list."
_log = structlog.get_logger()


class Suggesting:
    """What the bot listens to of people who suggest."""

    def __init__(self, desk: ListenerContext, names: KnownNames) -> None:
        """`names` make what people write canonical."""
        self._desk, self._names = desk, names

    def register(self, app: App) -> None:
        """Put the listeners on the app."""
        app.action(SUGGEST)(ack=acknowledge, lazy=[answering(self.click)])
        app.action(CORRECT)(ack=acknowledge, lazy=[answering(self.open_correction)])
        app.shortcut(SHORTCUT)(ack=acknowledge, lazy=[answering(self.shortcut)])
        app.view(forms.SUGGESTED)(self.submit)
        app.view(forms.CHOSEN_LINK)(self.submit_link)
        app.view(forms.CORRECTED)(self.submit_correction)

    def command(self, text: str, body: Mapping[str, Any], client: WebClient) -> SlackMessage:
        """`/papers suggest LINK [section] [why]`."""
        address, _, rest = text.strip().partition(" ")
        link = read_reference(address) if address else None
        if link is None:
            return blocks.mrkdwn_message(_USAGE)
        place, note = self._desk.lookup.current().section_at_start(rest)
        path = place.path if place else None
        if message := self._in_the_way(link):
            return message
        if link.arxiv:
            return self._suggest_arxiv(link, str(body["user_id"]), path, note)
        view = forms.entry_form("suggest", link.url, None, self._desk.catalog, link)
        client.views_open(trigger_id=str(body["trigger_id"]), view=view)
        return blocks.text_message("Please tell me about it in the form that I have opened.")

    def click(self, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """*Suggest* below the answer of a lookup."""
        link = read_reference(str(body["actions"][0].get("value") or ""))
        if link is None:
            reply(respond, blocks.mrkdwn_message(_USAGE), replace=False)
        elif message := self._in_the_way(link):
            reply(respond, message, replace=False)
        elif link.arxiv:
            message = self._suggest_arxiv(link, str(body["user"]["id"]), None, "")
            reply(respond, message, replace=True)
        else:
            view = forms.entry_form("suggest", link.url, None, self._desk.catalog, link)
            open_view(client, str(body["trigger_id"]), view, respond)

    def shortcut(self, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """*Suggest for the list* in a message's menu."""
        links = list(dict.fromkeys(link.url for link in links_in(body.get("message") or {})))
        if not links:
            reply(respond, blocks.mrkdwn_message(_NO_LINK), replace=False)
            return
        link = read_reference(links[0])
        if len(links) > 1 or link is None:
            open_view(client, str(body["trigger_id"]), forms.link_form(links), respond)
        elif message := self._in_the_way(link):
            reply(respond, message, replace=False)
        elif link.arxiv:
            message = self._suggest_arxiv(link, str(body["user"]["id"]), None, "")
            reply(respond, message, replace=False)
        else:
            view = forms.entry_form("suggest", link.url, None, self._desk.catalog, link)
            open_view(client, str(body["trigger_id"]), view, respond)

    def submit_link(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        """Which of a message's links is meant was answered."""
        links = forms.links_of(view)
        at = number_in(forms.answer(view["state"]["values"], "link"))
        link = read_reference(links[at]) if at is not None and at < len(links) else None
        if link is None:
            ack(response_action="errors", errors={"link": "Choose a link."})
        elif message := self._in_the_way(link):
            ack(response_action="update", view=said(message.text))
        elif link.arxiv:
            message = self._suggest_arxiv(link, str(body["user"]["id"]), None, "")
            ack(response_action="update", view=said(message.text))
        else:
            form = forms.entry_form("suggest", link.url, None, self._desk.catalog, link)
            ack(response_action="update", view=form)

    def submit(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        """The form about a paper that arXiv does not have."""
        values = view["state"]["values"]
        entry = forms.read_entry(values, None, self._names)
        if isinstance(entry, forms.FormFaults):
            ack(response_action="errors", errors=dict(entry.errors))
            return
        link = read_reference(entry.url) if entry.url else None
        if link and (message := self._in_the_way(link)):
            ack(response_action="update", view=said(message.text))
            return
        identity = link.key if link else title_key(entry)
        if listed := self._desk.lookup.current().listed(identity, entry.title):
            ack(response_action="update", view=said(self._listed(listed).text))
            return
        subject = Subject(after=entry, note=forms.answer(values, "why") or None)
        made = self._suggest(identity, subject, str(body["user"]["id"]), is_complete=True)
        ack(response_action="update", view=said(made.text))

    def open_correction(self, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """*Suggest a correction* on the card of a listed paper."""
        key = str(body["actions"][0].get("value") or "")
        entry = self._desk.entry(key)
        if entry is None:
            reply(respond, blocks.text_message(_GONE), replace=False)
            return
        view = forms.entry_form("correct", key, entry, self._desk.catalog)
        open_view(client, str(body["trigger_id"]), view, respond)

    def submit_correction(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        """The form about a listed paper: as it should be, or that it should go."""
        values, key = view["state"]["values"], str(view["private_metadata"])
        entry = self._desk.entry(key)
        if entry is None:
            ack(response_action="update", view=said(_GONE))
            return
        after: Entry | None = None
        if forms.answer(values, "removal") != "remove":
            read = forms.read_entry(values, entry, self._names)
            if isinstance(read, forms.FormFaults):
                ack(response_action="errors", errors=dict(read.errors))
                return
            after = read
        if after == entry:
            ack(response_action="errors", errors={"removal": _NOTHING_NEW})
            return
        note = forms.answer(values, "why") or None
        subject = Subject(before=entry, after=after, note=note)
        user = str(body["user"]["id"])
        made = self._suggest(f"change:{key}"[:1000], subject, user, is_complete=True)
        ack(response_action="update", view=said(made.text))

    def standing(self, link: Link) -> SlackMessage:
        """Where a paper stands that the list does not have, and what can be done."""
        if message := self._in_the_way(link):
            return message
        name = f"arXiv {link.arxiv}" if link.arxiv else link.url
        button = ButtonElement(text="Suggest", action_id=SUGGEST, value=link.url[:2000])
        return blocks.mrkdwn_message(
            f"{fit(name, 300)} is not on the list, nor was it suggested.", button
        )

    def _in_the_way(self, link: Link) -> SlackMessage | None:
        """Why the paper cannot be suggested, with what makes sense instead."""
        if listed := self._desk.lookup.current().listed(link.key, ""):
            return self._listed(listed)
        one = self._desk.suggestions.find_by_identity(link.key)
        if one is None or one.state == "approved":
            return None
        return self._known(one)

    def _listed(self, entry: Entry) -> SlackMessage:
        where = "; ".join(_titles(self._desk.catalog, entry))
        return blocks.mrkdwn_message(
            f"*{fit(entry.title, 240)}* is on the list, in {fit(where, 300)}."
        )

    def _known(self, one: Suggestion) -> SlackMessage:
        number = str(one.id)
        if one.state == "rejected":
            again = ButtonElement(text="Suggest again", action_id=REOPEN, value=number)
            return blocks.mrkdwn_message(standing(one, self._desk.channel), again)
        vote = ButtonElement(text="I want it, too", action_id=SECOND, value=number)
        return blocks.mrkdwn_message(standing(one, self._desk.channel), vote)

    def _suggest_arxiv(
        self, link: Link, user: str, section: str | None, note: str
    ) -> SlackMessage:
        """Suggest what arXiv will tell about."""
        catalog = self._desk.catalog
        path = section or next(iter(catalog.places))
        entry = Entry(
            title=f"arXiv {link.arxiv}", url=link.url, arxiv=link.arxiv, sections=(path,)
        )
        subject = Subject(
            after=entry, note=note[:500] or None, is_known=False, is_placed=section is not None
        )
        return self._suggest(link.key, subject, user, is_complete=False)

    def _suggest(
        self, identity: str, subject: Subject, user: str, *, is_complete: bool
    ) -> SlackMessage:
        proposal = Proposal(
            identity=identity, subject=subject, source=user, is_complete=is_complete
        )
        match self._desk.review.suggest(proposal, self._desk.now()):
            case SuggestionMade(suggestion=one):
                _log.info("suggested", suggestion=one.id, kind=subject.kind)
                return blocks.mrkdwn_message(self._thanks(one))
            case AlreadySuggested(suggestion=one):
                return self._known(one)
            case DailyLimitReached(limit=limit):
                return blocks.mrkdwn_message(too_many(limit))

    def _thanks(self, one: Suggestion) -> str:
        channel = self._desk.channel
        where = f"its card comes to <#{channel}> in a moment" if channel else "it waits for review"
        asking = " once arXiv has told me about it" if one.state == "gathering" else ""
        return (
            f"Thank you. *{fit(one.subject.entry.title, 240)}* is suggestion {one.id}: {where}"
            f"{asking}. I will tell you how it ends."
        )


def _titles(catalog: Catalog, entry: Entry) -> Iterator[str]:
    return (blocks.path_of(catalog, path) for path in entry.sections)
