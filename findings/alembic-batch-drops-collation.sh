#!/usr/bin/env bash
# Alembic 1.20.1 with SQLAlchemy 2.1.9 on SQLite: changing one column makes another one case-sensitive.
#
# Expected: batch_alter_table "reflects the existing table, makes a new version of it with the given changes and copies
# the data"; the documentation tells which constraints are lost on that way (unnamed UNIQUE and CHECK ones, and
# Alembic warns of the latter). What the model says of other columns stays.
# Seen: the collation of every text column of the table is gone, and so are its triggers and the DESC of its indexes,
# without a warning: reflection on SQLite doesn't bring them. Rows stay, what they are compared by doesn't.
# Cost to a video search: `camera = 'YARD'` finds nothing after an unrelated migration, and a unique index that kept
# "Yard" and "yard" together lets both in. A new database, made from the models, keeps behaving the other way.
# Known in part: Arize-ai/phoenix issue 15039 (DESC).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check "alembic==1.20.1" "sqlalchemy==2.1.9"
venv/bin/python - <<'PYTHON'
import sys
import warnings

import alembic
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

metadata = sa.MetaData()
camera = sa.Table(
    "camera",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text(collation="NOCASE"), nullable=False),
    sa.Column("width", sa.Integer),
    sa.Column("seen", sa.Integer),
)
sa.Index("one_camera_a_name", camera.c.name, unique=True)
sa.Index("newest_first", camera.c.seen.desc())
engine = sa.create_engine("sqlite://")


def found(connection):
    return connection.scalar(sa.text("select count(*) from camera where name = 'YARD'"))


with engine.begin() as connection, warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    metadata.create_all(connection)
    connection.execute(sa.text("create table log(name text)"))
    connection.execute(
        sa.text("create trigger logged after insert on camera begin insert into log values (new.name); end")
    )
    connection.execute(camera.insert(), {"name": "Yard", "width": 640, "seen": 1})
    before = found(connection)
    with Operations(MigrationContext.configure(connection)).batch_alter_table("camera") as batch:
        batch.alter_column("width", type_=sa.BigInteger())
    after = found(connection)
    tables = dict(connection.execute(sa.text("select name, sql from sqlite_master")).all())
    try:
        connection.execute(camera.insert(), {"name": "yard", "width": 640, "seen": 2})
        twice = True
    except sa.exc.IntegrityError:
        twice = False
    logged = connection.scalar(sa.text("select count(*) from log"))

print(
    "version: Alembic", alembic.__version__, "SQLAlchemy", sa.__version__, "SQLite", engine.dialect.dbapi.sqlite_version
)
print("expected: only `width` is another one after the migration, or a warning says what is lost")
print(f"seen: rows for name = 'YARD': {before} before, {after} after; 'Yard' and 'yard' both kept: {twice}")
print(f"seen: trigger kept: {'logged' in tables}, rows that it logged: {logged} of {1 + twice}")
print(f"seen: {tables['newest_first']}")
print(f"seen: warnings: {len(warned)}")
same = before == 1 and after == 0 and twice and "logged" not in tables and "DESC" not in tables["newest_first"]
sys.exit(0 if same and not warned else "The behaviour has changed.")
PYTHON
