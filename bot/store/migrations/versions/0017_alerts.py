"""Alerts of other systems."""

import sqlalchemy as sa
from alembic import op


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alert',
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('named', sa.String(), nullable=False),
    sa.Column('firing', sa.Integer(), nullable=False),
    sa.Column('at', sa.Float(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('severity', sa.String(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('seen_at', sa.Float(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('told', sa.Integer(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('sender', 'fingerprint', name=op.f('pk_alert'))
    )
    op.create_index(
        'ix_alert_untold', 'alert', ['agent'], unique=False,
        sqlite_where=sa.text('told = 0'), postgresql_where=sa.text('told = 0'),
    )
    op.create_index('ix_alert_seen_at', 'alert', ['seen_at'], unique=False)


def downgrade() -> None:
    op.drop_table('alert')
