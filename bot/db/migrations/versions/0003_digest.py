"""Tables of digests and of runners-up, the best papers that were not proposed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of digests."""
    op.create_table(
        "runners_up",
        sa.Column("arxiv", sa.String(32), primary_key=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("judged_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_runners_up_day", "runners_up", ["day"])
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("section", sa.Text),
        sa.Column("active_key", sa.String(512)),
        sa.Column("rhythm", sa.String(8), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("time", sa.Time, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("is_quiet", sa.Boolean, nullable=False),
        sa.Column("created_by", sa.String(64), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("covered_until", _MOMENT, nullable=False),
        sa.Column("removed_by", sa.String(64)),
        sa.Column("removed_at", _MOMENT),
        sa.UniqueConstraint("active_key", name="uq_subscriptions_active_key"),
    )
    op.create_index("ix_subscriptions_channel", "subscriptions", ["channel"])
    op.create_table(
        "editions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subscription", sa.Integer, sa.ForeignKey("subscriptions.id"), nullable=False),
        sa.Column("period", sa.String(32), nullable=False),
        sa.Column("begins", _MOMENT, nullable=False),
        sa.Column("ends", _MOMENT, nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("is_said", sa.Boolean, nullable=False),
        sa.UniqueConstraint("subscription", "period", name="uq_editions_subscription_period"),
    )
    op.create_table(
        "edition_papers",
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("paper", sa.String(512), primary_key=True),
        sa.Column("edition", sa.Integer, sa.ForeignKey("editions.id"), nullable=False),
    )
    op.create_index("ix_edition_papers_edition", "edition_papers", ["edition"])
