"""Tables of review: suggestions, their history, publications, pauses."""

import sqlalchemy as sa

from bot.db.engine import Moment, metadata

suggestions = sa.Table(
    "suggestions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("identity", sa.String(1024), nullable=False, index=True),
    sa.Column("open_identity", sa.String(1024), unique=True, comment="while it is open"),
    sa.Column("title_key", sa.String(255), nullable=False, index=True),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("subject", sa.JSON, nullable=False),
    sa.Column("source", sa.String(64), index=True),
    sa.Column("suggested_at", Moment, nullable=False),
    sa.Column("seconds", sa.JSON, nullable=False),
    sa.Column("approvals", sa.JSON, nullable=False),
    sa.Column("wake_at", Moment),
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decided_at", Moment),
    sa.Column("reason", sa.Text),
    sa.Column("published", sa.Text),
    sa.Column("trouble", sa.Text),
    sa.Column("tries", sa.Integer, nullable=False, comment="to complete it"),
    sa.Column("next_try_at", Moment),
    sa.Column("settled", sa.Boolean, nullable=False, comment="data/ holds what was decided"),
    sa.Column("applied_in", sa.String(32), comment="the run of the publisher that wrote it"),
)

history = sa.Table(
    "suggestion_events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "suggestion", sa.Integer, sa.ForeignKey("suggestions.id"), nullable=False, index=True
    ),
    sa.Column("at", Moment, nullable=False),
    sa.Column("actor", sa.String(64), nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "suggestion", sa.Integer, sa.ForeignKey("suggestions.id"), nullable=False, index=True
    ),
    sa.Column("forward", sa.Boolean, nullable=False, comment="false takes it back"),
    sa.Column("change", sa.JSON, nullable=False),
    sa.Column("author", sa.String(64), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("state", sa.String(8), nullable=False, index=True, comment="due or done"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("outcome", sa.Text, comment="a commit or an address"),
)

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("until", Moment, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
)
