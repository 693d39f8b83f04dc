"""Publishing to GitHub makes one pull request for each decision or week, over interruptions.

The GitHub is a strict fake with commits, branches and pull requests.
"""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from bot.catalog.change import Change
from bot.http import Bounds, HttpClient
from bot.publishing.publication import Publication, Published, PublishError
from bot.publishing.targets.files import FilesTarget
from bot.publishing.targets.github import GitHubTarget
from bot.publishing.targets.github_api import GitHubRepository
from tests.publishing.fake_github import NAME, TOKEN, FakeGitHub, served
from tests.publishing.site import FILES, NAMES, approval, entry, undo

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def fake() -> FakeGitHub:
    fake = FakeGitHub()
    fake.begin(FILES)
    return fake


@pytest.fixture
def client() -> Iterator[HttpClient]:
    bounds = Bounds(connect=2.0, silence=5.0, deadline=10.0)
    with HttpClient(agent="tests/1", clock=time.monotonic, now=lambda: NOW, bounds=bounds) as http:
        yield http


@pytest.fixture
def hub(fake: FakeGitHub, client: HttpClient, httpserver: HTTPServer) -> GitHubTarget:
    repository = GitHubRepository(client, NAME, TOKEN, served(fake, httpserver))
    return GitHubTarget(repository, "data", "README.md", NAMES)


@pytest.fixture(params=[False, True], ids=["a paper", "a week"])
def either(request: pytest.FixtureRequest, hub: GitHubTarget) -> GitHubTarget:
    """A target with a pull request for each paper, then one for each week."""
    return replace(hub, rolling=request.param)


def paper(number: int = 1) -> Publication:
    return replace(approval(number), slug=f"Omega {number}!")


def states(fake: FakeGitHub) -> list[tuple[str, str]]:
    return [(pull["branch"], pull["state"]) for pull in fake.pulls]


def test_an_approval_is_a_pull_request_of_that_entry_alone(
    fake: FakeGitHub, hub: GitHubTarget
) -> None:
    published = hub.publish(paper())
    assert published.url == "https://github.example/team/list/pull/1"
    (pull,) = fake.pulls
    assert (pull["branch"], pull["base"], pull["title"]) == (
        "papers/omega-1",
        "main",
        "Add Omega to Serving",
    )
    assert "https://slack.example/card" in pull["body"]
    commit = fake.commits[fake.refs["papers/omega-1"]]
    assert commit["parents"] == [fake.refs["main"]]
    assert commit["author"] == {"name": "Ada Lark X", "email": "ada@example.org"}
    assert commit["message"].endswith("\n\nSuggestion: suggestion-1\n")
    changed = {path for path, text in fake.files("papers/omega-1").items() if FILES[path] != text}
    assert changed == {"README.md", "data/papers/serving.yaml"}
    assert fake.files() == FILES


def test_a_pull_request_shows_foreign_text_as_text(fake: FakeGitHub, hub: GitHubTarget) -> None:
    """Else a title could show pictures, hide what follows, or notify people from markup."""
    hostile = "![x](https://evil.example/p.png) &#64;name <!-- **@name**"
    hub.publish(replace(paper(), subject=f"Add {hostile}", body=f"Note: {hostile}"))
    heading, _, note, _, mark = fake.pulls[0]["body"].splitlines()
    shown = r"!\[x\](<https://evil.example/p.png)> \&#64;name \<!-- \*\*@name\*\*"
    assert (heading, note) == (f"### Add {shown}", f"Note: {shown}")
    assert mark == "<!-- suggestion-1 -->"


def test_the_files_are_those_that_the_files_target_writes(
    fake: FakeGitHub, hub: GitHubTarget, tmp_path: Path
) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    folder = FilesTarget(tmp_path / "data", "README.md", NAMES)
    for made in (paper(), paper()):
        folder.publish(made)
        hub.publish(made)
        files = {path: (tmp_path / path).read_text() for path in FILES}
        assert files == fake.files("papers/omega-1")
    folder.publish(undo(paper()))
    assert {path: (tmp_path / path).read_text() for path in FILES} == FILES


def test_papers_of_a_week_share_a_pull_request(fake: FakeGitHub, hub: GitHubTarget) -> None:
    rolling = replace(hub, rolling=True)
    urls = {rolling.publish(paper(number)).url for number in (1, 2, 3, 2)}
    assert len(urls) == 1
    assert states(fake) == [("papers/2026-W01", "open")]
    assert len(fake.log("papers/2026-W01")) == 4
    assert fake.pulls[0]["title"] == "Papers of week 1, 2026"
    assert fake.pulls[0]["body"].count("https://slack.example/card") == 3
    rolling.publish(replace(paper(4), day=date(2026, 1, 9)))
    assert states(fake)[1:] == [("papers/2026-W02", "open")]


@pytest.mark.parametrize("when", ["dies_before", "dies_after"])
@pytest.mark.parametrize("what", ["approval", "second", "undo", "revert"])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_lost_request_or_answer_and_a_repetition_do_nothing_twice(
    fake: FakeGitHub, either: GitHubTarget, when: str, what: str, at: int
) -> None:
    rolling = either.rolling
    if what == "second":
        either.publish(paper(2))
    made = paper()
    if what in {"undo", "revert"}:
        either.publish(made)
        made = undo(made)
    if what == "revert":
        fake.merge(1)
    setattr(fake, when, fake.changes + at)
    with suppress(PublishError):
        either.publish(made)
    published = either.publish(made)
    assert either.publish(made).url in {published.url, None}
    logs = (message for branch in fake.refs for message in fake.log(branch))
    commits = [message for message in logs if message.endswith(f"{made.trailer}\n")]
    is_closed = what == "undo" and not rolling
    assert len(commits) == (0 if is_closed else 1)
    assert len(fake.pulls) == (2 if what == "revert" or (what == "second" and not rolling) else 1)
    assert ("open" in dict(states(fake)).values()) == (not is_closed)
    assert all(pull["body"].count("<!--") == pull["body"].count("###") for pull in fake.pulls)


def test_an_undo_before_the_merge_closes_the_papers_pull_request(
    fake: FakeGitHub, hub: GitHubTarget
) -> None:
    hub.publish(paper())
    assert hub.publish(undo(paper())).url
    assert states(fake) == [("papers/omega-1", "closed")]
    assert set(fake.refs) == {"main"}
    assert hub.publish(undo(paper())) == Published()


def test_an_undo_within_a_week_removes_the_paper_from_its_pull_request(
    fake: FakeGitHub, hub: GitHubTarget
) -> None:
    """Also in a later week, while the pull request is still open."""
    rolling = replace(hub, rolling=True)
    rolling.publish(paper(1))
    alone = fake.files("papers/2026-W01")
    rolling.publish(paper(2))
    rolling.publish(replace(undo(paper(2)), day=date(2026, 1, 20)))
    assert fake.files("papers/2026-W01") == alone
    assert states(fake) == [("papers/2026-W01", "open")]


@pytest.mark.parametrize("way", ["merged", "squashed", "merged, deleted", "squashed, deleted"])
def test_an_undo_after_the_merge_is_a_pull_request_that_reverts(
    fake: FakeGitHub, either: GitHubTarget, way: str
) -> None:
    """After any kind of merge, with or without its branch."""
    squash, delete = "squashed" in way, "deleted" in way
    either.publish(paper())
    fake.merge(1, squash=squash, delete=delete)
    assert either.publish(paper()).commit is None
    assert len(fake.pulls) == 1
    published = either.publish(undo(paper()))
    assert published.url == "https://github.example/team/list/pull/2"
    assert either.publish(undo(paper())).url == published.url
    fake.merge(2, squash=squash, delete=delete)
    assert fake.files() == FILES
    again = replace(paper(), key="suggestion-1-again")
    either.publish(again)
    assert len(fake.pulls) == 3


def test_a_correction_goes_to_the_open_pull_request_of_the_paper(
    fake: FakeGitHub, either: GitHubTarget
) -> None:
    either.publish(paper())
    change = Change(before=entry(1), after=replace(entry(1), venue="OSDI", year=2025))
    either.publish(replace(paper(), key="correction", change=change, day=date(2026, 2, 2)))
    assert len(fake.pulls) == 1
    assert "venue: OSDI" in fake.files(fake.pulls[0]["branch"])["data/papers/serving.yaml"]


def test_commits_of_others_on_the_branch_stay(fake: FakeGitHub, hub: GitHubTarget) -> None:
    rolling = replace(hub, rolling=True)
    rolling.publish(paper(1))
    fake.edit("papers/2026-W01", notes="By hand.\n")
    fake.edit("main", other="Others.\n")
    rolling.publish(paper(2))
    assert "By hand" in fake.log("papers/2026-W01")
    assert "notes" in fake.files("papers/2026-W01")


def test_a_paper_that_was_listed_by_hand_makes_no_pull_request(
    fake: FakeGitHub, hub: GitHubTarget
) -> None:
    hub.publish(paper())
    listed = fake.files("papers/omega-1")["data/papers/serving.yaml"]
    fake.edit("main", data__papers__serving__yaml="")
    fake.edit("main", **{"data/papers/serving.yaml": listed})
    other = replace(paper(), key="other", slug="other")
    assert hub.publish(other) == Published()
    assert len(fake.pulls) == 1


def refusal(status: int, message: str, **headers: str) -> Response:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps({"message": message}), status, headers=names)


LIMIT = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(NOW.timestamp()) + 90)}
FOR_GOOD, FOR_NOW = (True, None), (False, None)


@pytest.mark.parametrize(
    ("response", "says", "outcome"),
    [
        (refusal(401, "Bad credentials"), "GITHUB_TOKEN", FOR_GOOD),
        (refusal(403, "Resource not accessible"), "Contents and Pull requests", FOR_GOOD),
        (refusal(404, "Not Found"), "GITHUB_REPO", FOR_GOOD),
        (refusal(301, "Moved Permanently", location="/x"), "has moved", FOR_GOOD),
        (refusal(403, "API rate limit exceeded", **LIMIT), "rate limit", (False, 90.0)),
        (refusal(429, "Slow down", retry_after="7"), "rate limit", (False, 7.0)),
        (refusal(403, "A secondary rate limit", retry_after="60"), "rate limit", (False, 60.0)),
        (refusal(502, "Bad Gateway"), "out of order", FOR_NOW),
        (refusal(422, "Changes must go through the queue"), "through the queue", FOR_NOW),
        (Response("<html>", 200), "cannot be understood", FOR_NOW),
    ],
)
def test_a_refusal_names_the_remedy_and_not_the_token(
    fake: FakeGitHub,
    hub: GitHubTarget,
    response: Response,
    says: str,
    outcome: tuple[bool, float | None],
) -> None:
    fake.failures["POST", "/git/trees"] = response
    with pytest.raises(PublishError, match=says) as error:
        hub.publish(paper())
    assert (error.value.is_final, error.value.retry_after) == outcome
    assert TOKEN not in str(error.value)
    del fake.failures["POST", "/git/trees"]
    assert hub.publish(paper()).url


@pytest.mark.parametrize("token", ["wrong", "line\nbreak", ""])
def test_a_wrong_token_is_not_in_the_error(hub: GitHubTarget, token: str) -> None:
    wrong = replace(hub, repository=replace(hub.repository, token=token))
    with pytest.raises(PublishError) as error:
        wrong.publish(paper())
    assert not token or token not in f"{error.value}{error.value.__cause__}"


def test_an_unreachable_github_is_an_error(hub: GitHubTarget) -> None:
    gone = replace(hub, repository=replace(hub.repository, api_url="http://127.0.0.1:1"))
    with pytest.raises(PublishError, match="cannot be reached: connection refused"):
        gone.publish(paper())
