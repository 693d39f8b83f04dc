"""Laws of addresses: where they lead, the host that is shown, and texts that look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.hosts import ascii_host, contains_address, looks_like_address
from bot.catalog.keys import KEY_LENGTH, bounded_key
from bot.catalog.links import LONGEST_ADDRESS, mixed_host, read_link, read_reference, shown_host
from bot.catalog.model import Catalog

ARXIV = "https://arxiv.org/abs/2401.09670"


@pytest.mark.parametrize(
    ("address", "url", "host"),
    [
        ("https://arxiv.org/abs/2401.09670v2", ARXIV, ""),
        ("https://export.arxiv.org/pdf/2401.09670", ARXIV, ""),
        ("https://doi.org/10.1145/3600006.3613165", "https://doi.org/10.1145/3600006.3613165", ""),
        ("https://www.usenix.org/x", "https://www.usenix.org/x", "usenix.org"),
        ("https://USENIX.org./x", "https://usenix.org/x", "usenix.org"),
        ("https://evil.example/abs/2401.09670", None, "evil.example"),
        ("https://arxiv.org.evil.example/abs/2401.09670", None, "arxiv.org.evil.example"),
        ("https://evil.example/doi/10.1145/1.2", None, "evil.example"),
        # A user's name is no host.
        ("https://arxiv.org@evil.example/x", "https://evil.example/x", "evil.example"),
        ("https://arxiv.org:443@evil.example/x", "https://evil.example/x", "evil.example"),
        ("https://arxiv.org%2Fabs@evil.example", "https://evil.example", "evil.example"),
        # Browsers take a backslash for a slash.
        (r"https://evil.example\@arxiv.org/abs/2401.09670", None, "evil.example"),
        (r"https:\\evil.example\x", "https://evil.example/x", "evil.example"),
        (r"https://evil.example/x?a=\b", "https://evil.example/x?a=\\b", "evil.example"),
        # A port is another site.
        ("https://arxiv.org:8443/abs/1", "https://arxiv.org:8443/abs/1", "arxiv.org:8443"),
        ("https://usenix.org:443/x", "https://usenix.org/x", "usenix.org"),
        # International names are shown in ASCII; their dots are dots.
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x", "xn--bcher-kva.example"),
        ("https://arxiv。org/abs/2401.09670", ARXIV, ""),
        ("https://arxiv．org｡/abs/2401.09670", ARXIV, ""),
        ("https://ａｒｘｉｖ.org/abs/2401.09670", ARXIV, ""),
        ("https://arxiv%2Eorg/abs/2401.09670", ARXIV, ""),
        ("https://аrxiv.org/abs/2401.09670", None, "xn--rxiv-43d.org"),
        ("https://ar\u200bxiv.org/abs/2401.09670", ARXIV, ""),
        # Characters that are not seen are encoded.
        ("https://a.example/\u202egpj.exe", "https://a.example/%E2%80%AEgpj.exe", "a.example"),
        ("https://a.example/x\u3000y", "https://a.example/x%E3%80%80y", "a.example"),
    ],
)
def test_an_address_leads_where_a_browser_goes_and_its_host_is_shown(
    address: str, url: str | None, host: str
) -> None:
    link = read_link(address)
    assert link is not None
    assert url is None or link.url == url
    assert shown_host(link.url) == host


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example／.arxiv.org/abs/1",
        "https://evil.example%2f.arxiv.org/",
        "https://[::1]/",
        "https://[",
        "https://localhost/",
        "https://a..example/",
        "https://a.example:99999/",
        "https://a.example:x/",
        "https:evil.example/x",
        "https://a b.example/",
        "https://a.example/\ud800",
        "javascript://a.example/%0aalert(1)",
        "https://a.example/" + "x" * LONGEST_ADDRESS,
        "https://" + "a." * 200 + "example",
    ],
)
def test_what_a_browser_would_read_otherwise_is_no_link(address: str) -> None:
    assert read_link(address) is None
    assert shown_host(address) == ""


@pytest.mark.parametrize(
    ("host", "is_mixed"),
    [
        ("аpple.com", True),  # Cyrillic а
        ("аррӏе.com", True),  # all Cyrillic
        ("аррӏе.аррӏе.com", True),
        ("gοοgle.com", True),  # Greek ο
        ("bücher.de", False),
        ("пример.com", False),
        ("παράδειγμα.gr", False),
        ("東京abc.jp", False),
        ("東京аbc.jp", True),
        ("한국.kr", False),
        ("usenix.org", False),
    ],
)
def test_a_host_that_mixes_alphabets_is_pointed_out(host: str, *, is_mixed: bool) -> None:
    assert mixed_host(f"https://{host}/x") == (ascii_host(host) if is_mixed else "")


@pytest.mark.parametrize(
    "title",
    [
        "https://bank.example",
        "HTTPS://BANK.EXAMPLE/login",
        "http://bank.example now",
        "“https://bank.example”",
        "(www.bank.example)",
        "www.bank.example",
        "bank.example/login",
        "bank.example",
        "bank.com: sign in",
        "arxiv.org/abs/2401.09670",
        "bank.example:8443",
        "user@bank.example",
        "ｂａｎｋ.example/login",
        "bank。example/login",
        "bank\u200b.example/login",
        "xn--80ak6aa92e.com",
        "аррӏе.com",
        "javascript:alert(1)",
        "ftp://bank.example",
    ],
)
def test_a_title_that_looks_like_an_address_is_recognised(title: str) -> None:
    assert looks_like_address(title)
    assert contains_address(title)


@pytest.mark.parametrize("title", ["See https://bank.example/", "Sign in at bank.com/login"])
def test_a_title_may_contain_an_address_which_is_recognised(title: str) -> None:
    assert contains_address(title)
    assert not looks_like_address(title)


@pytest.mark.parametrize(
    "title",
    [
        "DistServe: Disaggregating Prefill and Decoding",
        "llama.cpp",
        "Node.js",
        "LLM.int8(): 8-bit Matrix Multiplication",
        "GPT-4.5",
        "TCP/IP and/or RDMA",
        "v1.5/v2 of a protocol",
        "Lessons Learned at Booking.com",
        "C++: a language",
        "Is it data: or not?",
        "3.14",
        "…",
        "",
    ],
)
def test_a_title_with_dots_and_slashes_is_no_address(title: str) -> None:
    assert not contains_address(title)


def test_no_listed_title_looks_like_an_address(catalog: Catalog) -> None:
    titles = [entry.title for entry in catalog.entries]
    assert not [title for title in titles if contains_address(title)]


@given(st.text(max_size=3000))
def test_a_key_is_bounded_in_bytes_and_long_texts_keep_their_own(text: str) -> None:
    key = bounded_key(text)
    assert len(key.encode()) <= KEY_LENGTH
    assert "\0" not in key
    assert bounded_key(key) == key
    assert key != bounded_key(f"{'模' * 600}{text}") != bounded_key(f"{'模' * 600}{text}!")


def test_every_kind_of_link_has_a_bounded_key() -> None:
    long = "模x" * 400
    for text in (f"https://a.example/{long}", f"10.1145/{long}", "https://a.example/%00"):
        link = read_reference(text)
        assert link is not None
        assert len(link.key.encode()) <= KEY_LENGTH
        assert "\0" not in link.key
