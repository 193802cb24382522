"""followups"""

import sqlalchemy as sa
from alembic import op


revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('followup',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('incident_id', sa.Integer(), nullable=False),
    sa.Column('agent', sa.String(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('owner', sa.String(), nullable=False),
    sa.Column('due', sa.Float(), nullable=False),
    sa.Column('created_at', sa.Float(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('done_at', sa.Float(), nullable=True),
    sa.Column('done_by', sa.String(), nullable=False),
    sa.Column('link', sa.String(), nullable=False),
    sa.Column('nudges', sa.Integer(), nullable=False),
    sa.Column('nudge_at', sa.Float(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_followup'))
    )
    op.create_index('ix_followup_nudge_at', 'followup', ['nudge_at'], unique=False)
    op.create_index('ix_followup_owner', 'followup', ['owner'], unique=False)
    op.create_index('ix_followup_incident', 'followup', ['incident_id'], unique=False)


def downgrade() -> None:
    op.drop_table('followup')
