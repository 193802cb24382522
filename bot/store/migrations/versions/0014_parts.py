"""Five-minute rows keep what each of their minutes said."""

import sqlalchemy as sa
from alembic import op


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # rows that were rolled before stay empty: what their minutes said is gone
    op.add_column('minute5', sa.Column('parts', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('minute5', schema=None) as batch_op:
        batch_op.drop_column('parts')
