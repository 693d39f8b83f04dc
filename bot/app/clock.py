"""The real clock. It is read here alone; everything else takes `now` as a parameter."""

import datetime as dt


def utc_now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # the one place that reads it
