"""HTTP client for outgoing requests, limited in pace, size, time and redirects.

Every network failure becomes a FetchError whose reason is fit to show. Requests are never repeated
here: the callers keep schedules of their own.
"""

import re
import socket
import ssl
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any

import httpx

from bot.errors import PapersError

MEGABYTE = 1_000_000
_REDIRECTS = 5
_LONGEST_WAIT = 86_400.0  # seconds; a longer Retry-After counts as one day
_LONGEST_QUOTE = 253  # characters of a host name or of another foreign word in a reason
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (socket.gaierror, "host not found"),
    (ssl.SSLCertVerificationError, "its TLS certificate is not trusted"),
    (ssl.SSLError, "TLS failed"),
    (ConnectionResetError, "connection reset"),
    (httpx.InvalidURL, "not an address that can be fetched"),
    (httpx.UnsupportedProtocol, "not an address that can be fetched"),
    (httpx.ReadError, "the answer was cut short"),
    (httpx.RemoteProtocolError, "not HTTP ({})"),
    (zlib.error, "an unreadable answer ({})"),  # in another format than its headers state
    (ValueError, "an unreadable answer ({})"),  # headers that are no text
    (Exception, "connection failed ({})"),
)
"""Words for the first kind that is among an error's causes."""


class FetchError(PapersError):
    """A request without a usable answer.

    `reason` is a phrase; `retry_after` are the seconds that the server asks to wait.
    """

    def __init__(self, url: str, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{url} could not be fetched: {reason}.")
        self.url = url
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document, with the validators that a later conditional request needs."""

    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """Answer to a conditional request: the document is unchanged."""

    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An API's answer of any status."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds to wait, from Retry-After or from the reset time of an exhausted rate limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of one fetch or exchange, in seconds and bytes."""

    connect: float = 10.0
    silence: float = 30.0
    """Longest wait for the next byte."""
    deadline: float = 120.0
    """Total time, redirects included, waiting for the pace excluded."""
    size: int = 20 * MEGABYTE
    """Of the decompressed body."""


def user_agent(contact: str | None) -> str:
    """User-Agent with the bot's version and the operator's contact, reduced to printable ASCII."""
    name = f"papers-bot/{version('papers-bot')}"
    contact = re.sub(r"[^\x21-\x7e]+", " ", contact or "").strip()
    return f"{name} (+{contact})" if contact else name


class HttpClient(AbstractContextManager["HttpClient"]):
    """Client of one connection, for one thread at a time.

    `clock` gives monotonic seconds, `now` the time of day; `wait` is called before every request,
    redirects included, and returns when the request may be sent.
    """

    def __init__(
        self,
        *,
        agent: str,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        wait: Callable[[], None] = lambda: None,
        bounds: Bounds = Bounds(),
    ) -> None:
        self._bounds = bounds
        self._now = now
        self._watchdog = _Watchdog(clock)
        limits = httpx.Limits(max_connections=1, keepalive_expiry=30.0)
        self._client = httpx.Client(
            transport=httpx.HTTPTransport(limits=limits),
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            event_hooks={"request": [_check_redirect, lambda _: wait(), self._watchdog.start]},
        )

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._client.close()

    def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """Fetch a document, conditionally if validators are given. Raises FetchError."""
        validators = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in validators.items() if value}
        visited = {url}
        origin: httpx.URL | None = None
        self._watchdog.reset(self._bounds.deadline)
        for _ in range(_REDIRECTS + 1):
            with self._send("GET", url, headers=headers, origin=origin) as response:
                if response.next_request is None:
                    return self._document(url, response, conditional=bool(headers))
                origin, target = response.url, str(response.next_request.url)
            if target in visited:
                raise FetchError(url, "redirects in a loop")
            visited.add(target)
            url = target
        raise FetchError(url, f"redirects more than {_REDIRECTS} times")

    def exchange(
        self, method: str, url: str, *, token: str, headers: Mapping[str, str], content: bytes
    ) -> Reply:
        """Send an authorized request to an API. Redirects are not followed. Raises FetchError."""
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            # httpx would print what it cannot send.
            raise FetchError(url, "the token holds characters that no header can")
        headers = {**headers, "Authorization": f"Bearer {token}"}
        self._watchdog.reset(self._bounds.deadline)
        with self._send(method, url, headers=headers, content=content) as response:
            body = self._body(url, response)
            return Reply(response.status_code, body, _requested_wait(response, self._now()))

    @contextmanager
    def _send(
        self, method: str, url: str, *, origin: httpx.URL | None = None, **parts: Any
    ) -> Iterator[httpx.Response]:
        """Send one request, redirected from `origin` if that is given. Raises FetchError.

        `parts` are httpx's names of what a request holds (headers, content).
        """
        connect = max(0.001, min(self._bounds.connect, self._watchdog.left))
        timeout = httpx.Timeout(self._bounds.silence, connect=connect)
        extensions = {"trace": self._watchdog.trace, "origin": origin}
        try:
            with self._client.stream(
                method, url, timeout=timeout, extensions=extensions, **parts
            ) as response:
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error, ValueError) as error:
            raise FetchError(url, self._reason(error, connect)) from error
        finally:
            self._watchdog.stop()

    def _reason(self, error: Exception, connect: float) -> str:
        if self._watchdog.expired:
            return f"timed out after {self._bounds.deadline:g} s"
        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection within {connect:.3g} s"
        if isinstance(error, httpx.TimeoutException):
            return f"timed out after {self._bounds.silence:g} s of silence"
        if "peer closed" in str(error):
            return "the answer was cut short"
        causes = tuple(_causes(error))
        words = next(words for kind, words in _REASONS if any(isinstance(e, kind) for e in causes))
        return words.format(_printable(error))

    def _document(
        self, url: str, response: httpx.Response, *, conditional: bool
    ) -> Fetched | NotModified:
        status, headers = response.status_code, response.headers
        if status == httpx.codes.NOT_MODIFIED and conditional:
            return NotModified(url)
        if status in {301, 302, 303, 307, 308}:
            raise FetchError(url, f"HTTP {status} without an address to go to")
        if status != httpx.codes.OK:
            after = retry_after(headers.get("retry-after"), self._now())
            raise FetchError(url, f"HTTP {status}", retry_after=after)
        body = self._body(url, response)
        return Fetched(url, body, headers.get("etag"), headers.get("last-modified"))

    def _body(self, url: str, response: httpx.Response) -> bytes:
        size = self._bounds.size
        too_large = FetchError(url, f"larger than {size / MEGABYTE:g} MB")
        if int(response.headers.get("content-length", 0)) > size:
            raise too_large
        body = bytearray()
        for piece in _decompressed(url, response, size + 1):
            body += piece
            if len(body) > size:
                raise too_large
        if self._watchdog.expired:  # a body of no stated length seems to end where it was cut
            raise httpx.ReadTimeout("total time")
        return bytes(body)


class _Watchdog:
    """Total time limit over the requests of one fetch.

    httpx limits each wait for a byte but not the whole: a byte every few seconds could last for
    weeks (https://github.com/encode/httpx/issues/1450). Here a timer shuts the connection down,
    which ends any read or write under way. It does not close it: the file descriptor could be
    reused while the other thread still reads from it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.left = 0.0
        self.expired = False
        self._clock = clock
        self._started = 0.0
        self._timer: threading.Timer | None = None
        self._stream: Any = None

    def reset(self, seconds: float) -> None:
        """Grant so many seconds to the requests that follow."""
        self.left, self.expired = seconds, False

    def start(self, _request: httpx.Request) -> None:
        """Request hook: start the clock."""
        self._started = self._clock()
        self._timer = threading.Timer(self.left, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Stop the clock. Without effect if it does not run."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None
            self.left -= self._clock() - self._started

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Learn the connection: https://www.python-httpx.org/advanced/extensions/#trace."""
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self._stream = info["return_value"]
            if self.expired:
                self._expire()

    def _expire(self) -> None:
        self.expired = True
        if self._stream is not None:
            with suppress(OSError):  # closed already
                # SSLSocket.shutdown() would go on in plain text for a moment.
                socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait, at most a day; None if it is unusable."""
    if not value:
        return None
    if re.fullmatch(r"\d{1,12}", value.strip(), re.ASCII):
        seconds = float(value)
    else:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
            return None
    return min(max(0.0, seconds), _LONGEST_WAIT)


def _requested_wait(response: httpx.Response, now: datetime) -> float | None:
    """Seconds until Retry-After, or until GitHub's reset of a rate limit that is used up."""
    after = retry_after(response.headers.get("retry-after"), now)
    if after is not None or response.headers.get("x-ratelimit-remaining") != "0":
        return after
    reset = response.headers.get("x-ratelimit-reset", "")
    if not re.fullmatch(r"\d{1,12}", reset, re.ASCII):
        return None
    return min(max(0.0, float(reset) - now.timestamp()), _LONGEST_WAIT)


def _check_redirect(request: httpx.Request) -> None:
    """Request hook: refuse redirects to other hosts and from https to http.

    Hosts of arXiv count as one. Raises FetchError.
    """
    here: httpx.URL | None = request.extensions["origin"]
    there = request.url
    if here is None:
        return
    if there.scheme not in {"http", "https"}:
        raise FetchError(str(here), "redirects to something other than http")
    if here.scheme == "https" and there.scheme == "http":
        raise FetchError(str(here), "redirects from https to http")
    is_same_host = here.host == there.host or all(
        re.fullmatch(r"(.+\.)?arxiv\.org", url.host) for url in (here, there)
    )
    if not is_same_host or here.port != there.port:
        raise FetchError(str(here), f"redirects to another host {_printable(there.host)}")


def _decompressed(url: str, response: httpx.Response, limit: int) -> Iterator[bytes]:
    """Yield the body decompressed, in pieces of at most `limit` bytes.

    httpx's own decoder inflates each chunk whole, up to a thousand times its size.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in {"", "identity"}:
        yield from response.iter_raw()
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError(
            url, f"a content-encoding that was not asked for ({_printable(encoding)})"
        )
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
    for chunk in response.iter_raw():
        if not inflater.eof:  # what follows would be collected without limit
            yield inflater.decompress(chunk, limit)
        if inflater.unconsumed_tail:
            return  # the caller has its limit
    if not inflater.eof:
        raise httpx.RemoteProtocolError("peer closed the compressed stream")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _printable(text: object) -> str:
    """Foreign text, shortened and without control characters."""
    return "".join(char if char.isprintable() else "?" for char in str(text)[:_LONGEST_QUOTE])
