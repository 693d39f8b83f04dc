"""Laws of foreign text: whatever people and feeds write stays text, wherever it is shown or kept.

It notifies nobody, makes no link, ends no value or line, names no file, and breaks nothing. A
number that the bot did not give is answered in private.
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

import pytest
from pytest_httpserver import HTTPServer
from structlog.testing import capture_logs
from werkzeug.test import Client

from bot.app.clock import utc_now
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
from bot.slack.blocks import cards, entry_form, modals, subscriptions
from bot.slack.blocks.form_offer import OPEN_FORM
from bot.slack.blocks.lookup import AGAIN, BACK, CORRECT, NEXT, OPEN, PREVIOUS, SHARE, SUGGEST
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from tests.conftest import DATA
from tests.discovery.corpus import FeedPaper as Item
from tests.discovery.corpus import rss
from tests.lengths import IS_PROOF
from tests.slack.fake import ALICE, BOB, PAPERS, FakeSlack
from tests.slack.payloads import SIGNING_SECRET, command, signed
from tests.slack.workspace_bot import CAROL, SERVING, Clock, WorkspaceBot, populate

NAMES = shipped_names()
_ENTRIES = 12  # a file

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
        first = re.split("(?m)^(?=- )", file.read_text())[:_ENTRIES]
        file.write_text("".join(first))
    text = (data / "list.yaml").read_text()
    (data / "list.yaml").write_text(f"{text}publish:\n  markdown: LIST.md\n")
    (folder / "LIST.md").write_text(export_list(read_catalog(data).catalog, NAMES))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "data", "LIST.md")
    git(folder, "commit", "-qm", "Begin")
    return folder


@pytest.fixture
def bot(
    slack_server: HTTPServer, database: Database, tmp_path: Path, repository: Path
) -> Iterator[WorkspaceBot]:
    """A bot that publishes by git."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)
    shutil.copytree(repository, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pwned").mkdir()  # a shell command in foreign text would leave a file there
    data = tmp_path / "data"
    target = GitTarget(
        GitCli(data, environment(tmp_path)), "LIST.md", NAMES, now=lambda: clock.now
    )
    with capture_logs() as logs:
        yield WorkspaceBot(slack, database, data, clock, target=target)
    slack.check()
    errors = [log for log in logs if log["log_level"] in {"error", "critical"}]
    assert not errors, "nothing fails, whatever people write"


# Of the two databases it takes less: no NUL, no number or text beyond a column's size.
pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


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


def assert_harmless(bot: WorkspaceBot, *answers: object) -> None:
    """Check that all mentions and links that anybody was shown are the bot's own.

    `answers` are those to commands; posted and private messages and forms are found in the fake.
    """
    listed = {entry.url for entry in bot.catalog.entries}
    messages = [*bot.slack.by_metadata("key"), *bot.slack.ephemerals()]
    views = [call.args.get("view") for call in bot.slack.calls()]
    shown = [*answers, *(message.blocks for message in messages), *map(_parsed, views)]
    texts = [message.text for message in messages]
    for part in _mrkdwn(shown):
        assert part.get("verbatim"), "else Slack makes links of what looks like a name"
        texts.append(str(part["text"]))
    for text in texts:
        for inner in re.findall(r"<([^>]*)>", text):
            is_mention = re.fullmatch(r"@U000[1-3]|#C\w+", inner)
            address = html.unescape(inner.partition("|")[0])
            is_known = re.match(r"https://(?:arxiv\.org|a\.example|example\.slack\.com)/", address)
            assert is_mention or is_known or address in listed, f"<{inner}> in {text[:200]}"


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


def assert_one_more(bot: WorkspaceBot, before: tuple[Entry, ...]) -> Entry:
    """Check that one commit of two files added one entry, and nothing else; that entry."""
    folder = bot.data.parent
    files = read_catalog(bot.data)
    assert not files.problems
    (entry,) = set(files.catalog.entries) - set(before)
    assert [other for other in files.catalog.entries if other != entry] == list(before)
    document = read_markdown((folder / "LIST.md").read_text(), NAMES)
    imported = import_list(document, NAMES, title="x", base=files.catalog.info).catalog
    assert len(imported.entries) == len(before) + 1
    assert entry.title in [imported_entry.title for imported_entry in imported.entries]
    assert git(folder, "status", "--porcelain") == "", "what was committed is what is there"
    changed = git(folder, "show", "--format=", "--name-only", "HEAD").split()
    assert changed == ["LIST.md", "data/papers/llm-systems.yaml"]
    assert git(folder, "rev-list", "--count", "HEAD") == "2\n"
    assert not list((folder / "pwned").iterdir())
    message = git(folder, "show", "-s", "--format=%B", "HEAD")
    trailers = git(folder, "show", "-s", "--format=%(trailers:only)", "HEAD").split("\n")
    assert [*filter(None, trailers)] == [f"Suggestion: {entry.by}.1"]
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


@pytest.mark.parametrize("texts", FORMS)
def test_what_a_person_fills_in_stays_in_its_field(bot: WorkspaceBot, texts: list[str]) -> None:
    """Through every field of the form, the card, the list's files, the commit and the answers."""
    before = bot.files.entries
    filled: dict[str, object] = {
        name: text[:most] for text, (name, most) in zip(texts, FIELDS.items(), strict=True)
    }
    bot.slack.user(CAROL, texts[0][:80].encode("utf-8", "replace").decode())
    opened = bot.command("suggest https://a.example/paper", CAROL)
    answer = bot.submit({**filled, "sections": [SERVING]}, CAROL)
    assert answer == {}, answer
    bot.settle(5)
    (suggestion,) = bot.suggestions.open()
    bot.click(bot.card(suggestion.id), cards.EDIT, ALICE)
    again = {key: value for key, value in filled.items() if key != "why"}
    assert bot.submit(again, ALICE) == {}
    bot.settle(3)
    pending, known = bot.command("pending", CAROL), bot.command("https://a.example/paper", BOB)
    bot.click(bot.card(suggestion.id), cards.APPROVE, ALICE)
    bot.settle()
    entry = assert_one_more(bot, before)
    assert entry.sections == (SERVING,)
    assert entry.url == "https://a.example/paper"
    card = bot.command("https://a.example/paper", BOB)
    history = bot.command(f"history {suggestion.id}", CAROL)
    assert_harmless(bot, opened, pending, known, card, history)
    bot.click(bot.card(suggestion.id), cards.UNDO, ALICE)
    bot.settle()
    assert bot.files.entries == before
    assert git(bot.data.parent, "diff", "HEAD~2", "HEAD") == "", "every byte is as it was"


@pytest.mark.parametrize("text", TEXTS, ids=[*HOSTILE, "long"])
def test_what_a_person_types_stays_in_its_sentence(bot: WorkspaceBot, text: str) -> None:
    """Reasons, notes, topics, queries, pauses, in every command and answer."""
    bot.suggest("T", source=BOB)
    bot.click(bot.card(1), cards.REJECT, ALICE)
    assert bot.submit({"words": text[:500]}, ALICE) == {}
    bot.settle(3)
    typed = text.encode("utf-8", "replace").decode()  # a form's text is UTF-8
    answers = [
        bot.command(f"{verb} {typed}", ALICE)
        for verb in ("", "suggest", "suggest 2603.00002", "suggest 2603.00003 serving", "pause",
                     "history", "subscribe", "unsubscribe", "random", "recent", "cite")
    ]  # fmt: skip
    for suggestion in bot.suggestions.gathering(bot.clock.now):
        bot.intake.complete(suggestion, None, None, bot.clock.now)
    answers += [bot.command(words, BOB) for words in ("2603.00001", "pending", "history 1")]
    answers += [bot.command("subscriptions", BOB)]
    bot.settle(10)
    assert all(answer["response_type"] == "ephemeral" for answer in answers)
    assert_harmless(bot, *answers)


@pytest.mark.parametrize("texts", FORMS)
def test_what_a_feed_says_stays_in_its_field(bot: WorkspaceBot, texts: list[str]) -> None:
    """Title, authors, abstract and comment of a feed, as bytes of XML."""
    before = bot.files.entries
    not_in_xml = "[\x00-\x08\x0b-\x1f\ud800-\udfff]"
    title, authors, abstract, evidence, *_ = (re.sub(not_in_xml, "", text) for text in texts)
    made = Item(id="2509.00001", title=f"Paper {title}", authors=authors, abstract=abstract)
    (item,) = parse_feed(rss(made)).items
    reasons = Reasons(score=1.0, base=0.0, rest=0.0, terms_for=(), terms_against=(),
                      authors=(), nearest=())  # fmt: skip
    candidate = Candidate(
        paper=item.paper, day=dt.date(2026, 3, 2), score=1.0, rank=1, ranked=9, reasons=reasons,
        choices=(SectionChoice(section=SERVING),), evidence=evidence,
    )  # fmt: skip
    assert bot.intake.suggest_candidates([candidate], bot.clock.now) == 1
    bot.settle(5)
    bot.click(bot.card(1), cards.APPROVE, ALICE)
    bot.settle()
    assert_one_more(bot, before)
    assert_harmless(bot, bot.command("2509.00001", BOB))


TAMPERED = ["9" * 25, str(2**31), str(2**63), "9" * 5000, "-1", "0", "1.5", "1e3", "٣", "x", "",
            "1; DROP TABLE suggestions", "../1", "null", "[]", '{"v":"search","q":"x","p":1e99}',
            '{"v":"recent","q":"","p":99999999999999999999}', '{"v":"random","q":null,"p":0}',
            '{"v":"search","q":"","p":-1}', "[" * 100_000, "x" * 10_000, "click",
            "click review:reject x", "command", "command suggest x", "links",
            "links x"]  # fmt: skip
HUGE = ["1000000000", "99999999999999999999", "9" * 400, "-1000000000", "1e400"]
COMMANDS = ["pause {} days", "pause until {}-01-01", "history {}", "year:{}", "serving {}",
            "recent {}", "random {}", "subscribe serving daily at {}:00", "unsubscribe {}",
            "suggest {}", "suggest https://a.example/p serving {}", "arxiv:{}",
            "{}..{}"]  # fmt: skip
ACTIONS = [
    cards.APPROVE, cards.REJECT, cards.LATER, cards.EDIT, cards.UNDO, cards.SECOND,
    cards.REOPEN, subscriptions.EDIT, subscriptions.END, SUGGEST, CORRECT,
    NEXT, PREVIOUS, OPEN, BACK, SHARE, AGAIN, OPEN_FORM, "no:such:action",
]  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_a_value_that_the_bot_did_not_give_is_answered_in_private(
    bot: WorkspaceBot, action: str
) -> None:
    for value in TAMPERED:
        if action == SHARE and value.startswith('{"v":"r'):
            continue  # a person may share any lookup
        before = len(bot.slack.ephemerals(CAROL))
        bot.click_private(action, value, CAROL)
        assert len(bot.slack.ephemerals(CAROL)) == before + 1, f"{action} {value[:40]!r}"
        assert "on my side" not in bot.private(CAROL)
        bot.clock.tick(2)
    assert not bot.slack.views
    assert_harmless(bot)


def test_a_page_far_beyond_the_last_is_the_last(bot: WorkspaceBot) -> None:
    """Asking the index for it would end the process."""
    for verb, query in (("search", "models"), ("search", "year:2024"), ("recent", "")):
        shown = []
        for page in (50, 1_000_000_000, 2**31, 2**63 - 1, 2**64, 10**18):
            value = json.dumps({"v": verb, "q": query, "p": page})
            bot.click_private(NEXT, value, CAROL)
            shown.append(bot.private(CAROL))
            bot.clock.tick(2)
        assert "Share in channel" in shown[0]
        assert shown == [shown[0]] * len(shown)


def test_a_huge_number_in_a_command_is_answered(bot: WorkspaceBot) -> None:
    for words in COMMANDS:
        for number in HUGE:
            answer = bot.command(words.replace("{}", number), CAROL)
            assert answer["response_type"] == "ephemeral", (words, number[:30])
            assert "on my side" not in json.dumps(answer), (words, number[:30])
            bot.clock.tick(2)
    assert_harmless(bot)


@pytest.mark.parametrize(
    "callback", [modals.REJECTED, modals.POSTPONED, modals.REOPENED, modals.CHOSEN_LINK,
                 entry_form.EDITED, entry_form.SUGGESTED, entry_form.CORRECTED, subscriptions.FORM]
)  # fmt: skip
def test_a_form_that_the_bot_did_not_make_is_refused(bot: WorkspaceBot, callback: str) -> None:
    """Whatever it is about, and whatever its fields hold."""
    bot.command("subscribe serving", ALICE)
    bot.suggest()
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
            answer = bot.send(
                {
                    "type": "view_submission",
                    "user": {"id": CAROL, "name": "carol"},
                    "team": {"id": "T0001"},
                    "trigger_id": bot.slack.trigger(CAROL),
                    "view": {
                        "id": "V1", "type": "modal", "callback_id": callback,
                        "private_metadata": about,
                        "state": {"values": {**fields, **texts, "sections": chosen}},
                    },
                }
            )  # fmt: skip
            notices = [row.content for row in bot.outbox.pending_rows() if row.channel == CAROL]
            is_answered = answer.get("response_action") in {"update", "errors"} or notices
            assert is_answered, (about[:40], filled)
            assert "on my side" not in json.dumps([answer, notices])
    (suggestion,) = bot.suggestions.open()
    assert suggestion.version == 1


def test_a_person_who_is_no_reviewer_decides_nothing_by_a_made_up_button(
    bot: WorkspaceBot,
) -> None:
    bot.suggest()
    for action in (cards.APPROVE, cards.REJECT, cards.LATER, cards.EDIT, cards.UNDO):
        bot.click_private(action, "1", CAROL)
        assert "Only reviewers" in bot.private(CAROL), action
    assert not bot.slack.views
    assert [event.what for event in bot.suggestions.history(1)] == ["suggested"]


def test_a_made_up_section_is_never_written(bot: WorkspaceBot) -> None:
    """The select of a card sends a file's path."""
    bot.suggest()
    for path in ("../../etc", "llm-systems/../x", "no-such-section", "/"):
        chosen = {f"{cards.CHOSEN}:1:1": {cards.SECTION: {"selected_option": {"value": path}}}}
        bot.click(bot.card(1), cards.APPROVE, ALICE, state=chosen)
        assert "not on the list any more" in bot.private(ALICE)
    (suggestion,) = bot.suggestions.open()
    assert suggestion.subject.entry.sections == (SERVING,)


def test_a_subscription_is_changed_from_its_own_channel_only(bot: WorkspaceBot) -> None:
    """Not from another channel, by a button made for it, or by a made-up number."""
    bot.slack.channel("C0OTHER", "other")
    bot.command("subscribe serving", ALICE, PAPERS)
    for number in ("1", "2"):
        for action in (subscriptions.EDIT, subscriptions.END):
            for channel in ("C0OTHER", None):
                bot.click_private(action, number, CAROL, channel)
                assert "another channel, or has ended" in bot.private(CAROL)
    assert "no subscription" in json.dumps(bot.command("unsubscribe all", CAROL, "C0OTHER"))
    assert "serving" in json.dumps(bot.command("subscriptions", BOB, PAPERS)).lower()


def test_a_command_subscribes_its_own_channel_only(bot: WorkspaceBot) -> None:
    """No word of it names another channel."""
    bot.slack.channel("C0OTHER", "other")
    for words in ("serving in #other", "serving to <#C0OTHER|other>", "C0OTHER", "#other daily"):
        bot.command(f"subscribe {words}", CAROL, PAPERS)
    assert "subscribed to nothing" in json.dumps(bot.command("subscriptions", BOB, "C0OTHER"))


def test_only_a_request_as_slack_signed_it_is_served(bot: WorkspaceBot) -> None:
    """Not a forged one, an old one, a mixture of two, or one with its fields reordered."""
    http = Client(SlackRequests(bot.app, SIGNING_SECRET, utc_now))
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
