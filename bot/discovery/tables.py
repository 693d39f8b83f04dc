"""Tables of discovery: paper records and their keys, seen and listed papers, feeds, candidates.

The primary key `key` is the best key of a paper's record (`bot.discovery.paper`).
"""

import sqlalchemy as sa

from bot.catalog.identity import KEY_LENGTH
from bot.db.engine import Moment, metadata

_KEY = sa.String(KEY_LENGTH)
_SOURCE = sa.String(64)
_FEED = sa.String(64)

records = sa.Table(
    "paper_records",
    metadata,
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("arxiv", sa.String(32)),
    sa.Column("doi", sa.Text),
    sa.Column("dblp", sa.Text),
    sa.Column("abstract", sa.Text, nullable=False),
    sa.Column("authors", sa.JSON, nullable=False),
    sa.Column("categories", sa.JSON, nullable=False),
    sa.Column("venue", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("published", sa.Date),
    sa.Column("url", sa.Text),
    sa.Column("pdf_url", sa.Text),
    sa.Column("code_url", sa.Text),
    sa.Column("journal_ref", sa.Text),
    sa.Column("comment", sa.Text),
    sa.Column("origins", sa.JSON, nullable=False, comment="source, moment and names of facts"),
)

keys = sa.Table(
    "paper_keys",
    metadata,
    sa.Column("key", _KEY, primary_key=True, comment="any key of the paper, former ones too"),
    sa.Column("record", _KEY, primary_key=True, index=True),
)

seen = sa.Table(
    "seen_papers",
    metadata,
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("source", _SOURCE, nullable=False, comment="the first that announced it"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column(
        "day", sa.Date, nullable=False, index=True, comment="of the announcement, Eastern time"
    ),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Column("evidence", sa.Text, comment="why it deserves a second look"),
    sa.Column("evidence_day", sa.Date, index=True),
)

checks = sa.Table(
    "feed_checks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("source", _SOURCE, nullable=False),
    sa.Column("feed", _FEED, nullable=False, index=True),
    sa.Column("checked_at", Moment, nullable=False, index=True),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("unseen", sa.Integer, nullable=False),
    sa.Column("day", sa.Date, nullable=False),
)

feeds = sa.Table(
    "feed_memory",
    metadata,
    sa.Column("url", sa.Text, primary_key=True),
    sa.Column("etag", sa.Text),
    sa.Column("last_modified", sa.Text),
)

caught_up = sa.Table(
    "caught_up_days",
    metadata,
    sa.Column("source", _SOURCE, primary_key=True),
    sa.Column("feed", _FEED, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
)

listed = sa.Table(
    "listed_papers",
    metadata,
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("found", sa.Boolean, nullable=False, comment="whether a source knows it"),
    sa.Column("fetched_at", Moment, nullable=False),
)

candidates = sa.Table(
    "candidates",
    metadata,
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("week", sa.Date, nullable=False, index=True, comment="its Monday"),
    sa.Column("proposed_at", Moment, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("ranked", sa.Integer, nullable=False),
    sa.Column("judgement", sa.JSON, nullable=False),
)

runners_up = sa.Table(
    "runners_up",
    metadata,
    sa.Column("key", _KEY, primary_key=True),
    sa.Column("day", sa.Date, nullable=False, index=True, comment="of the announcement"),
    sa.Column("score", sa.Float, nullable=False, comment="log-odds, when last judged"),
    sa.Column("section", sa.Text, nullable=False, comment="where it would go first"),
    sa.Column("judged_at", Moment, nullable=False),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("basis", sa.String(64), nullable=False),
    sa.Column("fitted_at", Moment, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

paces = sa.Table(
    "paces",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("next_at", Moment, nullable=False),
)
