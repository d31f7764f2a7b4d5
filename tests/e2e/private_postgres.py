"""A Postgres that a test may crash."""

import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


class PrivatePostgres:
    """A server of one test's own, which may be stopped without harm to others."""

    def __init__(self, name):
        self._name = f"{name}-{os.getpid()}"
        self._data = ROOT / ".crier" / f"postgres-{self._name}"
        self.url = self._run("start")

    def _run(self, command, **options):
        return subprocess.run([str(ROOT / "tools/postgres"), command, self._name], check=True, text=True,
                              stdout=subprocess.PIPE, **options).stdout.strip()

    def crash(self):
        """Ends every server process at once, as a power cut would."""
        pid = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(pid, signal.SIGQUIT)  # immediate shutdown
        while pathlib.Path(f"/proc/{pid}").exists():
            pass

    def start_again(self):
        """On the same port, as behind a service name."""
        port = self.url.rsplit(":", 1)[1].split("/")[0]
        self._run("start", env={**os.environ, "CRIER_POSTGRES_PORT": port})

    def remove(self):
        self._run("remove")
