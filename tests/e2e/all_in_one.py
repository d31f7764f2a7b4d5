"""`crier`, the whole suite in one process."""

import secrets

import grpc

import psql
from clients import Clients
from suite import BIN, Replica


class AllInOne(Replica, Clients):
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
        for connect in (self.connect_ingest, self.connect_evaluator, self.connect_delivery):
            connect(self.channel)

    def __enter__(self):
        self.wait_for("ready")
        return self

    def __exit__(self, *_):
        self.channel.close()
        fault = self.stop()
        psql.drop_schemas(self._postgres_url, self.schemas.values())
        if fault:
            raise AssertionError(fault)
