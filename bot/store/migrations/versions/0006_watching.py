"""What happens once, who covers for whom, what was wrong with Stepdown itself, and minutes rolled up."""

import sqlalchemy as sa
from alembic import op


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('occasion',
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('period', sa.String(), nullable=False),
    sa.Column('at', sa.Float(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('kind', 'period', name=op.f('pk_occasion'))
    )
    op.create_table('cover',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person', sa.String(), nullable=False),
    sa.Column('by', sa.String(), nullable=False),
    sa.Column('since', sa.Float(), nullable=False),
    sa.Column('until', sa.Float(), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('ended_at', sa.Float(), nullable=True),
    sa.Column('said', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cover'))
    )
    op.create_index('ix_cover_until', 'cover', ['until'], unique=False)
    op.create_table('episode',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('began_at', sa.Float(), nullable=False),
    sa.Column('ended_at', sa.Float(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', 'began_at', name=op.f('pk_episode'))
    )
    op.create_index('ix_episode_ended', 'episode', ['ended_at'], unique=False)
    op.create_table('minute5',
    sa.Column('series_id', sa.Integer(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('n', sa.Float(), nullable=True),
    sa.Column('total', sa.Float(), nullable=False),
    sa.Column('low', sa.Float(), nullable=False),
    sa.Column('high', sa.Float(), nullable=False),
    sa.Column('middle', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('series_id', 'slot', name=op.f('pk_minute5')),
    sqlite_with_rowid=False
    )


def downgrade() -> None:
    for table in ('minute5', 'episode', 'cover', 'occasion'):
        op.drop_table(table)
