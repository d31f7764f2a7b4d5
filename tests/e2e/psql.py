"""Statements on a test's Postgres, by psql."""

import subprocess


def run(url, *statements, check=True):
    """Runs them in one session; returns the rows as lines of text."""
    commands = [word for statement in statements for word in ("-c", statement)]
    done = subprocess.run(["psql", url, "-qAtX", "-v", "ON_ERROR_STOP=1", *commands], check=check,
                          stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()


def drop_schemas(url, schemas):
    """If there are any, and a Postgres to drop them from."""
    run(url, "SET client_min_messages = error", f"DROP SCHEMA IF EXISTS {', '.join(schemas)} CASCADE", check=False)


class Session:
    """One session of psql: who asks often does not pay for a connection each time."""

    def __init__(self, url):
        self._psql = subprocess.Popen(["psql", url, "-qAtX", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def run(self, script):
        """Statements, each with its semicolon; returns the rows as lines of text."""
        self._psql.stdin.write(f"{script}\n\\echo end\n")
        self._psql.stdin.flush()
        lines = []
        while (line := self._psql.stdout.readline()) != "end\n":
            if not line:
                raise RuntimeError("psql has given up; its message is above")
            lines.append(line.rstrip("\n"))
        return lines

    def close(self):
        with self._psql:
            self._psql.stdin.close()
