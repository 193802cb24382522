"""Several replicas: leases on timers, who runs, when a reading was stored; on PostgreSQL a partition of minutes a day."""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

DAY = 1440


def upgrade() -> None:
    with op.batch_alter_table('timer', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lease_until', sa.Float(), server_default='0', nullable=False))
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.add_column(sa.Column('stored_at', sa.Float(), server_default='0', nullable=False))
        batch_op.create_index('ix_reading_stored', ['stored_at'], unique=False)
    op.create_table('replica',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('host', sa.String(), nullable=False),
    sa.Column('pid', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.Float(), nullable=False),
    sa.Column('told_at', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_replica'))
    )
    if op.get_bind().dialect.name == 'postgresql':
        _partition_minutes()


def _partition_minutes() -> None:
    """The primary key carries the values, so that reading a series of a day touches its index alone."""
    op.execute('ALTER TABLE minute RENAME TO minute_whole')
    op.execute('ALTER TABLE minute_whole RENAME CONSTRAINT pk_minute TO pk_minute_whole')
    op.execute(
        'CREATE TABLE minute (series_id integer NOT NULL, minute integer NOT NULL, value double precision,'
        ' n double precision, CONSTRAINT pk_minute PRIMARY KEY (series_id, minute) INCLUDE (value, n))'
        ' PARTITION BY RANGE (minute)'
    )
    days = op.get_bind().execute(sa.text(f'SELECT DISTINCT minute / {DAY} FROM minute_whole')).scalars().all()
    for day in days:
        op.execute(
            f"CREATE TABLE minute_day_{day} PARTITION OF minute FOR VALUES FROM ({day * DAY}) TO ({(day + 1) * DAY})"
        )
    op.execute('INSERT INTO minute SELECT series_id, minute, value, n FROM minute_whole')
    op.execute('DROP TABLE minute_whole')


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('CREATE TABLE minute_whole AS SELECT series_id, minute, value, n FROM minute')
        op.execute('DROP TABLE minute')
        op.execute('ALTER TABLE minute_whole RENAME TO minute')
        op.execute('ALTER TABLE minute ADD CONSTRAINT pk_minute PRIMARY KEY (series_id, minute)')
    op.drop_table('replica')
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.drop_index('ix_reading_stored')
        batch_op.drop_column('stored_at')
    with op.batch_alter_table('timer', schema=None) as batch_op:
        batch_op.drop_column('lease_until')
