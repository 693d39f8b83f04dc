"""A strict fake of Slack's Web API: real HTTP on loopback, a workspace in memory.

    WebClient, or a bot's process ──► server ──► faults ──► api ──► workspace
    tests ◄── slack, interactions ──┘          rate_limits, limits ◄──┘

It refuses what Slack refuses, has Slack's rate limits, and fails on demand. Tests use the fixture
`fake_slack`; a process gets `fake_slack.url` as SLACK_API_URL.
"""

from tests.slack.fake.faults import Fault
from tests.slack.fake.interactions import http
from tests.slack.fake.server import Call
from tests.slack.fake.slack import FakeSlack
from tests.slack.fake.workspace import ALICE, BOB, BOT, PAPERS, Channel, PostedMessage, View

__all__ = [
    "ALICE",
    "BOB",
    "BOT",
    "PAPERS",
    "Call",
    "Channel",
    "FakeSlack",
    "Fault",
    "PostedMessage",
    "View",
    "http",
]
