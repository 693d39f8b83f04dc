"""Prometheus counters of this process's work; the database's figures are in `ops/metrics.py`.

Under gunicorn each process counts into files that the others read (PROMETHEUS_MULTIPROC_DIR, which
`papers web` sets); any other process counts in memory.
"""

from prometheus_client import Counter, Histogram

COMMANDS = Counter("papers_commands", "Answered commands by verb.", ["verb"])
COMMAND_SECONDS = Histogram(
    "papers_command_seconds",
    "Seconds from a command to its answer, by verb; Slack gives up after 3 s.",
    ["verb"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
)
CLICKS = Counter("papers_clicks", "Pressed buttons, sent forms and used shortcuts.", ["action"])
SLACK_ERRORS = Counter(
    "papers_slack_errors", "Calls that Slack refused or did not answer, by error code.", ["code"]
)
