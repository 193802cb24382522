"""Minutes say why they are not to be trusted."""

import sqlalchemy as sa
from alembic import op


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # no copy on either engine: SQLite adds a column in place, and PostgreSQL's partitions take it from their parent
    op.add_column('minute', sa.Column('doubt', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('minute', schema=None) as batch_op:
        batch_op.drop_column('doubt')
