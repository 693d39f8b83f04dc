"""The table of what people did, as far as a daily limit counts it and no other table has it."""

import sqlalchemy as sa

from bot.db.engine import Moment, metadata

activity = sa.Table(
    "activity",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("person", sa.String(64), nullable=False),
    sa.Column("what", sa.String(16), nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Index("ix_activity_person_what_at", "person", "what", "at"),
)
