"""Open tasks are found by the other service's thing they arose from."""

from shared.database.migration import execute

revision = "0004"
down_revision = "0003"

STATEMENTS = ("CREATE INDEX tasks_about ON tasks (about_id) WHERE state = 'open'",)


def upgrade() -> None:
    execute(STATEMENTS)
