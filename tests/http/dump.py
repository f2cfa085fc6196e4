# SPDX-License-Identifier: Apache-2.0
"""What is in a server's database file, so that two states can be compared.

Every table is there, row by row, with the numbers that only tie rows together
replaced by what they stand for: so a state is the same however it came about.
Serial numbers, the counter of them, the server's keys and what it remembers of
its own definitions say nothing of a state and are left out.
"""
import sqlite3

RESOURCE = """
SELECT k.of, k.text, r.id, r.version, r.updated_ms, o.text, r.deleted,
       v.version, v.updated_ms, v.client_id, v.deleted, v.method, v.text,
       v.seq = r.current
FROM version v JOIN resource r ON r.serial = v.serial
JOIN name k ON k.id = r.kind JOIN name o ON o.id = r.owner"""
INDEX = """
SELECT o.text, n.class, nk.text, n.text, i.key, r.id
FROM index_row i JOIN resource r ON r.serial = i.serial
JOIN name o ON o.id = i.owner JOIN name n ON n.id = i.term
LEFT JOIN name nk ON nk.id = n.of"""
TABLES = {
    "version": RESOURCE,
    "index_row": INDEX,
    "holding": "SELECT k.of, k.text, o.text FROM holding h "
               "JOIN name k ON k.id = h.kind JOIN name o ON o.id = h.owner",
    "citizen": "SELECT * FROM citizen",
    "client": "SELECT * FROM client",
    "permission": "SELECT id, client_id, hetu, patient, scope, created_ms, "
                  "remember_until_ms, audience, professional "
                  "FROM permission",
    "code": "SELECT * FROM code",
    "token": "SELECT * FROM token",
    "sharing": "SELECT id, kind, hetu, client_id, from_ms, until_ms "
               "FROM sharing",
    "ticket": "SELECT digest, kind, text, expires_ms FROM ticket",
    "chance": "SELECT * FROM chance",
}
APART = {"setting", "last", "name", "resource", "sqlite_sequence"}
ORDERED = {"permission", "sharing"}  # the order they came in counts


def dump(path):
    """{table: rows}. Rows of a table that is not ordered are sorted."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        names = {n for (n,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table'")}
        assert names == set(TABLES) | APART, names
        said = {}
        for table, sql in TABLES.items():
            rows = [tuple(r) for r in db.execute(
                sql + (" ORDER BY serial" if table in ORDERED else ""))]
            said[table] = rows if table in ORDERED else sorted(
                rows, key=repr)
        return said
    finally:
        db.close()


def differences(one, two):
    """What a person wants to read of a failure."""
    return {t: ([r for r in one[t] if r not in two[t]][:3],
                [r for r in two[t] if r not in one[t]][:3])
            for t in one if one[t] != two[t]}


def of_citizen(said, hetu, patient):
    """The rows that speak of a citizen."""
    return {t: [r for r in rows if hetu in r or patient in r
                or any(isinstance(x, str) and (hetu in x or patient in x)
                       for x in r)]
            for t, rows in said.items()}
