"""What an operator can get wrong: each says so in one line, and ends the process or keeps it from being
ready; nothing restarts for ever without a reason."""

import os
import secrets
import subprocess
import tempfile
import unittest

import psql
from suite import BIN, Replica, TIMEOUT_SECONDS

POSTGRES_URL = os.environ["CRIER_TEST_POSTGRES_URL"]
NOWHERE = "postgresql://crier@127.0.0.1:1/crier"
PORTS = ["--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0"]


class RefusedTest(unittest.TestCase):
    """Mistakes that a restart cannot mend."""

    def refused(self, program, *arguments, environment=None):
        """The lines that it says before it ends with code 2."""
        done = subprocess.run([str(BIN / program), *arguments], capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                              check=False, env={**os.environ, **(environment or {})})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr.splitlines()

    def file(self, content):
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=".conf"))
        file.write(content)
        file.flush()
        return file.name

    def test_every_mistake_at_once(self):
        self.assertEqual(self.refused("crier-ingest", "--listn=x", "--postgres-connections=0"), [
            "--listn: unknown flag; did you mean --listen?",
            "--postgres-url: required; set it, or CRIER_POSTGRES_URL, or --postgres-url-file",
            "--postgres-connections: `0` must be a whole number from 3 to 100"])

    def test_unknown_key_of_a_file(self):
        path = self.file("postgres-url = postgresql://db/crier\nevent-retentoin = 7d\n")
        self.assertEqual(self.refused("crier-ingest", f"--config={path}"), [
            f"{path}:2: unknown name event-retentoin; did you mean event-retention?"])

    def test_misspelt_variable(self):
        self.assertEqual(self.refused("crier-ingest", "--postgres-url=postgresql://db/crier",
                                      environment={"CRIER_LOG_LEVLE": "debug"}), [
            "CRIER_LOG_LEVLE: unknown variable; did you mean CRIER_LOG_LEVEL?"])

    def test_missing_files(self):
        url = "--postgres-url=postgresql://db/crier"
        self.assertEqual(self.refused("crier-ingest", "--postgres-url-file=/nowhere/url"), [
            "--postgres-url-file: cannot read /nowhere/url: No such file or directory"])
        self.assertEqual(self.refused("crier-ingest", url, "--tls-cert-file=/nowhere/tls.crt", "--tls-key-file=/x"), [
            "TLS: /nowhere/tls.crt cannot be read: No such file or directory"])
        keys = self.refused("crier-delivery", url, "--secret-keys-file=/nowhere/keys")
        self.assertEqual(len(keys), 1)
        self.assertRegex(keys[0], "^secret-keys-file: .*/nowhere/keys")

    def test_settings_that_contradict_each_other(self):
        url = "--postgres-url=postgresql://db/crier"
        self.assertEqual(self.refused("crier-ingest", url, "--tls-cert-file=/x"), [
            "tls-cert-file and tls-key-file belong together: give both or neither"])
        self.assertEqual(self.refused("crier-ingest", url, "--tls-require-client-cert"), [
            "tls-require-client-cert needs tls-cert-file, tls-key-file and tls-ca-file as well"])
        self.assertEqual(self.refused("crier-ingest", url, "--postgres-url-file=/nowhere/url"), [
            "--postgres-url-file: given together with --postgres-url; leave one"])

    def test_a_delivery_service_without_keys(self):
        lines = self.refused("crier-delivery", "--postgres-url=postgresql://db/crier")
        self.assertEqual(len(lines), 1)
        self.assertIn("secret-keys-file must name", lines[0])

    def test_a_migration_that_cannot_be(self):
        # None needs more than the database: not the keys of secrets either.
        for program in ("crier-ingest", "crier-evaluator", "crier-delivery", "crier"):
            done = subprocess.run([str(BIN / program), "migrate", f"--postgres-url={NOWHERE}"], capture_output=True,
                                  text=True, timeout=TIMEOUT_SECONDS, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            lines = [line for line in done.stderr.splitlines() if '"error"' in line]
            self.assertEqual(len(lines), 1, done.stderr)
            self.assertIn("cannot migrate", lines[0])


class NotReadyTest(unittest.TestCase):
    """What may mend itself: the process runs, is not ready, and says why."""

    def setUp(self):
        self.schema = f"misconfigured_{secrets.token_hex(4)}"
        self.addCleanup(psql.drop_schemas, POSTGRES_URL, [self.schema])

    def migrate(self):
        return subprocess.run([str(BIN / "crier-ingest"), "migrate", f"--postgres-url={POSTGRES_URL}",
                               f"--postgres-schema={self.schema}"], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, check=False)

    def reason(self, *arguments, url=POSTGRES_URL):
        """Why a replica is not ready; it still ends well when it is told to."""
        replica = Replica([str(BIN / "crier-ingest"), f"--postgres-url={url}", f"--postgres-schema={self.schema}",
                           "--drain-delay=0s", *PORTS, *arguments], "crier-ingest")
        try:
            line = replica.wait_for("not ready")
            self.assertIsNone(replica.process.poll())
            self.assertEqual(replica.drain(), 0)
            return line["reason"]
        finally:
            replica.stop()

    def test_unreachable_database(self):
        self.assertRegex(self.reason(url=NOWHERE), "(?i)connect")

    def test_password_file_that_is_missing(self):
        self.assertIn("/nowhere/password", self.reason("--postgres-password-file=/nowhere/password"))

    def test_schema_that_was_never_made(self):
        self.assertRegex(self.reason(), "version 0, version [0-9]+ is needed; run the `migrate` command")

    def test_schema_that_is_too_old(self):
        self.assertEqual(self.migrate().returncode, 0)
        psql.run(POSTGRES_URL, f"DELETE FROM {self.schema}.schema_migrations "
                 f"WHERE version = (SELECT max(version) FROM {self.schema}.schema_migrations)")
        self.assertIn("is needed; run the `migrate` command", self.reason())

    def test_schema_that_is_too_new(self):
        self.assertEqual(self.migrate().returncode, 0)
        psql.run(POSTGRES_URL, f"INSERT INTO {self.schema}.schema_migrations VALUES (1000, 'future', 1000)")
        self.assertRegex(self.reason(), "has version 1000, this program knows [0-9]+; use a newer release")
        migration = self.migrate()
        self.assertEqual(migration.returncode, 1)
        self.assertIn("use a newer release", migration.stderr)


if __name__ == "__main__":
    unittest.main()
