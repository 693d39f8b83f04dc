"""HTTP client: identification, pace, and limits of time, size and redirects.

Answers that pytest-httpserver cannot get wrong come from a server of plain sockets.
"""

import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.http import Bounds, Fetched, FetchError, HttpClient, NotModified, retry_after, user_agent

NOW = datetime(2025, 9, 17, 16, tzinfo=UTC)
BOUNDS = Bounds(connect=1.0, silence=0.3, deadline=0.5, size=200_000)
OK = b"HTTP/1.1 200 OK\r\n"
PATIENCE = 5.0  # seconds; no test may take longer, whatever the server does
CERTIFICATE = Path(__file__).with_name("localhost.pem")


def a_client(bounds: Bounds = BOUNDS, wait: Callable[[], None] = lambda: None) -> HttpClient:
    return HttpClient(
        agent="tests/1 (+nobody)", clock=time.monotonic, now=lambda: NOW, wait=wait, bounds=bounds
    )


@pytest.fixture(scope="module")
def client() -> Iterator[HttpClient]:
    """One client for all tests: a server's fault must not affect the next fetch."""
    with a_client() as client:
        yield client


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """TLS of a server that clients made from now on trust."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def raw_server(
    pieces: Iterable[bytes],
    pause: float = 0.0,
    requests: int = 1,
    tls: ssl.SSLContext | None = None,
) -> Iterator[str]:
    """Serve these bytes to each request of one connection, then close it. Yields the URL."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as plain:
        listener = tls.wrap_socket(plain, server_side=True) if tls else plain
        listener.settimeout(PATIENCE)
        thread = threading.Thread(target=_answer, args=(listener, pieces, pause, stop, requests))
        thread.start()
        try:
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}/feed"
        finally:
            stop.set()
            thread.join(PATIENCE)
            listener.close()


def _answer(
    listener: socket.socket,
    pieces: Iterable[bytes],
    pause: float,
    stop: threading.Event,
    requests: int,
) -> None:
    try:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(PATIENCE)
            for _ in range(requests):
                connection.recv(65_536)
                for piece in pieces:
                    if stop.wait(pause):
                        return
                    connection.sendall(piece)
    except OSError:
        pass  # the client has hung up, as it should


def reason(client: HttpClient, url: str) -> str:
    started = time.monotonic()
    with pytest.raises(FetchError) as caught:
        client.fetch(url)
    assert time.monotonic() - started < PATIENCE
    return caught.value.reason


def fetched(client: HttpClient, url: str) -> Fetched:
    answer = client.fetch(url)
    assert isinstance(answer, Fetched)
    return answer


def test_a_document_comes_with_its_validators(httpserver: HTTPServer, client: HttpClient) -> None:
    headers = {"ETag": '"a"', "Last-Modified": "Wed, 17 Sep 2025 04:00:00 GMT"}
    httpserver.expect_request("/feed").respond_with_data(b"body", headers=headers)
    url = httpserver.url_for("/feed")
    assert client.fetch(url) == Fetched(url, b"body", '"a"', headers["Last-Modified"])


def test_what_was_fetched_before_is_asked_for_by_its_validators(
    httpserver: HTTPServer, client: HttpClient
) -> None:
    validators = {"If-None-Match": '"a"', "If-Modified-Since": "Wed, 17 Sep 2025 04:00:00 GMT"}
    httpserver.expect_request("/feed", headers=validators).respond_with_data(status=304)
    url = httpserver.url_for("/feed")
    answer = client.fetch(url, etag='"a"', last_modified=validators["If-Modified-Since"])
    assert answer == NotModified(url)


def test_every_request_identifies_the_bot(httpserver: HTTPServer, client: HttpClient) -> None:
    httpserver.expect_request(
        "/feed", headers={"User-Agent": "tests/1 (+nobody)", "Accept-Encoding": "gzip"}
    ).respond_with_data(b"body")
    assert fetched(client, httpserver.url_for("/feed")).body == b"body"


@pytest.mark.parametrize("contact", [None, "", "me@example.org", "a\r\nHost: evil", "Zoë 🌱"])
def test_the_user_agent_holds_the_contact_in_printable_ascii(
    contact: str | None,
) -> None:
    agent = user_agent(contact)
    assert agent.startswith("papers-bot/")
    assert agent.isascii()
    assert agent.isprintable()
    assert ("(+me@example.org)" in agent) == (contact == "me@example.org")


def test_all_requests_share_one_connection(client: HttpClient) -> None:
    """The server accepts one connection only."""
    answer = OK + b"Content-Length: 4\r\n\r\nbody"
    with raw_server([answer], requests=3) as url:
        for _ in range(3):
            assert fetched(client, url).body == b"body"


def test_the_pace_is_kept_before_every_request_and_redirect(httpserver: HTTPServer) -> None:
    told: list[str] = []

    def answer(request: Request) -> Response:
        told.append("request")
        number = int(request.path[1:])
        if number == 3:
            return Response(b"there")
        return Response(status=302, headers={"Location": f"/{number + 1}"})

    for number in range(4):
        httpserver.expect_request(f"/{number}").respond_with_handler(answer)
    with a_client(wait=lambda: told.append("wait")) as client:
        assert fetched(client, httpserver.url_for("/0")).url == httpserver.url_for("/3")
    assert told == ["wait", "request"] * 4


def test_waiting_for_the_pace_does_not_count_towards_the_deadline(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/feed").respond_with_data(b"body")
    passed = 0.0

    def wait() -> None:
        nonlocal passed
        passed += 1000.0

    with HttpClient(
        agent="a", clock=lambda: passed, now=lambda: NOW, wait=wait, bounds=BOUNDS
    ) as client:
        assert fetched(client, httpserver.url_for("/feed")).body == b"body"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/loop", "redirects in a loop"),
        ("http://evil.example/", "redirects to another host evil.example"),
        ("http://127.0.0.1@evil.example/", "redirects to another host evil.example"),
        ("http://localhost.evil.example/", "another host localhost.evil.example"),
        ("ftp://localhost/feed", "redirects to something other than http"),
        ("file:///etc/passwd", "redirects to something other than http"),
        ("http://localhost:1/", "redirects to another host localhost"),
    ],
)
def test_a_redirect_in_a_loop_or_to_another_host_is_not_followed(
    location: str, words: str, httpserver: HTTPServer, client: HttpClient
) -> None:
    httpserver.expect_request("/loop").respond_with_data(
        status=301, headers={"Location": location}
    )
    assert words in reason(client, httpserver.url_for("/loop"))


def test_a_redirect_from_https_to_http_is_not_followed(tls: ssl.SSLContext) -> None:
    """Not even to the same host and port."""
    port = 0

    def answer() -> Iterator[bytes]:
        yield f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/\r\n\r\n".encode()

    with raw_server(answer(), tls=tls) as url, a_client() as client:
        port = httpx.URL(url).port or 0
        assert reason(client, url) == "redirects from https to http"


def test_a_redirect_from_http_to_https_is_followed(
    httpserver: HTTPServer, client: HttpClient
) -> None:
    """Into a server that speaks no TLS, which shows that it was asked."""
    location = httpserver.url_for("/feed").replace("http:", "https:")
    httpserver.expect_request("/feed").respond_with_data(
        status=301, headers={"Location": location}
    )
    assert reason(client, httpserver.url_for("/feed")) == "TLS failed"


def test_at_most_five_redirects_are_followed(httpserver: HTTPServer, client: HttpClient) -> None:
    for number in range(8):
        httpserver.expect_request(f"/{number}").respond_with_data(
            status=307, headers={"Location": f"/{number + 1}"}
        )
    httpserver.expect_request("/8").respond_with_data(b"there")
    assert fetched(client, httpserver.url_for("/3")).body == b"there"
    assert reason(client, httpserver.url_for("/2")) == "redirects more than 5 times"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)],
    ids=["gzip", "x-gzip", "deflate"],
)
def test_a_compressed_body_is_read(
    encoding: str, encode: Callable[[bytes], bytes], httpserver: HTTPServer, client: HttpClient
) -> None:
    body = encode(b"body" * 1000)
    headers = {"Content-Encoding": encoding}
    httpserver.expect_request("/feed").respond_with_data(body, headers=headers)
    assert fetched(client, httpserver.url_for("/feed")).body == b"body" * 1000


def test_bytes_after_a_compressed_body_are_dropped(client: HttpClient) -> None:
    """zlib by itself would collect them without limit."""
    body = gzip.compress(b"body", mtime=0) + b"x" * 300_000
    with raw_server([OK + b"Content-Encoding: gzip\r\n\r\n", body]) as url:
        assert fetched(client, url).body == b"body"


def test_a_body_whose_stated_length_is_too_large_is_not_read(client: HttpClient) -> None:
    with raw_server([OK + b"Content-Length: 100000000\r\n\r\n"]) as url:
        assert reason(client, url) == "larger than 0.2 MB"


def test_a_hundred_megabytes_without_a_stated_length_are_cut_off(client: HttpClient) -> None:
    sent = 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield OK + b"\r\n"
        for _ in range(1600):
            yield b"x" * 62_500
            sent += 62_500

    with raw_server(body()) as url:
        assert reason(client, url) == "larger than 0.2 MB"
    assert sent < 20_000_000  # what lay in the buffers


def test_a_gzip_bomb_is_cut_off(client: HttpClient) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000, mtime=0)
    head = OK + f"Content-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n".encode()
    with raw_server([head, bomb]) as url:
        assert reason(client, url) == "larger than 0.2 MB"


def _drip(start: bytes, drop: bytes) -> Iterator[bytes]:
    yield start
    for _ in range(1000):
        yield drop


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (OK + b"Content-Length: 100000\r\n\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"\r\n", b"x"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"e"),
        (OK + b"X-Never: ", b"e"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"H", b"T"),
    ],
    ids=["body", "chunks", "unbounded", "extension", "headers", "hints", "status"],
)
def test_an_answer_of_slow_single_bytes_ends_at_the_deadline(
    start: bytes, drop: bytes, client: HttpClient
) -> None:
    """In every part of the answer: a timeout of each wait alone would never end it."""
    with raw_server(_drip(start, drop), pause=0.05) as url:
        words = reason(client, url)
    assert words.startswith(("timed out after 0.5 s", "not HTTP"))


@pytest.mark.parametrize("start", [b"", OK, OK + b"\r\n"], ids=["status", "headers", "body"])
def test_the_deadline_holds_over_tls(start: bytes, tls: ssl.SSLContext) -> None:
    with raw_server(_drip(start, b"x"), pause=0.05, tls=tls) as url, a_client() as client:
        assert reason(client, url) == "timed out after 0.5 s"


def test_a_fast_endless_answer_without_a_body_ends_at_the_deadline(client: HttpClient) -> None:
    """Interim answers have no size that could be limited."""
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100
    with raw_server(hints for _ in range(100_000)) as url:
        assert reason(client, url) == "timed out after 0.5 s"


@pytest.mark.parametrize("start", [b"", b"\x16\x03\x03\x40\x00"], ids=["silent", "dripping"])
def test_a_tls_handshake_that_never_ends_is_given_up(start: bytes, client: HttpClient) -> None:
    with raw_server(_drip(start, b"\x02" if start else b""), pause=0.05) as url:
        words = reason(client, url.replace("http:", "https:"))
    assert words in {"no connection within 0.5 s", "timed out after 0.5 s", "TLS failed"}


def test_redirects_share_one_deadline(httpserver: HTTPServer, client: HttpClient) -> None:
    """Each answer comes in time, all of them together do not."""

    def answer(request: Request) -> Response:
        time.sleep(0.2)
        return Response(status=302, headers={"Location": f"/{int(request.path[1:]) + 1}"})

    for number in range(4):
        httpserver.expect_request(f"/{number}").respond_with_handler(answer)
    assert reason(client, httpserver.url_for("/0")) == "timed out after 0.5 s"


def test_a_silent_server_is_a_timeout(client: HttpClient) -> None:
    with raw_server(_drip(b"", b""), pause=0.05) as url:
        assert reason(client, url) == "timed out after 0.3 s of silence"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "not HTTP"),
        (b"220 smtp.example ESMTP\r\n", "not HTTP"),
        (b"\0" * 1000, "not HTTP"),
        (b"<html>no status</html>", "not HTTP"),
        (OK + b"Content-Length: 100\r\n\r\nshort", "cut short"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n", "cut short"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n", "not HTTP"),
        (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", "not HTTP"),
        (OK + b"Content-Length: minus\r\n\r\nx", "not HTTP"),
        (OK + b"X: " + b"y" * 200_000 + b"\r\n\r\n", "not HTTP"),
        (OK + b"Content-Encoding: br\r\n\r\nx", "content-encoding that was not asked for (br)"),
        (OK + b"Content-Encoding: gzip, gzip\r\n\r\nx", "not asked for (gzip, gzip)"),
        (OK + b"Content-Encoding: gzip\r\n\r\nno gzip", "unreadable"),
        (
            OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 999, mtime=0)[:-9],
            "cut short",
        ),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://\xff\xfe/\r\n\r\n", "redirects to"),
        (b"HTTP/1.1 301 Moved\r\nLocation: http://[\r\n\r\n", "redirects to"),
        (b"HTTP/1.1 302 Found\r\n\r\n", "HTTP 302 without an address"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP 304"),
        (b"HTTP/1.1 999 Strange\r\n\r\n", "HTTP 999"),
    ],
)
def test_the_reason_names_the_fault_of_an_answer(
    answer: bytes, words: str, client: HttpClient
) -> None:
    with raw_server([answer]) as url:
        assert words in reason(client, url)


def test_the_reason_names_a_refused_connection_or_a_bad_address(client: HttpClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert reason(client, f"http://127.0.0.1:{port}/") == "connection refused"
    for no_address in ("", "feed", "mailto:a@b", "http://", "http://[", "http://a b/"):
        assert reason(client, no_address)


def test_the_reason_names_tls_where_the_server_speaks_none(client: HttpClient) -> None:
    with raw_server([OK + b"\r\n"]) as url:
        assert "TLS" in reason(client, url.replace("http:", "https:"))


def test_a_client_works_after_every_failure(httpserver: HTTPServer, client: HttpClient) -> None:
    """Its one connection is released."""
    httpserver.expect_request("/feed").respond_with_data(b"body")
    httpserver.expect_request("/large").respond_with_data(b"x" * 300_000)
    httpserver.expect_request("/gone").respond_with_data(b"x" * 1000, status=503)
    for _ in range(2):
        for path in ("/large", "/gone"):
            assert reason(client, httpserver.url_for(path))
        with raw_server(_drip(OK, b"x"), pause=0.05) as url:
            assert reason(client, url)
        assert fetched(client, httpserver.url_for("/feed")).body == b"body"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("0", 0.0),
        ("Wed, 17 Sep 2025 16:05:00 GMT", 300.0),
        ("Wed, 17 Sep 2025 15:00:00 GMT", 0.0),
        ("99999999999", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("1e9", None),
        ("Wed, 99 Foo 2025", None),
    ],
)
def test_the_error_holds_the_wait_that_the_server_asks_for(
    status: int,
    value: str | None,
    seconds: float | None,
    httpserver: HTTPServer,
    client: HttpClient,
) -> None:
    headers = {"Retry-After": value} if value else {}
    httpserver.expect_request("/feed").respond_with_data(b"", status=status, headers=headers)
    with pytest.raises(FetchError) as caught:
        client.fetch(httpserver.url_for("/feed"))
    assert caught.value.reason == f"HTTP {status}"
    assert caught.value.retry_after == seconds


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=40))
def test_any_retry_after_is_at_most_a_day_or_unusable(value: str) -> None:
    seconds = retry_after(value, NOW)
    assert seconds is None or 0 <= seconds <= timedelta(days=1).total_seconds()
