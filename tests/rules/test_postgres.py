"""The suites' PostgreSQL is real, recent and private."""

from __future__ import annotations

import psycopg


def test_a_database_of_its_own_is_ready_for_each_test(postgres_database: str) -> None:
    with psycopg.connect(postgres_database.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int, inet_server_addr()").fetchone()
    assert row is not None
    assert row[0] >= 150000
    assert row[1] is None, "it listens on a Unix socket only"
