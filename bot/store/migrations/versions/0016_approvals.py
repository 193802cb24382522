"""Writes that wait for people."""

import sqlalchemy as sa
from alembic import op


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('approval',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('asked_at', sa.Float(), nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approval'))
    )
    op.create_index('ix_approval_agent', 'approval', ['agent', 'asked_at'], unique=False)
    op.create_index('ix_approval_pending', 'approval', ['due'], unique=False,
        sqlite_where=sa.text("state = 'pending'"), postgresql_where=sa.text("state = 'pending'"))


def downgrade() -> None:
    op.drop_index('ix_approval_pending', table_name='approval')
    op.drop_index('ix_approval_agent', table_name='approval')
    op.drop_table('approval')
