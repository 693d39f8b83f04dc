"""Tables of discovery: seen papers, feed checks, candidates, fitted models, rate limits."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "seen_papers",
        sa.Column("arxiv", sa.String(32), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("doi", sa.Text),
        sa.Column("journal_ref", sa.Text),
        sa.Column("comment", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("evidence", sa.Text),
        sa.Column("evidence_day", sa.Date),
    )
    op.create_index("ix_seen_papers_day", "seen_papers", ["day"])
    op.create_index("ix_seen_papers_evidence_day", "seen_papers", ["evidence_day"])
    op.create_table(
        "feed_checks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("unseen", sa.Integer, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
    )
    op.create_index("ix_feed_checks_category", "feed_checks", ["category"])
    op.create_index("ix_feed_checks_checked_at", "feed_checks", ["checked_at"])
    op.create_table(
        "feed_memory",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("etag", sa.Text),
        sa.Column("last_modified", sa.Text),
        sa.Column("not_before", _MOMENT),
    )
    op.create_table(
        "caught_up_days",
        sa.Column("category", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
    )
    op.create_table(
        "listed_papers",
        sa.Column("arxiv", sa.String(32), primary_key=True),
        sa.Column("found", sa.Boolean, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("fetched_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "candidates",
        sa.Column("arxiv", sa.String(32), primary_key=True),
        sa.Column("week", sa.Date, nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("ranked", sa.Integer, nullable=False),
        sa.Column("judgement", sa.JSON, nullable=False),
    )
    op.create_index("ix_candidates_week", "candidates", ["week"])
    op.create_table(
        "models",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("basis", sa.String(64), nullable=False),
        sa.Column("fitted_at", _MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "paces",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("next_at", _MOMENT, nullable=False),
    )
