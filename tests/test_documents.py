"""The privacy page and the security policy match the database, the settings and the files."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.retention import RECORDS
from bot.settings import Settings

ROOT = Path(__file__).parents[1]
PRIVACY = ROOT / "docs" / "privacy.md"
SECURITY = ROOT / "SECURITY.md"
ABOUT_NOBODY = {
    # Papers, feeds, models, jobs and the version of the schema.
    "alembic_version",
    "request_claims",  # digests that tell nothing of a request
    "write_probe",
    "candidates",
    "caught_up_days",
    "feed_checks",
    "feed_memory",
    "job_runs",
    "listed_papers",
    "models",
    "paces",
    "paper_keys",
    "paper_records",
    "runners_up",
    "seen_papers",
}


def test_the_privacy_page_names_every_table_about_people(sqlite: Database) -> None:
    """A new table is about nobody, or the page has to say what it keeps and for how long."""
    named = set(re.findall(r"`([a-z_]+)`", PRIVACY.read_text()))
    with sqlite.read() as connection:
        tables = set(sa.inspect(connection).get_table_names())
    assert tables - ABOUT_NOBODY <= named
    assert not named & ABOUT_NOBODY


def test_the_privacy_page_has_the_time_after_which_messages_are_deleted() -> None:
    assert f"{RECORDS.days} days after they were sent" in PRIVACY.read_text()


def test_the_privacy_page_names_settings_that_exist() -> None:
    settings = {str(field.validation_alias) for field in Settings.model_fields.values()}
    named = set(re.findall(r"\b((?:PAPERS|SLACK|DATABASE)_[A-Z_]+)", PRIVACY.read_text()))
    assert named
    assert named <= settings


@pytest.mark.parametrize("page", [PRIVACY, SECURITY], ids=lambda path: path.name)
def test_the_readme_links_to_the_page_and_its_links_lead_to_files(page: Path) -> None:
    assert f"({page.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
