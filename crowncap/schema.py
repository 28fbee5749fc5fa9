"""The schema that results from all migrations, as one text to read.

`python -m crowncap.schema` (`make schema`) migrates an empty database and writes
migrations/schema.sql anew; a test holds the file to the migrations. Partitions are
left out: which there are depends on the day and on what was issued.
"""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import psycopg

import migrations
from core.jobs import SCHEMA
from crowncap import embedded
from crowncap.embedded.programs import postgres_tool
from crowncap.migrate import migrate

SCHEMA_FILE: Final = Path(migrations.__file__).with_name("schema.sql")

_HEAD: Final = "-- What all migrations come to, to be read; `make schema` writes it.\n"
_PARTITIONS: Final = "SELECT inhrelid::regclass::text FROM pg_inherits"
# Comments, settings of the session that restores, and what guards psql.
_NOISE: Final = re.compile(
    r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\(un)?restrict.*)\n", re.MULTILINE
)
_BLANKS: Final = re.compile(r"\n{3,}")


def dump_schema(database_url: str) -> str:
    """Write down a database's tables, indexes, constraints and functions.

    Raises subprocess.CalledProcessError when pg_dump does.
    """
    with psycopg.connect(database_url) as connection:
        partitions = [name for (name,) in connection.execute(_PARTITIONS)]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, of our wheel
        [
            postgres_tool("pg_dump"),
            *("--schema-only", "--no-owner", "--no-privileges", "--no-comments"),
            # The job library's tables are its own to describe.
            *("--exclude-table=alembic_version", f"--exclude-schema={SCHEMA}"),
            f"--dbname={database_url}",
            *(f"--exclude-table={name}" for name in partitions),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    text = _NOISE.sub("", done.stdout).replace("public.", "")
    return _HEAD + _BLANKS.sub("\n\n", f"\n{text}").rstrip() + "\n"


def _write_schema() -> None:
    # Not in a directory that only we may pass: as root, PostgreSQL runs as another.
    with tempfile.TemporaryDirectory(prefix="crowncap-schema-") as name:
        directory = Path(name).resolve()
        directory.chmod(0o711)
        with embedded.start(directory / "data", say=print) as servers:
            migrate(servers.urls.database_url)
            SCHEMA_FILE.write_text(dump_schema(servers.urls.database_url))
    print(f"Wrote {SCHEMA_FILE.name}.")


if __name__ == "__main__":
    _write_schema()
