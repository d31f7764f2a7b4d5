"""One replica of each service with a load and a receiver, all of it measured: what benchmarks of the whole way share."""

import json
import subprocess
import time

import measuring
import psql
from crier.workflow.v1 import workflow_service_pb2

import suite

POLL_SECONDS = 0.1
FIRST_COMMUNITY = 1000


def self_signed(folder):
    """A certificate for the loopback address, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1",
                    "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


class Receiver:
    """`crier-bench receive` as a process."""

    def __init__(self, folder, events, tls=False):
        self.arrivals = folder / "arrivals"
        command = [str(suite.BIN / "crier-bench"), "receive", f"--arrivals={self.arrivals}", f"--count={events}"]
        self.certificate = None
        if tls:
            self.certificate, key = self_signed(folder)
            command += [f"--certificate={self.certificate}", f"--key={key}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/hook"

    def stop(self):
        """What it counted."""
        self.process.terminate()
        counted = json.loads(self.process.stdout.readline())
        self.process.wait()
        return counted


def create_workflows(system, receiver, count):
    """One in each of as many communities, for new members."""
    for community in range(FIRST_COMMUNITY, FIRST_COMMUNITY + count):
        system.create_enabled_workflow(community, workflow_service_pb2.Workflow.NEW_MEMBER, receiver.url)


def start_load(system, folder, events, communities, *options):
    """New contacts in the communities of create_workflows; a process that prints what it did."""
    command = [str(suite.BIN / "crier-bench"), "load", f"--target={system.ingest[0].address}", f"--count={events}",
               f"--first-community={FIRST_COMMUNITY}", f"--communities={communities}", f"--answers={folder / 'answers'}",
               *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def latencies(folder, receiver, warm_up=0):
    """From the ingest answer to the receiver, in nanoseconds, ascending; without the first events."""
    pairs = list(zip(measuring.moments(folder / "answers"), measuring.moments(receiver.arrivals)))[warm_up:]
    return sorted(arrival - answer for answer, arrival in pairs if answer and arrival)


def wait_until_recorded(system, events, timeout):
    """Waits until every event has an attempt and no delivery is queued, and returns the moment."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        now = time.monotonic()
        if system.queue_is_empty() and system.recorded() >= events:
            return now
        time.sleep(POLL_SECONDS)
    return time.monotonic()


class Measured(suite.Suite):
    """One replica of each service, with the CPU of each."""

    def __init__(self, url, receiver):
        self._certificate = receiver.certificate
        super().__init__(url, replicas=1, receiver_port=receiver.port)
        self.postgres = measuring.Postgres(url)
        self._session = psql.Session(url)

    def close(self):
        self._session.close()
        super().close()

    def _addresses(self, service):
        roots = [f"--extra-roots-file={self._certificate}"] if service == "delivery" and self._certificate else []
        return [*super()._addresses(service), *roots]

    def stages(self, load, receiver):
        return measuring.Stages({
            "load": measuring.process_cpu(load.pid),
            "ingest": measuring.process_cpu(self.ingest[0].process.pid),
            "evaluator": measuring.process_cpu(self.evaluator[0].process.pid),
            "delivery": measuring.process_cpu(self.delivery[0].process.pid),
            "receiver": measuring.process_cpu(receiver.process.pid),
            "postgres": self.postgres.cpu_seconds,
        })

    def queue_is_empty(self):
        return self._session.run(f"SELECT NOT EXISTS (SELECT FROM {self.schema}_delivery.queue);") == ["t"]

    def recorded(self):
        return int(self._session.run(f"SELECT count(*) FROM {self.schema}_delivery.attempts;")[0])

    def disk_bytes(self):
        """Tables, indexes and out-of-line values, by service."""
        return {service: int(psql.run(self.postgres.url, f"""
            SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = '{self.schema}_{service}' AND c.relkind = 'r'""")[0])
                for service in ("ingest", "evaluator", "delivery")}

    def connections(self):
        """How many each service has open."""
        return psql.run(self.postgres.url, f"""
            SELECT replace(application_name, 'crier/{self.schema}_', '') || ' ' || count(*) FROM pg_stat_activity
            WHERE application_name LIKE 'crier/{self.schema}%' GROUP BY application_name ORDER BY 1""")
