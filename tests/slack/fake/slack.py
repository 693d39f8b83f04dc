"""The fake as tests hold it: it serves HTTP on loopback, and shows what came of it.

Every call is answered under one lock, so that what a test sees is whole; waiting (a delay, a slow
network) happens outside of it.
"""

import copy
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.slack.fake import payloads
from tests.slack.fake.api import WebApi
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.faults import Fault, Faults
from tests.slack.fake.pace import Pace, TooFastError
from tests.slack.fake.responding import respond
from tests.slack.fake.workspace import (
    ALICE,
    BOT,
    PAPERS,
    Channel,
    Message,
    ResponseUrl,
    Trigger,
    User,
    View,
    Workspace,
)
from tests.slack.payloads import BOT_TOKEN, command, signed
from tests.slack.scopes import ALL

JSON_TYPE = "application/json; charset=utf-8"
# Refusals that only a mistake of the bot's own can earn.
MISTAKES = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_form_data",
        "invalid_json",
        "invalid_metadata_format",
        "json_not_object",
        "metadata_too_large",
        "missing_scope",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "unknown_method",
    }
)


@dataclass(frozen=True)
class Call:
    """A call as it came, and what became of it: `ok`, a code, or the fault that it met."""

    method: str
    args: Args
    at: float
    outcome: str
    applied: bool


class FakeSlack:
    """Slack's Web API for one app in a made-up workspace.

    There are alice (U0001), bob (U0002) and the bot (U0BOT), all in #papers (C0001). `a_second`:
    messages a second to a channel, after a `burst`; None: no limits of pace. `seed`: for chance.
    """

    def __init__(
        self,
        server: HTTPServer,
        *,
        scopes: Iterable[str] = ALL,
        token: str = BOT_TOKEN,
        a_second: float | None = 1.0,
        burst: int = 3,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        self._server, self._token, self._clock = server, token, clock
        self._lock = threading.RLock()
        self._all = Workspace(clock)
        self.pace = Pace(clock, a_second, burst)
        self._api = WebApi(self._all, self.pace, scopes)
        self._faults = Faults(clock, random.Random(seed))
        self._calls: list[Call] = []
        self.responses: list[dict[str, Any]] = []
        server.expect_request(re.compile(r"/api/.*")).respond_with_handler(self._serve)
        server.expect_request(re.compile(r"/response/\d+")).respond_with_handler(self._respond)

    # What a test sets up

    @property
    def url(self) -> str:
        """The base of the Web API, for SLACK_API_URL and WebClient."""
        return f"http://127.0.0.1:{self._server.port}/api/"

    def user(self, key: str, name: str = "", **known: Any) -> User:
        """Somebody new (`tz`, `is_bot`, `deleted`)."""
        with self._lock:
            found = User(id=key, name=name or key.lower(), **known)
            self._all.users[key] = found
            return found

    def channel(
        self, key: str, name: str = "", members: Iterable[str] = (BOT,), **known: Any
    ) -> Channel:
        """A new conversation (`is_private`, `is_archived`); the bot is in it unless left out."""
        with self._lock:
            found = Channel(id=key, name=name or key.lower(), members=list(members), **known)
            self._all.channels[key] = found
            return found

    def group(self, key: str, handle: str, members: Iterable[str]) -> None:
        """A user group."""
        with self._lock:
            self._all.groups[key] = (handle, list(members))

    def known(self, channel: str) -> Channel:
        """A conversation to look at, or to change as people do."""
        return self._all.channels[channel]

    def say(
        self, user: str, text: str, channel: str = PAPERS, *, thread: str | None = None
    ) -> Message:
        """A person says something."""
        with self._lock:
            return self._all.add(
                Message(channel=channel, ts=self._all.ts(), user=user, text=text, thread_ts=thread)
            )

    def remove(self, message: Message) -> None:
        """Somebody takes a message away, one of the bot's too."""
        with self._lock:
            self._all.remove(message)

    def revoke(self) -> None:
        """The token stops being one."""
        self._token = "xoxb-another"

    def fail(
        self,
        method: str,
        fault: Fault,
        *,
        channel: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        after: int = 0,
        chance: float = 1.0,
    ) -> None:
        """Let calls of a method ("*": all) meet a fault.

        The next one, unless `times` says how many or `seconds` how long; `after` so many spared
        ones; each by `chance`. `channel` narrows it. `heal` ends all of it.
        """
        with self._lock:
            self._faults.order(
                method,
                fault,
                channel=channel,
                times=times,
                seconds=seconds,
                after=after,
                chance=chance,
            )

    def heal(self) -> None:
        """No faults any more."""
        with self._lock:
            self._faults.rules.clear()

    def trigger(self, user: str = ALICE) -> str:
        """A trigger id, good for one modal within three seconds."""
        with self._lock:
            number = self._all.number()
            found = Trigger(f"{number}.{number}.made-up", user, self._clock())
            self._all.triggers[found.id] = found
            return found.id

    def response_url(
        self, channel: str = PAPERS, user: str = ALICE, message: Message | None = None
    ) -> str:
        """A url for answers to an interaction, five within thirty minutes."""
        with self._lock:
            number = self._all.number()
            url = f"http://127.0.0.1:{self._server.port}/response/{number}"
            self._all.responses[number] = ResponseUrl(
                number=number,
                url=url,
                channel=channel,
                user=user,
                message=message,
                given_at=self._clock(),
            )
            return url

    # What a test looks at

    def calls(self, method: str | None = None, channel: str | None = None) -> list[Call]:
        """The calls so far, of a method and to a channel."""
        with self._lock:
            return [
                one
                for one in self._calls
                if method in {None, one.method} and channel in {None, one.args.get("channel")}
            ]

    @property
    def limited(self) -> list[Call]:
        """The calls that came too fast (those of `Fault.ratelimited` are not among them)."""
        return [one for one in self.calls() if one.outcome == "ratelimited"]

    def posted(self, channel: str = PAPERS) -> list[Message]:
        """What the bot has said in a conversation and not taken back, threads left out.

        A person's id means the direct messages with them.
        """
        with self._lock:
            key = self._all.im(channel).id if channel in self._all.users else channel
            said = self._all.messages.get(key, ())
            found = [
                one for one in said if one.user == BOT and not one.is_reply and not one.deleted
            ]
            return copy.deepcopy(found)

    def thread(self, message: Message) -> list[Message]:
        """What stands below a message, people's words too."""
        with self._lock:
            return copy.deepcopy(list(self._all.replies(message)))

    def message(self, message: Message) -> Message:
        """A message as it stands now."""
        with self._lock:
            return copy.deepcopy(self._current(message))

    def by_metadata(self, key: str, value: object = None) -> list[Message]:
        """The messages whose metadata hold a key (with a value), in every conversation."""
        with self._lock:
            payloads = (
                (one, (one.metadata or {}).get("event_payload", {})) for one in self._said()
            )
            found = [
                one
                for one, payload in payloads
                if key in payload and (value is None or payload[key] == value)
            ]
            return copy.deepcopy(found)

    def ephemerals(self, user: str | None = None) -> list[Message]:
        """What was shown to one person only."""
        with self._lock:
            found = [one for one in self._all.ephemerals if user in {None, one.ephemeral_to}]
            return copy.deepcopy(found)

    @property
    def views(self) -> list[View]:
        """The modals and Home tabs that are open."""
        with self._lock:
            return copy.deepcopy([one for one in self._all.views.values() if one.is_open])

    def check(self, *, allowed: Iterable[str] = ()) -> None:
        """That the bot kept Slack's rules: no refusal for a mistake of form, nothing too fast.

        And that every message with blocks has a text, which is what notifications show.
        """
        wrong = (MISTAKES | {"ratelimited"}) - set(allowed)
        refused = [one for one in self.calls() if one.outcome in wrong]
        assert not refused, f"Slack would refuse: {refused[:3]}"
        with self._lock:
            bare = [one for one in self._said() if one.user == BOT and not one.text.strip()]
        assert not bare, f"messages without text: {bare[:3]}"
        bad = [one for one in self.responses if one["status"] == 400]
        assert not bad, f"Slack would refuse: {bad[:3]}"

    # What people do

    def click(
        self,
        where: Message | View,
        action_id: str,
        user: str = ALICE,
        value: str | None = None,
        selected: object = None,
    ) -> dict[str, Any]:
        """The `block_actions` of a person who clicks on a message, or in a view, as it stands.

        `value` tells a button from others of the same action id; `selected` is the value (or the
        values) of the chosen options, or the id of who or what was chosen.
        """
        with self._lock:
            found = payloads.interaction(
                "block_actions", self._all.users[user], self.trigger(user)
            )
            if isinstance(where, View):
                content = self._all.views[where.id].content
                found |= {"container": {"type": "view", "view_id": where.id}, "view": content}
                blocks = content["blocks"]
            else:
                message = self._current(where)
                found |= self._around(message, user)
                blocks = message.blocks
            at = self._all.ts()
            done = payloads.action(blocks, action_id, value=value, selected=selected, at=at)
            return copy.deepcopy({**found, "actions": [done]})

    def submit(
        self, view: View, values: Mapping[str, object], user: str = ALICE
    ) -> dict[str, Any]:
        """The `view_submission` of a person who fills in a modal, by block id or action id."""
        with self._lock:
            content = self._all.views[view.id].content
            found = payloads.interaction(
                "view_submission", self._all.users[user], self.trigger(user)
            )
            state = payloads.state(content["blocks"], values)
            return copy.deepcopy(
                {**found, "view": {**content, "state": state}, "response_urls": []}
            )

    def shortcut(self, message: Message, callback_id: str, user: str = ALICE) -> dict[str, Any]:
        """The `message_action` of a person who uses a shortcut on a message."""
        with self._lock:
            current = self._current(message)
            found = payloads.interaction(
                "message_action", self._all.users[user], self.trigger(user)
            )
            around = self._around(current, user)
            del around["container"], around["state"]
            return copy.deepcopy(
                {
                    **found,
                    **around,
                    "message": self._all.as_slack_tells(current),
                    "callback_id": callback_id,
                    "action_ts": self._all.ts(),
                    "message_ts": current.ts,
                }
            )

    def command(self, words: str, user: str = ALICE, channel: str = PAPERS) -> str:
        """The body of `/papers WORDS`, which can be answered here."""
        form = dict(parse_qsl(command(words, response_url=self.response_url(channel, user))))
        known = self._all.users[user], self._all.channels[channel]
        form |= {"user_id": user, "user_name": known[0].name, "trigger_id": self.trigger(user)}
        return urlencode(
            {**form, "text": words, "channel_id": channel, "channel_name": known[1].name}
        )

    def close(self, view: View) -> None:
        """The modal goes away, as it does when it is submitted or cancelled."""
        with self._lock:
            self._all.views[view.id].is_open = False

    def _around(self, message: Message, user: str) -> dict[str, Any]:
        """What an interaction says of the message on which it happened."""
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        found: dict[str, Any] = {
            "container": container,
            "channel": payloads.in_channel(self._all.channels[message.channel]),
            "state": {"values": {}},
            "response_url": self.response_url(message.channel, user, message),
        }
        if not message.ephemeral_to:  # Slack keeps no private message, so it cannot show one
            found["message"] = self._all.as_slack_tells(message)
        return found

    def _current(self, message: Message) -> Message:
        if message.ephemeral_to:
            shown = self._all.ephemerals
            found = next((one for one in shown if one.ts == message.ts), None)
        else:
            found = self._all.find(message.channel, message.ts)
        assert found is not None, f"the message of {message.ts} is gone"
        return found

    def _said(self) -> list[Message]:
        return [one for one in self._all.everything() if not one.deleted]

    # HTTP

    def _serve(self, request: Request) -> Response:
        """One call of the Web API, with the fault that it meets."""
        method = request.path.removeprefix("/api/")
        try:
            args = _read(request)
        except RefusedError as refusal:
            with self._lock:
                self._note(method, {}, refusal.code, applied=False)
            return self._reply(_refused(refusal))
        with self._lock:
            fault = self._faults.meet(method, args.get("channel"))
        if fault and not fault.late:
            time.sleep(fault.seconds)
        if fault and not fault.applied:
            with self._lock:
                self._note(method, args, f"fault: {fault.name}", applied=False)
            return self._broken(request, fault, "")
        reply = self._carry_out(method, args, _token(request, args), fault)
        if fault is None:
            return reply
        if fault.late:
            time.sleep(fault.seconds)
        return (
            reply if fault.seconds else self._broken(request, fault, reply.get_data(as_text=True))
        )

    def _carry_out(
        self, method: str, args: Args, token: str | None, fault: Fault | None
    ) -> Response:
        """Answer a call, and note it, in one step."""
        with self._lock:
            try:
                self._know(method, token)
                told = self._api.call(method, args)
                reply, outcome = self._reply(told), "ok"
            except RefusedError as refusal:
                reply, outcome = self._reply(_refused(refusal)), refusal.code
            except TooFastError as too_fast:
                reply, outcome = self._reply(_refused(RefusedError("ratelimited"))), "ratelimited"
                reply.status_code, reply.headers["Retry-After"] = 429, str(too_fast.retry_after)
            applied = outcome == "ok"
            if fault is not None and applied:
                outcome = f"fault: {fault.name}"
            self._note(method, args, outcome, applied=applied)
            return reply

    def _know(self, method: str, token: str | None) -> None:
        if method in self._api.methods and token != self._token:
            raise RefusedError("invalid_auth" if token else "not_authed")

    def _respond(self, request: Request) -> Response:
        """One answer through a `response_url`."""
        number = int(request.path.rpartition("/")[2])
        with self._lock:
            body: object = request.get_json(silent=True)
            try:
                respond(self._all, number, body)
                code, status = "ok", 200
            except RefusedError as refusal:
                code = refusal.code
                status = 404 if code in {"no_service", "expired_url", "used_url"} else 400
            self.responses.append({"number": number, "body": body, "status": status, "code": code})
        return Response(code, status=status, content_type="text/plain")

    def _note(self, method: str, args: Args, outcome: str, *, applied: bool) -> None:
        self._calls.append(Call(method, args, self._clock(), outcome, applied))

    def _reply(self, told: Mapping[str, Any]) -> Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._api.granted))}
        body = json.dumps(told, ensure_ascii=False)
        return Response(body, content_type=JSON_TYPE, headers=headers)

    def _broken(self, request: Request, fault: Fault, body: str) -> Response:
        """What the caller sees of a fault."""
        if fault.drop:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Response()
        if fault.cut:
            return Response(body[: len(body) // 2], content_type=JSON_TYPE)
        return Response(
            fault.body, fault.status, dict(fault.headers), content_type=fault.content_type
        )


def http(payload: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """A payload as Slack posts it: the body, and the headers with its signature."""
    body = urlencode({"payload": json.dumps(payload)})
    return body, signed(body)


def _read(request: Request) -> dict[str, Any]:
    """The arguments of a call. Raises RefusedError."""
    if request.mimetype == "application/json":
        try:
            found = json.loads(request.get_data() or b"{}")
        except ValueError:
            raise RefusedError("invalid_json") from None
        if not isinstance(found, dict):
            raise RefusedError("json_not_object")
        return found
    return {**request.args.to_dict(), **request.form.to_dict()}


def _token(request: Request, args: Args) -> str | None:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") or args.get("token")


def _refused(refusal: RefusedError) -> dict[str, Any]:
    return {"ok": False, "error": refusal.code, **refusal.more}
