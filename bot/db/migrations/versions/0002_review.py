"""Tables of review and of the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of review and of the outbox."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("thread_of", sa.String(255)),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sent_version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("attempted", sa.Integer),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("posted_in", sa.String(64)),
        sa.Column("ts", sa.String(32)),
        sa.Column("problem", sa.Text),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_state_channel", "outbox", ["state", "channel", "id"])
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String(1024), nullable=False),
        sa.Column("open_identity", sa.String(1024)),
        sa.Column("title_key", sa.String(255), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("subject", sa.JSON, nullable=False),
        sa.Column("source", sa.String(64)),
        sa.Column("suggested_at", _MOMENT, nullable=False),
        sa.Column("seconds", sa.JSON, nullable=False),
        sa.Column("approvals", sa.JSON, nullable=False),
        sa.Column("wake_at", _MOMENT),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", _MOMENT),
        sa.Column("reason", sa.Text),
        sa.Column("published", sa.Text),
        sa.Column("trouble", sa.Text),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", _MOMENT),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("applied_in", sa.String(32)),
        sa.UniqueConstraint("open_identity", name="uq_suggestions_open_identity"),
    )
    for column in ("identity", "title_key", "state", "source"):
        op.create_index(f"ix_suggestions_{column}", "suggestions", [column])
    op.create_table(
        "suggestion_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("suggestion", sa.Integer, sa.ForeignKey("suggestions.id"), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("ix_suggestion_events_suggestion", "suggestion_events", ["suggestion"])
    op.create_table(
        "publications",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("suggestion", sa.Integer, sa.ForeignKey("suggestions.id"), nullable=False),
        sa.Column("forward", sa.Boolean, nullable=False),
        sa.Column("change", sa.JSON, nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("outcome", sa.Text),
    )
    for column in ("suggestion", "state"):
        op.create_index(f"ix_publications_{column}", "publications", [column])
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
