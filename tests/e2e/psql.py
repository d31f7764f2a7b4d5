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
