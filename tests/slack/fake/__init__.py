"""A strict fake of Slack's Web API: real HTTP on loopback, a workspace in memory.

    WebClient, or a bot's process ──► slack ──► faults ──► api ──► workspace
                                        │        pace ◄─────┤
       tests ◄── what was said ─────────┘      limits ◄─────┘

It refuses what Slack refuses, keeps Slack's pace, and fails when it is told to. A test asks for
the fixture `fake_slack`; a process is given `fake_slack.url` as SLACK_API_URL.
"""

from tests.slack.fake.faults import Fault
from tests.slack.fake.slack import Call, FakeSlack, http
from tests.slack.fake.workspace import ALICE, BOB, BOT, PAPERS, Channel, Message, View

__all__ = [
    "ALICE",
    "BOB",
    "BOT",
    "PAPERS",
    "Call",
    "Channel",
    "FakeSlack",
    "Fault",
    "Message",
    "View",
    "http",
]
