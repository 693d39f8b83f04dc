"""The one outgoing HTTP client: every fetch is identified, paced, bounded in time and in size.

What a server does wrong becomes a FetchError with a sentence for people. Nothing is repeated here:
who polls decides when to ask again.

    wait() ──► request ──► redirect? ──► wait() ──► request ──► body, decoded, up to the cap
                 └──── one deadline over all of the answer's bytes, headers included ────┘
"""

import math
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Self

import httpcore
import httpx

from bot.errors import PapersError

MEGABYTE = 1_000_000
_REDIRECTS = 5
_CHUNK = 64 * 1024
_LONGEST_WAIT = 86_400.0  # whatever Retry-After says: a day is as good as for ever
_AMPLE = 253  # characters of a host name or of another foreign word in a reason

_SocketOptions = Iterable[Any]


class FetchError(PapersError):
    """A document that could not be fetched."""

    def __init__(self, url: str, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{url} could not be fetched: {reason}.")
        self.url = url
        self.reason = reason
        self.retry_after = retry_after
        """Seconds that the server asks to wait."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document with what a later fetch of it may show to be spared the body."""

    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The document is still the one whose validators were shown."""

    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What an API answered, whatever its status."""

    status: int
    body: bytes
    retry_after: float | None = None
    """Seconds to wait: as asked for, or until a rate limit that is used up begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long, how much. Seconds and bytes."""

    connect: float = 10.0
    silence: float = 30.0
    """Without a byte."""
    deadline: float = 120.0
    """For a document, redirects included, waiting for one's turn not."""
    size: int = 20 * MEGABYTE
    """Of the body, decompressed."""


def user_agent(contact: str | None) -> str:
    """Who asks, and where to complain. Only what a header can hold of the contact."""
    name = f"papers-bot/{version('papers-bot')}"
    contact = re.sub(r"[^\x21-\x7e]+", " ", contact or "").strip()
    return f"{name} (+{contact})" if contact else name


class HttpClient:
    """One connection. `wait` is called before every request and returns when it may be made."""

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
        self._clock = clock
        self._now = now
        self._wait = wait
        self._deadline = _Deadline(clock)
        self._client = httpx.Client(
            transport=_Transport(self._deadline),
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=httpx.Timeout(bounds.silence, connect=bounds.connect),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        """Itself, to be closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def fetch(
        self, url: str, *, etag: str | None = None, last_modified: str | None = None
    ) -> Fetched | NotModified:
        """Fetch a document, or learn that it is unchanged. Raises FetchError, and nothing else."""
        headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        shown = {name: value for name, value in headers.items() if value}
        met, left, address = {url}, self._bounds.deadline, url
        while True:
            self._wait()
            started = self._clock()
            self._deadline.at = started + left
            answer = self._request(address, shown)
            left -= self._clock() - started
            if not isinstance(answer, _Moved):
                return answer
            address = _next_address(address, answer.to, met)
            met.add(address)

    def exchange(
        self,
        method: str,
        url: str,
        *,
        token: str,
        headers: Mapping[str, str],
        content: bytes = b"",
    ) -> Reply:
        """Ask an API that knows a token; redirects are answers, too. Raises FetchError alone."""
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            # httpx would print what it cannot send.
            raise FetchError(url, "the token holds characters that no header can")
        self._wait()
        self._deadline.at = self._clock() + self._bounds.deadline
        shown = {**headers, "Authorization": f"Bearer {token}"}
        with (
            self._told(url),
            self._client.stream(method, url, headers=shown, content=content) as response,
        ):
            body = self._body(url, response)
            return Reply(response.status_code, body, self._wait_asked(response.headers))

    def _wait_asked(self, headers: httpx.Headers) -> float | None:
        now = self._now()
        after = retry_after(headers.get("retry-after"), now)
        reset = headers.get("x-ratelimit-reset", "")
        if after is not None or headers.get("x-ratelimit-remaining") != "0":
            return after
        if not re.fullmatch(r"\d{1,12}", reset, re.ASCII):
            return None
        return min(max(0.0, float(reset) - now.timestamp()), _LONGEST_WAIT)

    def _request(self, url: str, headers: dict[str, str]) -> "Fetched | NotModified | _Moved":
        with self._told(url), self._client.stream("GET", url, headers=headers) as response:
            return self._read(url, response, asked_if_changed=bool(headers))

    @contextmanager
    def _told(self, url: str) -> Iterator[None]:
        """What goes wrong on the way, as a FetchError."""
        try:
            yield
        except httpx.TimeoutException as error:
            raise FetchError(url, self._time_out(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise FetchError(url, _reason(error)) from error
        except (zlib.error, UnicodeError, ValueError) as error:
            # zlib: a body that is not what its header says; the others: headers that are no text.
            raise FetchError(url, f"an unreadable answer ({_word(error)})") from error

    def _time_out(self, error: httpx.TimeoutException) -> str:
        if self._deadline.passed():
            return f"timed out after {self._bounds.deadline:g} s"
        if isinstance(error, httpx.ConnectTimeout):
            return f"no connection within {self._bounds.connect:g} s"
        return f"timed out after {self._bounds.silence:g} s of silence"

    def _read(
        self, url: str, response: httpx.Response, *, asked_if_changed: bool
    ) -> "Fetched | NotModified | _Moved":
        status, headers = response.status_code, response.headers
        if status == httpx.codes.NOT_MODIFIED and asked_if_changed:
            return NotModified(url)
        if status in {301, 302, 303, 307, 308}:
            if "location" not in headers:
                raise FetchError(url, f"HTTP {status} without an address to go to")
            return _Moved(headers["location"])
        if status != httpx.codes.OK:
            after = retry_after(headers.get("retry-after"), self._now())
            raise FetchError(url, f"HTTP {status}", retry_after=after)
        body = self._body(url, response)
        return Fetched(url, body, headers.get("etag"), headers.get("last-modified"))

    def _body(self, url: str, response: httpx.Response) -> bytes:
        """The body, cut off where it grows too large: before it is read, if it says so."""
        too_large = FetchError(url, f"larger than {self._bounds.size / MEGABYTE:g} MB")
        declared = response.headers.get("content-length", "")
        if declared.isascii() and declared.isdigit() and int(declared[:20]) > self._bounds.size:
            raise too_large
        body = bytearray()
        for piece in _decoded(url, response, self._bounds.size + 1):
            body += piece
            if len(body) > self._bounds.size:
                raise too_large
        return bytes(body)


@dataclass(frozen=True, slots=True)
class _Moved:
    to: str


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header (seconds or a date) asks for, at most a day."""
    if not value:
        return None
    value = value.strip()
    if re.fullmatch(r"\d{1,12}", value, re.ASCII):
        return min(float(value), _LONGEST_WAIT)
    try:
        seconds = (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None
    return min(max(0.0, seconds), _LONGEST_WAIT) if math.isfinite(seconds) else None


def _next_address(address: str, location: str, met: set[str]) -> str:
    """Where a redirect leads, if it may be followed."""
    try:
        here = httpx.URL(address)
        there = here.join(location).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise FetchError(address, "redirects to no address") from error
    if there.scheme not in {"http", "https"}:
        raise FetchError(address, "redirects to something other than http")
    if not _same_house(here, there):
        raise FetchError(address, f"redirects to another host {_word(there.host)}")
    if str(there) in met:
        raise FetchError(address, "redirects in a loop")
    if len(met) > _REDIRECTS:
        raise FetchError(address, f"redirects more than {_REDIRECTS} times")
    return str(there)


def _same_house(here: httpx.URL, there: httpx.URL) -> bool:
    """Whether two addresses are one host's, or both arXiv's, on the usual or the same port."""
    if (here.port or there.port) and here.port != there.port:
        return False
    return here.host == there.host or (_arxivs(here.host) and _arxivs(there.host))


def _arxivs(host: str) -> bool:
    return host == "arxiv.org" or host.endswith(".arxiv.org")


def _decoded(url: str, response: httpx.Response, limit: int) -> Iterator[bytes]:
    """The body in pieces, decompressed as it comes. No piece is larger than the limit.

    httpx's own decoder would inflate a chunk as far as it goes: a thousand times its size.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    raw = response.iter_raw(_CHUNK)
    if encoding in {"", "identity"}:
        yield from raw
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError(url, f"a content-encoding that was not asked for ({_word(encoding)})")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # gzip or zlib, by its first bytes
    for chunk in raw:
        yield inflater.decompress(chunk, limit)
        if inflater.unconsumed_tail:
            return  # the limit was reached, which the caller sees
    if not inflater.eof:
        raise FetchError(url, "the answer was cut short")


def _reason(error: Exception) -> str:
    """An error of the network in a few words."""
    causes = list(_causes(error))
    for kind, words in (
        (ConnectionRefusedError, "connection refused"),
        (socket.gaierror, "host not found"),
        (ssl.SSLCertVerificationError, "its TLS certificate is not trusted"),
        (ssl.SSLError, "TLS failed"),
        (ConnectionResetError, "connection reset"),
    ):
        if any(isinstance(cause, kind) for cause in causes):
            return words
    if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        return "not an address that can be fetched"
    if "peer closed" in str(error) or isinstance(error, httpx.ReadError):
        return "the answer was cut short"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"not HTTP ({_word(error)})"
    return f"connection failed ({_word(error)})"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _word(text: object) -> str:
    """Something foreign, fit to stand in a sentence."""
    return "".join(char if char.isprintable() else "?" for char in str(text)[:_AMPLE])


class _Deadline:
    """The moment at which patience ends."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.at = math.inf

    def passed(self) -> bool:
        return self._clock() >= self.at

    def within(self, timeout: float | None, error: type[Exception]) -> float:
        """A time-out that does not reach beyond the deadline."""
        left = self.at - self._clock()
        if left <= 0:
            raise error("deadline")
        return left if timeout is None else min(timeout, left)


class _Transport(httpx.HTTPTransport):
    """httpx's transport over one connection, every wait of which ends at the deadline.

    httpx bounds each wait for a byte alone: a byte every 29 s, in the headers, would last for
    weeks. httpcore lets the network be replaced, httpx does not pass that on; hence its pool.
    """

    def __init__(self, deadline: _Deadline) -> None:
        trusted = httpx.create_ssl_context()
        super().__init__(verify=trusted)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=1,
            max_keepalive_connections=1,
            keepalive_expiry=30.0,
            network_backend=_Network(deadline),
        )


class _Network(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SocketOptions | None = None,
    ) -> httpcore.NetworkStream:
        within = self._deadline.within(timeout, httpcore.ConnectTimeout)
        stream = self._network.connect_tcp(host, port, within, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        within = self._deadline.within(timeout, httpcore.ReadTimeout)
        return self._stream.read(max_bytes, within)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        within = self._deadline.within(timeout, httpcore.ConnectTimeout)
        return _Stream(
            self._stream.start_tls(ssl_context, server_hostname, within), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
