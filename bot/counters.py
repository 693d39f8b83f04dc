"""What the bot counts while it works, for Prometheus. What the database knows is asked there.

Under gunicorn each process counts into files that the others read (PROMETHEUS_MULTIPROC_DIR, which
`papers web` sets); by itself a process counts in memory.
"""

from prometheus_client import Counter, Histogram

COMMANDS = Counter("papers_commands", "Commands that were answered, by their verb.", ["verb"])
COMMAND_SECONDS = Histogram(
    "papers_command_seconds",
    "How long a command took to its answer, by its verb; Slack gives up after 3 s.",
    ["verb"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5),
)
CLICKS = Counter("papers_clicks", "Buttons pressed, forms sent and shortcuts used.", ["action"])
SLACK_ERRORS = Counter(
    "papers_slack_errors", "Calls that Slack refused, or did not answer, by its word.", ["code"]
)
