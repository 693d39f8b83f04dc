"""Tables of digests: subscriptions, issued editions, and the papers in them."""

import sqlalchemy as sa

from bot.db.engine import Moment, metadata

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.String(64), nullable=False, index=True),
    sa.Column("topic", sa.Text, nullable=False, comment="empty: everything"),
    sa.Column("section", sa.Text, comment="the path of the section that the topic names"),
    sa.Column(
        "active_key", sa.String(512), unique=True, comment="channel and topic, while active"
    ),
    sa.Column("rhythm", sa.String(8), nullable=False, comment="weekly or daily"),
    sa.Column("weekday", sa.Integer, nullable=False, comment="0 is Monday"),
    sa.Column("time", sa.Time, nullable=False, comment="on the wall of the zone"),
    sa.Column("zone", sa.String(64), nullable=False, comment="an IANA name"),
    sa.Column("is_quiet", sa.Boolean, nullable=False, comment="silent when nothing is new"),
    sa.Column("created_by", sa.String(64), nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False, comment="when its schedule was last set"),
    sa.Column("revision", sa.Integer, nullable=False, comment="counts its schedules"),
    sa.Column("since", Moment, nullable=False, comment="earlier papers are left out"),
    sa.Column("covered_until", Moment, nullable=False, comment="the end of the last period"),
    sa.Column("removed_by", sa.String(64)),
    sa.Column("removed_at", Moment),
)

editions = sa.Table(
    "editions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("subscription", sa.Integer, sa.ForeignKey("subscriptions.id"), nullable=False),
    sa.Column("period", sa.String(32), nullable=False, comment="its key"),
    sa.Column("begins", Moment, nullable=False),
    sa.Column("ends", Moment, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("papers", sa.Integer, nullable=False),
    sa.Column("is_said", sa.Boolean, nullable=False, comment="false: silent, as wanted"),
    sa.UniqueConstraint("subscription", "period", name="uq_editions_subscription_period"),
)

edition_papers = sa.Table(
    "edition_papers",
    metadata,
    sa.Column("channel", sa.String(64), primary_key=True),
    sa.Column("paper", sa.String(512), primary_key=True, comment="one of its keys"),
    sa.Column("edition", sa.Integer, sa.ForeignKey("editions.id"), nullable=False, index=True),
)
