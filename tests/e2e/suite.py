"""The suite as it runs in production: the real binaries as separate processes, on one Postgres.

A Suite starts any number of replicas of each service on free ports, with schemas of its own, and
can kill, stall or drain each. A Receiver stands for the customer.
"""

import base64
import collections
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import queue
import secrets
import signal
import subprocess
import threading
import time
import urllib.request

# An idle connection notices that its server drains when it is looked at, by default every 5 seconds; so long
# would each drain take. Read when gRPC is loaded, and by the replicas.
os.environ.setdefault("GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS", "100")

import grpc

import psql
from clients import Clients

TIMEOUT_SECONDS = 60
BIN = pathlib.Path(os.environ["CRIER_BIN"])


def eventually(look, wanted=bool):
    """What look() finds, once it is as wanted."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not wanted(found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"timed out after {TIMEOUT_SECONDS} s with {found}")
        time.sleep(0.05)
    return found


class Replica:
    """One process of the suite, known by its JSON log lines."""

    def __init__(self, arguments, name):
        self.name = name
        self.log = []
        self._killed = False
        self._lines = queue.Queue()
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        serving = self.wait_for("serving")
        self.port = serving["grpc_port"]
        self.metrics_port = serving["metrics_port"]
        self.address = f"127.0.0.1:{self.port}"

    def _read(self):
        for line in self.process.stderr:
            self.log.append(line)
            try:
                self._lines.put(json.loads(line))
            except ValueError:
                continue
        self._lines.put(None)

    def wait_for(self, message):
        """The next log line with this message."""
        while True:
            line = self._lines.get(timeout=TIMEOUT_SECONDS)
            if line is None:
                raise AssertionError(f"{self.name} ended before '{message}':\n{''.join(self.log[-30:])}")
            if line.get("message") == message:
                return line

    def counted(self, name, label):
        """The sum of a metric's series whose labels hold this text."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as response:
            lines = response.read().decode("utf-8").splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name + "{") and label in line)

    def calls(self, method="crier."):
        """How many calls of its own services, or of this method, it has begun to answer."""
        return self.counted("grpc_server_started_total", method)

    def wait_until_called(self):
        eventually(self.calls)

    def kill(self):
        self._killed = True
        self.process.kill()
        self.process.wait()

    def drain(self):
        """SIGTERM, as Kubernetes sends it; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=TIMEOUT_SECONDS)

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def begin_to_stop(self):
        if self.process.poll() is None:
            self.resume()
            self.process.send_signal(signal.SIGTERM)

    def stop(self):
        """Returns what is wrong with its end, if anything: it crashed, or a sanitizer has complained."""
        self.begin_to_stop()
        code = self.process.wait(timeout=TIMEOUT_SECONDS)
        self._reader.join()
        self.process.stderr.close()
        if code == 0 or self._killed:
            return None
        return f"{self.name} ended with {code}:\n{''.join(self.log[-60:])}"


def target(replicas):
    """A gRPC target that spreads calls over replicas."""
    return "ipv4:" + ",".join(replica.address for replica in replicas)


class Suite(Clients):
    """Replicas of every service; use it as a context manager.

    `ports` has a list of ports by service, which replicas take in the order of their start: the services'
    names then lead to all of them from the beginning, as names do to replicas that come later.
    """

    def __init__(self, postgres_url, replicas=2, receiver_port=0, ports=None, drain_delay="0s"):
        self._ports = {service: list(of_service) for service, of_service in (ports or {}).items()}
        self._names = {service: "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in of_service)
                       for service, of_service in self._ports.items()}
        self._drain_delay = drain_delay
        self._postgres_url = postgres_url
        self.schema = f"e2e_{secrets.token_hex(4)}"
        self._receiver_port = receiver_port
        self._channels = []
        self.ingest, self.evaluator, self.delivery = [], [], []
        try:
            self._migrate()
            for _ in range(replicas):
                self.start_ingest()
                self.start_delivery()
            for _ in range(replicas):
                self.start_evaluator()
            for replica in self.all():
                replica.wait_for("ready")
        except BaseException:
            self.close()
            raise
        # Calls may go to any replica; one that is gone is left out of the rotation.
        self.connect_ingest(self.channel(self.name_of("ingest")))
        self.connect_delivery(self.channel(self.name_of("delivery")))
        self.connect_evaluators()

    def connect_evaluators(self):
        """Calls go to the evaluators that there are now."""
        self.evaluator_channel = self.channel(self.name_of("evaluator"))
        self.connect_evaluator(self.evaluator_channel)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def all(self):
        return [*self.ingest, *self.evaluator, *self.delivery]

    def name_of(self, service):
        """The gRPC target of all its replicas."""
        return self._names.get(service) or target(getattr(self, service))

    def channel(self, address, retried=""):
        """Calls of the service `retried` that met a replica's death are made again, as careful callers do."""
        options = [("grpc.lb_policy_name", "round_robin"), ("grpc.max_reconnect_backoff_ms", 500)]
        if retried:
            policy = {"maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 2,
                      "retryableStatusCodes": ["UNAVAILABLE"]}
            options.append(("grpc.service_config", json.dumps(
                {"methodConfig": [{"name": [{"service": retried}], "retryPolicy": policy}]})))
        channel = grpc.insecure_channel(address, options=options)
        self._channels.append(channel)
        return channel

    def _arguments(self, service):
        secrets_in_the_clear = ["--allow-plaintext-secrets"] if service == "delivery" else []
        return [str(BIN / f"crier-{service}"), f"--postgres-url={self._postgres_url}",
                f"--postgres-schema={self.schema}_{service}", *secrets_in_the_clear]

    def _addresses(self, service):
        if service == "evaluator":
            return [f"--ingest-address={self.name_of('ingest')}", f"--delivery-address={self.name_of('delivery')}"]
        if service == "delivery":
            return ["--allow-http", "--allowed-targets=127.0.0.1/32", f"--allowed-ports={self._receiver_port}"]
        return []

    def _migrate(self):
        nowhere = {"evaluator": ["--ingest-address=127.0.0.1:1", "--delivery-address=127.0.0.1:1"]}
        running = [subprocess.Popen([*self._arguments(service), *nowhere.get(service, []), "migrate"],
                                    stderr=subprocess.DEVNULL) for service in ("ingest", "evaluator", "delivery")]
        codes = [process.wait(timeout=TIMEOUT_SECONDS) for process in running]
        if any(codes):
            raise AssertionError(f"a schema could not be made: {codes}")

    def _start(self, service, *options, port=0):
        port = port or (self._ports[service].pop(0) if self._ports else 0)
        return Replica([*self._arguments(service), *self._addresses(service), f"--listen=127.0.0.1:{port}",
                        "--metrics-listen=127.0.0.1:0", f"--drain-delay={self._drain_delay}", *options], f"crier-{service}")

    def start_again(self, replica):
        """In the place of a replica that was killed, under its address; need not become ready."""
        for service, replicas in (("ingest", self.ingest), ("evaluator", self.evaluator), ("delivery", self.delivery)):
            if replica in replicas:
                replica.stop()  # lets go of what is left of it
                again = self._start(service, port=replica.port)
                replicas[replicas.index(replica)] = again
                return again
        raise ValueError(f"{replica.name} is none of this suite")

    def start_ingest(self):
        self.ingest.append(self._start("ingest"))
        return self.ingest[-1]

    def start_evaluator(self, *options):
        self.evaluator.append(self._start("evaluator", *options))
        return self.evaluator[-1]

    def start_delivery(self):
        self.delivery.append(self._start("delivery"))
        return self.delivery[-1]

    def sql(self, service, *statements):
        """The rows of statements on a service's schema, as lines of text."""
        return psql.run(self._postgres_url, f"SET search_path = {self.schema}_{service}", *statements)

    def close(self):
        for channel in self._channels:
            channel.close()
        for replica in self.all():
            replica.begin_to_stop()
        faults = [fault for replica in self.all() if (fault := replica.stop())]
        psql.drop_schemas(self._postgres_url,
                          [f"{self.schema}_{service}" for service in ("ingest", "evaluator", "delivery")])
        if faults:
            raise AssertionError("\n".join(faults))


Received = collections.namedtuple("Received", "message_id headers body")


class Receiver:
    """A customer's endpoint on a free port. Keeps what arrives, in order of arrival."""

    def __init__(self, answer=lambda received: 200):
        self._changed = threading.Condition()
        self._received = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(headers.get("webhook-id"), headers, body)
                status = answer(received)
                with outer._changed:
                    outer._received.append(received)
                    outer._changed.notify_all()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024  # of the usual 5, a connection that finds no place may wait for minutes

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def received(self):
        with self._changed:
            return list(self._received)

    def wait_until(self, done, timeout=TIMEOUT_SECONDS):
        """Waits until done(list of all received) holds; returns that list."""
        with self._changed:
            if not self._changed.wait_for(lambda: done(self._received), timeout):
                raise AssertionError(f"timed out after {timeout} s with {len(self._received)} deliveries")
            return list(self._received)


def signature_is_valid(signing_secret, received):
    """Standard Webhooks v1, written here anew so that the sender is not its own judge."""
    key = base64.b64decode(signing_secret.removeprefix("whsec_"))
    signed = f"{received.message_id}.{received.headers['webhook-timestamp']}.".encode() + received.body
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return expected in received.headers["webhook-signature"].split(" ")


def health(channel, service):
    """The standard health check of a service name: True when SERVING."""
    check = channel.unary_unary("/grpc.health.v1.Health/Check")
    name = service.encode()
    # HealthCheckRequest{service}; the answer's status is field 1, and SERVING is 1.
    return check(b"\x0a" + bytes([len(name)]) + name, timeout=5) == b"\x08\x01"
