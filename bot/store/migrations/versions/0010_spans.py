"""Spans, the runs they make, and what came."""

import sqlalchemy as sa
from alembic import op


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('span_chunk',
    sa.Column('trace', sa.String(), nullable=False),
    sa.Column('writer', sa.String(), nullable=False),
    sa.Column('chunk', sa.String(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('trace', 'writer', 'chunk', name=op.f('pk_span_chunk'))
    )
    op.create_table('trace',
    sa.Column('trace', sa.String(), nullable=False),
    sa.Column('writer', sa.String(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('spans', sa.Integer(), nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('first_at', sa.Float(), nullable=False),
    sa.Column('last_at', sa.Float(), nullable=False),
    sa.Column('sealed', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('trace', 'writer', name=op.f('pk_trace'))
    )
    op.create_index('ix_trace_due', 'trace', ['due'], unique=False)
    op.create_index('ix_trace_last', 'trace', ['sealed', 'last_at'], unique=False)
    op.create_table('run',
    sa.Column('trace', sa.String(), nullable=False),
    sa.Column('writer', sa.String(), nullable=False),
    sa.Column('span', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('offers', sa.String(), nullable=False),
    sa.Column('wants', sa.String(), nullable=False),
    sa.Column('ended', sa.Float(), nullable=False),
    sa.Column('task_id', sa.String(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('trace', 'writer', 'span', name=op.f('pk_run'))
    )
    op.create_index('ix_run_offers', 'run', ['agent', 'offers'], unique=False)
    op.create_index('ix_run_wants', 'run', ['agent', 'wants'], unique=False)
    op.create_index('ix_run_ended', 'run', ['ended'], unique=False)
    op.create_table('span_count',
    sa.Column('minute', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('detail', sa.String(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('minute', 'kind', 'name', 'detail', name=op.f('pk_span_count'))
    )


def downgrade() -> None:
    for table in ('span_count', 'run', 'trace', 'span_chunk'):
        op.drop_table(table)
