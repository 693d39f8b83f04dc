"""Laws of what people and feeds fill in: it is text, wherever it goes, and nothing else.

Nothing in it pings, links, ends the value or the line that it stands in, names a file, or breaks
the bot. A number that the bot did not give is answered in private.
"""

import datetime as dt
import html
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from structlog.testing import capture_logs
from werkzeug.test import Client

from bot.catalog.markdown.export import export_list
from bot.catalog.markdown.importer import import_list
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database
from bot.discovery.proposer import Candidate
from bot.discovery.ranking.explanations import Reasons, SectionChoice
from bot.discovery.sources.arxiv.rss import parse_feed
from bot.publishing.git_cli import GitCli
from bot.publishing.targets.git import GitTarget
from bot.review.model import Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack import reviewing, subscriptions, suggesting
from bot.slack.blocks import cards
from bot.slack.blocks import modals as forms
from bot.slack.blocks.lookup import AGAIN, CORRECT, NEXT, PREVIOUS, SHARE
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from tests.conftest import DATA
from tests.discovery.corpus import Made as Item
from tests.discovery.corpus import rss
from tests.lengths import IS_PROOF
from tests.slack.fake import ALICE, BOB, PAPERS, FakeSlack
from tests.slack.house import Clock, House, furnish
from tests.slack.payloads import command, signed

CAROL = "U0003"  # no reviewer
SERVING = "llm-systems/serving"
NAMES = shipped_names()
_SOME = 12  # a file

HOSTILE = {
    "a ping of all": "<!channel> <!here> <!everyone> @channel",
    "a ping of a person": "<@U0001> <@W0001|x> <!subteam^S0001>",
    "a link": "<https://evil.example/x|Click me> &lt;https://evil.example/y|or me&gt;",
    "escapes": "&lt;!channel&gt; &amp;lt;!channel&amp;gt; &#60;!channel&#62;",
    "a second entry": 'a"\n- title: b\n  url: https://evil.example/b',
    "an anchor": "&a [*a, *a] {x: *a} !!python/object/apply:os.system ['id']",
    "a tag": "!!python/object:os.system {}",
    "ends of YAML": "# x: y\n---\n...\n%YAML 1.1 'it''s' \"\\x41\" | > ? : -",
    "a path": "../../../../etc/passwd /etc/shadow C:\\x %2e%2e%2f",
    "a formula": "=HYPERLINK(\"https://evil.example\",\"x\")+cmd|' /C calc'!A0",
    "SQL": "'); DROP TABLE suggestions; -- \" OR 1=1 %s %(x)s :x ? {0}",
    "trailers": "x\n\nSuggestion: suggestion-1.1\nCo-authored-by: E <e@evil.example>\n",
    "Markdown": "[x](https://evil.example/z) | OSDI '24 <!-- sections: a --> ](y) `c`\n\n## H",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)> </details>",
    "unseen": "a\x00b\x1b[31mc\u202egnp.exe\u2066d\u200be\ufeff\u2028f\ue000",
    "half a character": "a\ud800b\udfffc",
    "right to left": "שלום \u202b עולם مرحبا",
    "templates": "{title} {decision} %(title)s ${x} {{7*7}} \\g<0>",
    "a shell": "$(touch pwned) `touch pwned` ; touch pwned | --upload-pack=touch",
    "GitHub": "@everyone fixes #1 https://evil.example/w",
}  # fmt: skip
LONG = "ä" * 9_000 + " <&>" * 250


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of the list in git, with its Markdown beside the data."""
    folder = tmp_path_factory.mktemp("list")
    data = Path(shutil.copytree(DATA, folder / "data"))
    for file in (data / "papers").iterdir():
        first = re.split("(?m)^(?=- )", file.read_text())[:_SOME]
        file.write_text("".join(first))
    text = (data / "list.yaml").read_text()
    (data / "list.yaml").write_text(f"{text}publish:\n  markdown: LIST.md\n")
    (folder / "LIST.md").write_text(export_list(read_catalog(data).catalog, NAMES))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "data", "LIST.md")
    git(folder, "commit", "-qm", "Begin")
    return folder


@pytest.fixture
def house(
    slack_server: HTTPServer, database: Database, tmp_path: Path, repository: Path
) -> Iterator[House]:
    """A bot that publishes by git."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    furnish(slack)
    shutil.copytree(repository, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pwned").mkdir()  # a shell that was got at would say so
    data = tmp_path / "data"
    target = GitTarget(
        GitCli(data, environment(tmp_path)), "LIST.md", NAMES, now=lambda: clock.now
    )
    found = House(slack, database, data, clock, target=target)
    with capture_logs() as logs:
        yield found
    slack.check()
    broken = [log for log in logs if log["log_level"] in {"error", "critical"}]
    assert not broken, "nothing breaks, whatever people write"


on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
"""Of the two the one that takes less: no NUL, no text beyond a column's length."""


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
    }


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603  # git alone, with words of this file
        ["/usr/bin/env", "git", "-c", "user.name=x", "-c", "user.email=x@y", *words],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def assert_harmless(house: House, *answers: object) -> None:
    """Of what anybody was shown only the bot's own mentions and links are any.

    Answers to commands are given; what was posted, shown in private or opened is looked up.
    """
    listed = {one.url for one in house.catalog.entries}
    messages = [*house.slack.by_metadata("key"), *house.slack.ephemerals()]
    views = [one.args.get("view") for one in house.slack.calls()]
    shown = [*answers, *(one.blocks for one in messages), *map(_parsed, views)]
    texts = [one.text for one in messages]
    for text in _mrkdwn(shown):
        assert text.get("verbatim"), "else Slack makes links of what looks like a name"
        texts.append(str(text["text"]))
    for said in texts:
        for inner in re.findall(r"<([^>]*)>", said):
            is_ours = re.fullmatch(r"@U000[1-3]|#C\w+", inner)
            address = html.unescape(inner.partition("|")[0])
            is_known = re.match(r"https://(?:arxiv\.org|a\.example|example\.slack\.com)/", address)
            assert is_ours or is_known or address in listed, f"<{inner}> in {said[:200]}"


def _parsed(view: object) -> object:
    return json.loads(view) if isinstance(view, str) else view


def _mrkdwn(part: object) -> Iterator[Mapping[str, object]]:
    """Every text with Slack's markup, however deep."""
    if isinstance(part, dict):
        if part.get("type") == "mrkdwn":
            yield part
        for value in part.values():
            yield from _mrkdwn(value)
    elif isinstance(part, list):
        for value in part:
            yield from _mrkdwn(value)


def assert_one_more(house: House, before: tuple[Entry, ...]) -> Entry:
    """That one entry was added in one commit of two files, and nothing else happened anywhere."""
    folder = house.data.parent
    files = read_catalog(house.data)
    assert not files.problems
    (entry,) = [one for one in files.catalog.entries if one not in before]
    assert [one for one in files.catalog.entries if one != entry] == list(before)
    markdown = (folder / "LIST.md").read_text()
    names = NAMES
    told = import_list(read_markdown(markdown, names), names, title="x", base=files.catalog.info)
    assert len(told.catalog.entries) == len(before) + 1
    assert any(one.title == entry.title for one in told.catalog.entries)
    assert git(folder, "status", "--porcelain") == "", "what was committed is what is there"
    changed = git(folder, "show", "--format=", "--name-only", "HEAD").split()
    assert changed == ["LIST.md", "data/papers/llm-systems.yaml"]
    assert git(folder, "rev-list", "--count", "HEAD") == "2\n"
    assert not list((folder / "pwned").iterdir())
    message = git(folder, "show", "-s", "--format=%B", "HEAD")
    trailers = git(folder, "show", "-s", "--format=%(trailers:only)", "HEAD").split("\n")
    assert [one for one in trailers if one] == [f"Suggestion: {entry.by}.1"]
    assert message.startswith("Add ")
    assert "\x00" not in message
    assert not re.search(r"(?<!\w)@\w|#\d", message), "GitHub would notify, or close an issue"
    headers = git(folder, "cat-file", "commit", "HEAD").partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in headers] == ["tree", "parent", "author", "committer"]
    return entry


FIELDS = {"title": 480, "name": 100, "venue": 100, "orgs": 300, "note": 200, "why": 500}
TEXTS = [*HOSTILE.values(), LONG]
# `make test` has each text in some field, `make proof` each one in every field.
FORMS = (
    [[text] * len(FIELDS) for text in TEXTS]
    if IS_PROOF
    else [(TEXTS[at:] + TEXTS)[: len(FIELDS)] for at in range(0, len(TEXTS), len(FIELDS))]
)


@on_postgresql
@pytest.mark.parametrize("texts", FORMS)
def test_what_a_person_fills_in_stays_in_its_value(house: House, texts: list[str]) -> None:
    """Through every field of the form, the card, the list's files, the commit and the answers."""
    before = house.files.entries
    filled: dict[str, object] = {
        name: text[:most] for text, (name, most) in zip(texts, FIELDS.items(), strict=True)
    }
    house.slack.user(CAROL, texts[0][:80].encode("utf-8", "replace").decode())
    asked = house.command("suggest https://a.example/paper", CAROL)
    answer = house.submit({**filled, "sections": [SERVING]}, CAROL)
    assert answer["response_action"] == "update", answer
    house.settle(5)
    (one,) = house.suggestions.open()
    house.click(house.card(one.id), cards.EDIT, ALICE)
    again = {key: value for key, value in filled.items() if key != "why"}
    assert house.submit(again, ALICE) == {}
    house.settle(3)
    waiting, known = house.command("pending", CAROL), house.command("https://a.example/paper", BOB)
    house.click(house.card(one.id), cards.APPROVE, ALICE)
    house.settle()
    entry = assert_one_more(house, before)
    assert entry.sections == (SERVING,)
    assert entry.url == "https://a.example/paper"
    found = house.command("https://a.example/paper", BOB)
    history = house.command(f"history {one.id}", CAROL)
    assert_harmless(house, asked, answer, waiting, known, found, history)
    house.click(house.card(one.id), cards.UNDO, ALICE)
    house.settle()
    assert house.files.entries == before
    assert git(house.data.parent, "diff", "HEAD~2", "HEAD") == "", "every byte is as it was"


@on_postgresql
@pytest.mark.parametrize("text", TEXTS, ids=[*HOSTILE, "long"])
def test_what_a_person_types_stays_in_its_sentence(house: House, text: str) -> None:
    """Reasons, notes, topics, queries, pauses, in every command and answer."""
    made = house.review.suggest(
        Proposal(
            identity="arxiv:2603.00001",
            subject=Subject(after=Entry(title="T", arxiv="2603.00001", sections=(SERVING,))),
            source=BOB,
        ),
        house.clock.now,
    )
    assert isinstance(made, SuggestionMade)
    house.settle(3)
    house.click(house.card(1), cards.REJECT, ALICE)
    assert house.submit({"words": text[:500]}, ALICE) == {}
    house.settle(3)
    typed = text.encode("utf-8", "replace").decode()  # a form's text is UTF-8
    answers = [
        house.command(f"{verb} {typed}", ALICE)
        for verb in ("", "suggest", "suggest 2603.00002", "suggest 2603.00003 serving", "pause",
                     "history", "subscribe", "unsubscribe", "random", "recent", "cite")
    ]  # fmt: skip
    for one in house.suggestions.gathering(house.clock.now):
        house.intake.complete(one, None, None, house.clock.now)
    answers += [house.command(words, BOB) for words in ("2603.00001", "pending", "history 1")]
    answers += [house.command("subscriptions", BOB)]
    house.settle(10)
    assert all(answer["response_type"] == "ephemeral" for answer in answers)
    assert_harmless(house, *answers)


@on_postgresql
@pytest.mark.parametrize("texts", FORMS)
def test_what_a_feed_says_stays_in_its_value(house: House, texts: list[str]) -> None:
    """Title, authors, abstract and comment of a feed, as bytes of XML."""
    before = house.files.entries
    unheld = "[\x00-\x08\x0b-\x1f\ud800-\udfff]"  # what no XML can hold
    title, authors, abstract, evidence, *_ = (re.sub(unheld, "", text) for text in texts)
    made = Item(id="2509.00001", title=f"Paper {title}", authors=authors, abstract=abstract)
    (item,) = parse_feed(rss(made)).items
    reasons = Reasons(score=1.0, base=0.0, rest=0.0, terms_for=(), terms_against=(),
                      authors=(), nearest=())  # fmt: skip
    candidate = Candidate(
        paper=item.paper, day=dt.date(2026, 3, 2), score=1.0, rank=1, ranked=9, reasons=reasons,
        choices=(SectionChoice(section=SERVING),), evidence=evidence,
    )  # fmt: skip
    assert house.intake.suggest_candidates([candidate], house.clock.now) == 1
    house.settle(5)
    house.click(house.card(1), cards.APPROVE, ALICE)
    house.settle()
    assert_one_more(house, before)
    assert_harmless(house, house.command("2509.00001", BOB))


TAMPERED = ["9" * 25, str(2**31), str(2**63), "9" * 5000, "-1", "0", "1.5", "1e3", "٣", "x", "",
            "1; DROP TABLE suggestions", "../1", "null", "[]", '{"v":"search","q":"x","p":1e99}',
            '{"v":"recent","q":"","p":99999999999999999999}', '{"v":"random","q":null,"p":0}',
            "x" * 10_000]  # fmt: skip
ACTIONS = [
    cards.APPROVE, cards.REJECT, cards.LATER, cards.EDIT, cards.UNDO, reviewing.SECOND,
    reviewing.REOPEN, subscriptions.EDIT, subscriptions.END, suggesting.SUGGEST, CORRECT,
    NEXT, PREVIOUS, SHARE, AGAIN, "no:such:action",
]  # fmt: skip


def pressed(house: House, action: str, value: object, user: str) -> dict[str, Any]:
    """A click with a value that no button of the bot's has."""
    return {
        "type": "block_actions",
        "user": {"id": user, "name": "somebody", "team_id": "T0001"},
        "team": {"id": "T0001", "domain": "example"},
        "channel": {"id": PAPERS, "name": "papers"},
        "container": {"type": "message", "is_ephemeral": True, "channel_id": PAPERS},
        "trigger_id": house.slack.trigger(user),
        "response_url": house.slack.response_url(PAPERS, user),
        "actions": [
            {"type": "button", "action_id": action, "block_id": "x", "value": value,
             "action_ts": "1.0"}
        ],
    }  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_a_value_that_the_bot_did_not_give_is_answered_in_private(
    house: House, action: str
) -> None:
    for value in TAMPERED:
        if action == SHARE and value.startswith('{"v":"r'):
            continue  # somebody's own question, shared: that is what the button is for
        told = len(house.slack.ephemerals(CAROL))
        house.send(pressed(house, action, value, CAROL))
        assert len(house.slack.ephemerals(CAROL)) == told + 1, f"{action} {value[:40]!r}"
        assert "on my side" not in house.private(CAROL)
        house.clock.tick(2)
    assert not house.slack.views
    assert_harmless(house)


@pytest.mark.parametrize(
    "callback", [forms.REJECTED, forms.POSTPONED, forms.REOPENED, forms.EDITED, forms.SUGGESTED,
                 forms.CHOSEN_LINK, forms.CORRECTED, subscriptions.FORM]
)  # fmt: skip
def test_a_form_that_the_bot_did_not_make_is_refused(house: House, callback: str) -> None:
    """Whatever it says it is about, and whatever its fields hold."""
    house.command("subscribe serving", ALICE)
    made = house.review.suggest(_proposal(), house.clock.now)
    assert isinstance(made, SuggestionMade)
    for about in [*TAMPERED, "1", '["https://a.example/p"]', '["x"]', "{}"]:
        for filled in ("9" * 30, "-1", "x", ""):
            fields = {
                name: {"value": {"type": "static_select", "selected_option": {"value": filled}}}
                for name in ("when", "quiet", "link", "removal", "reason")
            }
            texts = {name: {"value": {"type": "plain_text_input", "value": filled}}
                     for name in ("title", "time", "topic", "year", "url")}  # fmt: skip
            paths = ["../../etc/passwd", "no/such", filled]
            chosen = {"value": {"selected_options": [{"value": path} for path in paths]}}
            answer = house.send(
                {
                    "type": "view_submission",
                    "user": {"id": CAROL, "name": "carol"},
                    "team": {"id": "T0001"},
                    "trigger_id": house.slack.trigger(CAROL),
                    "view": {
                        "id": "V1", "type": "modal", "callback_id": callback,
                        "private_metadata": about,
                        "state": {"values": {**fields, **texts, "sections": chosen}},
                    },
                }
            )  # fmt: skip
            assert answer.get("response_action") in {"update", "errors"}, (about[:40], filled)
            assert "on my side" not in json.dumps(answer)
    (one,) = house.suggestions.open()
    assert one.version == 1


def _proposal() -> Proposal:
    entry = Entry(title="A Paper", arxiv="2603.00001", sections=(SERVING,))
    return Proposal(identity="arxiv:2603.00001", subject=Subject(after=entry), source=None)


def test_numbers_of_others_suggestions_are_no_way_around_review(house: House) -> None:
    """Who is no reviewer decides nothing, whichever number a button or form of theirs carries."""
    house.review.suggest(_proposal(), house.clock.now)
    for action in (cards.APPROVE, cards.REJECT, cards.LATER, cards.EDIT, cards.UNDO):
        house.send(pressed(house, action, "1", CAROL))
        assert "Only reviewers" in house.private(CAROL), action
    assert not house.slack.views
    assert [event.what for event in house.suggestions.history(1)] == ["suggested"]


def test_a_section_that_is_none_is_never_written(house: House) -> None:
    """A path in the select's place."""
    house.review.suggest(_proposal(), house.clock.now)
    house.settle(3)
    for path in ("../../etc", "llm-systems/../x", "no-such-section", "/"):
        chosen = {f"{cards.CHOSEN}:1:1": {cards.SECTION: {"selected_option": {"value": path}}}}
        house.click(house.card(1), cards.APPROVE, ALICE, state=chosen)
        assert "not on the list any more" in house.private(ALICE)
    (one,) = house.suggestions.open()
    assert one.subject.entry.sections == (SERVING,)


def test_a_channels_subscription_is_changed_from_there_alone(house: House) -> None:
    """Not from another channel, not by a button that was made for it, not by a made-up number."""
    house.slack.channel("C0OTHER", "other")
    house.command("subscribe serving", ALICE, PAPERS)
    for number in ("1", "2"):
        for action in (subscriptions.EDIT, subscriptions.END):
            payload = pressed(house, action, number, CAROL)
            payload["channel"] = {"id": "C0OTHER", "name": "other"}
            house.send(payload)
            assert "another channel, or has ended" in house.private(CAROL)
            del payload["channel"]
            house.send(payload)
            assert "another channel, or has ended" in house.private(CAROL)
    assert "no subscription" in json.dumps(house.command("unsubscribe all", CAROL, "C0OTHER"))
    assert "serving" in json.dumps(house.command("subscriptions", BOB, PAPERS)).lower()


def test_subscribing_binds_to_the_channel_of_the_command(house: House) -> None:
    """No word of it names another."""
    house.slack.channel("C0OTHER", "other")
    for words in ("serving in #other", "serving to <#C0OTHER|other>", "C0OTHER", "#other daily"):
        house.command(f"subscribe {words}", CAROL, PAPERS)
    assert "subscribed to nothing" in json.dumps(house.command("subscriptions", BOB, "C0OTHER"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_only_what_slack_signed_as_it_came_is_served(house: House) -> None:
    """Forged, replayed late, put together of two requests, its fields in another order."""
    http = Client(SlackRequests(house.app))
    body, other = command("vllm"), command("kv cache")
    mixed = {**signed(body), "x-slack-signature": signed(other)["x-slack-signature"]}
    old = dict(signed(body, at=time.time() - 600))
    fresh = {**old, "x-slack-request-timestamp": str(int(time.time()))}
    turned = "&".join(reversed(body.split("&")))
    for sent, headers in (
        (body, mixed), (body, old), (body, fresh), (turned, signed(body)), (body + "&text=x",
        signed(body)), (body.replace("vllm", "VLLM"), signed(body)),
        (body, signed(body, secret="x")), (body, {**signed(body), "x-slack-signature": ""}),
    ):  # fmt: skip
        assert http.post(EVENTS, data=sent, headers=dict(headers)).status_code == 401
    assert http.post(EVENTS, data=body, headers=dict(signed(body))).status_code == 200
    late = dict(reversed(list(signed(body).items())))
    assert http.post(EVENTS, data=body, headers=late).status_code == 200, "headers have no order"
