"""`crier`, the whole suite in one process."""

import secrets
import subprocess

import grpc

from suite import BIN, Replica


class AllInOne(Replica):
    """Ready, on free ports, with schemas of its own. May send to the local ports `receiver_ports`."""

    def __init__(self, postgres_url, receiver_ports, *options):
        self._postgres_url = postgres_url
        self.schemas = {service: f"crier_{secrets.token_hex(4)}_{service}"
                        for service in ("ingest", "evaluator", "delivery")}
        super().__init__([
            str(BIN / "crier"), f"--postgres-url={postgres_url}", "--listen=127.0.0.1:0", "--metrics-listen=127.0.0.1:0",
            *[f"--{service}.postgres-schema={schema}" for service, schema in self.schemas.items()],
            "--delivery.allow-http", "--delivery.allowed-targets=127.0.0.1/32", "--delivery.allow-plaintext-secrets",
            f"--delivery.allowed-ports={','.join(map(str, receiver_ports))}", *options], "crier")
        self.channel = grpc.insecure_channel(self.address)

    def __enter__(self):
        self.wait_for("ready")
        return self

    def __exit__(self, *_):
        self.channel.close()
        fault = self.stop()
        subprocess.run(["psql", self._postgres_url, "-q", "-c", "SET client_min_messages = error", "-c",
                        f"DROP SCHEMA IF EXISTS {', '.join(self.schemas.values())} CASCADE"], check=True)
        if fault:
            raise AssertionError(fault)
