"""Minutes of percentiles keep what their tasks took, in bins that merge."""

import sqlalchemy as sa
from alembic import op


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # no copy on either engine: SQLite adds a column in place, and PostgreSQL's partitions take it from their parent
    for table in ('minute', 'minute5'):
        op.add_column(table, sa.Column('tail', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    for table in ('minute5', 'minute'):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column('tail')
