"""What is asked of tasks, traces and runs is found without looking at all of them, and an index holds no more than that."""

import sqlalchemy as sa
from alembic import op


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

NARROW = (
    ('ix_task_waiting', 'task', ['agent', 'queued_minute'], 'pending = 1'),
    ('ix_task_judged', 'task', ['agent', 'workflow'], 'judged = 1'),
    ('ix_trace_kept', 'trace', ['sealed', 'spans'], 'sealed = 0'),
    ('ix_trace_sealed', 'trace', ['last_at'], 'sealed = 1'),
    ('ix_run_offers', 'run', ['agent', 'offers'], "offers <> ''"),
    ('ix_run_wants', 'run', ['agent', 'wants'], "wants <> ''"),
)
BEFORE = (
    ('ix_trace_last', 'trace', ['sealed', 'last_at']),
    ('ix_run_offers', 'run', ['agent', 'offers']),
    ('ix_run_wants', 'run', ['agent', 'wants']),
)


def upgrade() -> None:
    for name, table, _ in BEFORE:
        op.drop_index(name, table)
    for name, table, columns, where in NARROW:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.execute("UPDATE trace SET due = 2e15 WHERE sealed = 1")  # out of the way of those that are to be sealed


def downgrade() -> None:
    for name, table, _, _ in NARROW:
        op.drop_index(name, table)
    for name, table, columns in BEFORE:
        op.create_index(name, table, columns)
