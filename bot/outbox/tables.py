"""The table of outbox messages."""

import sqlalchemy as sa

from bot.db.engine import Moment, metadata

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String(255), nullable=False, unique=True),
    sa.Column("channel", sa.String(64), nullable=False, comment="of a channel or a person"),
    sa.Column("thread_of", sa.String(255), comment="the key of the message in whose thread"),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sent_version", sa.Integer, nullable=False),
    sa.Column("state", sa.String(8), nullable=False, comment="due, sent or dead"),
    sa.Column("attempted", sa.Integer, comment="the version whose post may have arrived"),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
    sa.Column("posted_in", sa.String(64), comment="the channel that Slack named"),
    sa.Column("ts", sa.String(32), comment="Slack's id of the message"),
    sa.Column("problem", sa.Text),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Index("ix_outbox_state_channel", "state", "channel", "id"),
)
