"""The HTTP server of the fake: it applies faults to calls, answers and records them.

Calls are answered under one lock, so that tests see a consistent state; delays are outside of it.
"""

import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_httpserver import HTTPServer
from slack_sdk import WebClient
from werkzeug import Request, Response

from tests.slack.fake.api import WebApi
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.faults import RESPONSE_URL, Fault, Faults
from tests.slack.fake.rate_limits import RateLimitedError, RateLimits
from tests.slack.fake.response_urls import respond
from tests.slack.fake.workspace import Workspace
from tests.slack.payloads import BOT_TOKEN
from tests.slack.scopes import ALL

_LONGEST_HANG = 60.0  # seconds
JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Call:
    """A call and its outcome: `ok`, an error code, or the fault that was applied."""

    method: str
    args: Args
    at: float
    outcome: str
    applied: bool


class FakeServer:
    """A workspace behind the Web API, on a server; see `FakeSlack`."""

    def __init__(
        self,
        server: HTTPServer,
        *,
        scopes: Iterable[str] = ALL,
        token: str = BOT_TOKEN,
        per_second: float | None = 1.0,
        burst: int = 3,
        clock: Callable[[], float] = time.time,
        seed: int = 0,
    ) -> None:
        self._server, self._token, self._clock = server, token, clock
        self._lock = threading.RLock()
        self._all = Workspace(clock)
        self.rate_limits = RateLimits(clock, per_second, burst)
        self._api = self._made_api(scopes)
        self._faults = Faults(clock, random.Random(seed))
        self._calls: list[Call] = []
        self.responses: list[dict[str, Any]] = []
        server.expect_request(re.compile(r"/api/.*")).respond_with_handler(self._serve)
        server.expect_request(re.compile(r"/response/\d+")).respond_with_handler(
            self._answer_response_url
        )

    def _made_api(self, scopes: Iterable[str]) -> WebApi:
        return WebApi(self._all, self.rate_limits, scopes)

    @property
    def url(self) -> str:
        """The base of the Web API, for SLACK_API_URL and WebClient."""
        return f"http://127.0.0.1:{self._server.port}/api/"

    def client(self, token: str = BOT_TOKEN, *, timeout: int = 10) -> WebClient:
        """The real client, which repeats no call by itself."""
        return WebClient(token=token, base_url=self.url, retry_handlers=[], timeout=timeout)

    def _serve(self, request: Request) -> Response:
        """Answer a call of the Web API, with the fault that applies to it."""
        method = request.path.removeprefix("/api/")
        try:
            args = _read(request)
        except RefusedError as refusal:
            with self._lock:
                self._record(method, {}, refusal.code, applied=False)
            return self._reply(_refused(refusal))
        with self._lock:
            fault = self._faults.find(method, args.get("channel"))
        if fault and fault.gate:
            fault.gate.wait(_LONGEST_HANG)
        if fault and not fault.late:
            time.sleep(fault.seconds)
        if fault and not fault.applied:
            with self._lock:
                self._record(method, args, f"fault: {fault.name}", applied=False)
            return self._broken(request, fault, "")
        reply = self._carry_out(method, args, _token(request, args), fault)
        if fault is None:
            return reply
        if fault.late:
            time.sleep(fault.seconds)
        return (
            reply
            if fault.seconds or fault.gate
            else self._broken(request, fault, reply.get_data(as_text=True))
        )

    def _carry_out(
        self, method: str, args: Args, token: str | None, fault: Fault | None
    ) -> Response:
        """Carry a call out and record it, under the lock."""
        with self._lock:
            try:
                self._check_token(method, token)
                answer = self._api.call(method, args)
                reply, outcome = self._reply(answer), "ok"
            except RefusedError as refusal:
                reply, outcome = self._reply(_refused(refusal)), refusal.code
            except RateLimitedError as limited:
                reply, outcome = self._reply(_refused(RefusedError("ratelimited"))), "ratelimited"
                reply.status_code, reply.headers["Retry-After"] = 429, str(limited.retry_after)
            applied = outcome == "ok"
            if fault is not None and applied:
                outcome = f"fault: {fault.name}"
            self._record(method, args, outcome, applied=applied)
            return reply

    def _check_token(self, method: str, token: str | None) -> None:
        if method in self._api.methods and token != self._token:
            raise RefusedError("invalid_auth" if token else "not_authed")

    def _answer_response_url(self, request: Request) -> Response:
        """Carry out an answer through a `response_url`."""
        number = int(request.path.rpartition("/")[2])
        with self._lock:
            fault = self._faults.find(RESPONSE_URL, None)
        if fault and fault.gate:
            fault.gate.wait(_LONGEST_HANG)
        if fault and not fault.applied:
            return self._broken(request, fault, "")
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

    def _record(self, method: str, args: Args, outcome: str, *, applied: bool) -> None:
        self._calls.append(Call(method, args, self._clock(), outcome, applied))

    def _reply(self, answer: Mapping[str, Any]) -> Response:
        headers = {"x-oauth-scopes": ",".join(sorted(self._api.granted))}
        body = json.dumps(answer, ensure_ascii=False)
        return Response(body, content_type=JSON_TYPE, headers=headers)

    def _broken(self, request: Request, fault: Fault, body: str) -> Response:
        """The response that a fault causes."""
        if fault.drop:
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return Response()
        if fault.cut:
            return Response(body[: len(body) // 2], content_type=JSON_TYPE)
        return Response(
            fault.body, fault.status, dict(fault.headers), content_type=fault.content_type
        )


def _read(request: Request) -> dict[str, Any]:
    """The arguments of a call. Raises RefusedError."""
    if request.mimetype == "application/json":
        try:
            args = json.loads(request.get_data() or b"{}")
        except ValueError:
            raise RefusedError("invalid_json") from None
        if not isinstance(args, dict):
            raise RefusedError("json_not_object")
        return args
    return {**request.args.to_dict(), **request.form.to_dict()}


def _token(request: Request, args: Args) -> str | None:
    header = request.headers.get("Authorization", "")
    return header.removeprefix("Bearer ") or args.get("token")


def _refused(refusal: RefusedError) -> dict[str, Any]:
    return {"ok": False, "error": refusal.code, **refusal.more}
