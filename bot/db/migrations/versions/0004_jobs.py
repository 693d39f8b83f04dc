"""Table of job runs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table of job runs."""
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("is_ok", sa.Boolean, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
    )
