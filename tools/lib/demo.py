"""The demo proper, run by tools/demo: demo.py ROOT [--once].

Starts `crier` and `crierctl listen`, sends the three sample records through, and compares what the
receiver got with the documented payloads: same keys, same order, same values.
"""

import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse

COMMUNITY = "123"
SECRET = "demo-secret"
# Record kind, as crierctl names it, with the workflow template it fires. The organization comes
# first: the contact, which names it, would make it known with less to say.
STEPS = [
    ("organizations", "organization", "new-organization"),
    ("contacts", "contact", "new-member"),
    ("activities", "activity", "new-activity"),
]
DELIVERY_TIMEOUT_SECONDS = 60


class DemoError(Exception):
    """What went wrong, in words for the person who runs the demo."""


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def free_port(preferred: int) -> int:
    """The preferred port of the loopback interface if it is free, else any."""
    for port in (preferred, 0):
        with socket.socket() as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                candidate.bind(("127.0.0.1", port))
            except OSError:
                continue
            return candidate.getsockname()[1]
    raise DemoError("no free port on the loopback interface")


def fresh_database(server_url: str) -> str:
    """Empties the demo's database: only a member who is new fires the new-member workflow."""
    for statement in ("DROP DATABASE IF EXISTS crier_demo WITH (FORCE)", "CREATE DATABASE crier_demo"):
        subprocess.run(["psql", server_url, "-q", "-c", "SET client_min_messages = warning", "-c", statement],
                       check=True)
    return urllib.parse.urlunparse(urllib.parse.urlparse(server_url)._replace(path="/crier_demo"))


class Process:
    """A child whose lines of JSON on one of its outputs are read as they come."""

    def __init__(self, arguments, log_path: pathlib.Path, json_from: str):
        self.lines: "queue.Queue[dict]" = queue.Queue()
        self.log_path = log_path
        self._log = open(log_path, "w", encoding="utf-8")
        pipe, other = subprocess.PIPE, self._log
        self.child = subprocess.Popen(
            arguments, text=True, encoding="utf-8", start_new_session=True,
            stdout=pipe if json_from == "stdout" else other,
            stderr=pipe if json_from == "stderr" else other)
        stream = self.child.stdout if json_from == "stdout" else self.child.stderr
        self._reader = threading.Thread(target=self._read, args=(stream,))
        self._reader.start()

    def _read(self, stream):
        for line in stream:
            self._log.write(line)
            self._log.flush()
            try:
                self.lines.put(json.loads(line))
            except ValueError:
                continue  # not for us; it is in the log
        self.lines.put({"closed": True})

    def wait_for(self, wanted, what: str) -> dict:
        """The next line for which wanted() holds."""
        while True:
            try:
                line = self.lines.get(timeout=DELIVERY_TIMEOUT_SECONDS)
            except queue.Empty:
                raise DemoError(f"{what} did not come in {DELIVERY_TIMEOUT_SECONDS} s; see {self.log_path}") from None
            if line.get("closed"):
                raise DemoError(f"the program ended before {what}; see {self.log_path}")
            if wanted(line):
                return line

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self._reader.join()
        self._log.close()


class Demo:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.state = root / ".crier"
        self.bin = root / "build" / "dev" / "bin"
        self.processes: list[Process] = []

    def secret_keys(self) -> pathlib.Path:
        """The file of the keys that secrets are stored under, made on the first run."""
        path = self.state / "demo-secret-keys"
        if not path.exists():
            line = subprocess.run([str(self.bin / "crierctl"), "secret-keys", "new"], check=True,
                                  capture_output=True, text=True).stdout
            path.write_text(line, encoding="utf-8")
            path.chmod(0o600)
        return path

    def start_crier(self, database: str):
        crier = Process([
            str(self.bin / "crier"),
            f"--postgres-url={database}",
            f"--listen=127.0.0.1:{free_port(7400)}",
            f"--metrics-listen=127.0.0.1:{free_port(9400)}",
            # A receiver on this machine is what production must refuse and a demo needs.
            "--delivery.allow-http",
            "--delivery.allowed-targets=127.0.0.1/32",
            f"--delivery.allowed-ports={self.receiver_port}",
            f"--delivery.secret-keys-file={self.secret_keys()}",
        ], self.state / "demo-crier.log", json_from="stderr")
        self.processes.append(crier)
        serving = crier.wait_for(lambda line: line.get("message") == "serving", "the start of crier")
        crier.wait_for(lambda line: line.get("message") == "ready", "the readiness of crier")
        self.server = f"127.0.0.1:{serving['grpc_port']}"
        self.metrics = f"http://127.0.0.1:{serving['metrics_port']}/metrics"

    def start_receiver(self, signing_secret: str) -> Process:
        receiver = Process([
            str(self.bin / "crierctl"), "listen", f"--port={self.receiver_port}",
            f"--signing-secret={signing_secret}", f"--secret={SECRET}", "--output=json",
        ], self.state / "demo-receiver.log", json_from="stdout")
        self.processes.append(receiver)
        receiver.wait_for(lambda line: "listening" in line, "the start of the receiver")
        return receiver

    def crierctl(self, *arguments: str) -> dict:
        command = [str(self.bin / "crierctl"), f"--server={self.server}", f"--community={COMMUNITY}",
                   "--output=json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise DemoError(f"crierctl {' '.join(arguments)} failed:\n{done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else {}

    def run(self, server_url: str) -> bool:
        self.receiver_port = free_port(7480)
        self.start_crier(fresh_database(server_url))
        print(bold("\nA webhook and three workflows"))
        webhook = self.crierctl("webhooks", "create", "--display-name=Demo receiver",
                                f"--url=http://127.0.0.1:{self.receiver_port}/hook", f"--secret={SECRET}")
        print(f"  {webhook['name']}")
        receiver = self.start_receiver(webhook["signingSecret"])
        for _, _, template in STEPS:
            workflow = self.crierctl("workflows", "create", f"--display-name=Demo {template}",
                                     f"--template={template}", f"--webhook={webhook['name']}")
            self.crierctl("workflows", "enable", workflow["name"])
            print(f"  {workflow['name']}  {template}")
        # Not all(generator): every delivery is shown, also after one that differs.
        equal = [self.show_delivery(receiver, records, payload) for records, payload, _ in STEPS]
        return all(equal)

    def show_delivery(self, receiver: Process, records: str, payload: str) -> bool:
        self.crierctl("ingest", records, str(self.root / f"tests/testdata/records/{payload}.json"))
        delivery = receiver.wait_for(lambda line: "body" in line, f"the {payload} delivery")
        documented = (self.root / f"tests/testdata/payloads/{payload}.json").read_text(encoding="utf-8")
        received = delivery["body"]
        # Objects become lists of pairs, so that the order of keys counts.
        same = ordered(received) == ordered(documented)
        signed = bool(delivery["verified"])
        print(bold(f"\nThe {payload} payload as received"))
        print(f"  webhook-id {delivery['headers'].get('webhook-id')}")
        print(json.dumps(json.loads(received), indent=2, ensure_ascii=False))
        print(f"  {mark(same)} equal to the documented payload, key for key, in order")
        print(f"  {mark(signed)} signature verified")
        return same and signed

    def stop(self):
        for process in reversed(self.processes):
            process.stop()


def ordered(text: str):
    return json.loads(text, object_pairs_hook=lambda pairs: ("object", pairs))


def mark(good: bool) -> str:
    return "✓" if good else "✗ NOT"


def wait_for_the_end() -> int:
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        return 0


def interrupt(*_):
    raise KeyboardInterrupt


def main() -> int:
    signal.signal(signal.SIGTERM, interrupt)
    root, once = pathlib.Path(sys.argv[1]), "--once" in sys.argv[2:]
    demo = Demo(root)
    try:
        good = demo.run(os.environ["CRIER_DEMO_POSTGRES_URL"])
        print(bold("\nRunning"))
        print(f"  gRPC      {demo.server}")
        print(f"  metrics   {demo.metrics}")
        print(f"  receiver  http://127.0.0.1:{demo.receiver_port}/hook  (log: .crier/demo-receiver.log)")
        print(f"  try       {demo.bin.relative_to(root)}/crierctl --server={demo.server} --community={COMMUNITY} webhooks list")
        if not good:
            print("\nSomething differs: see above.", file=sys.stderr)
        if once or not good:
            return 0 if good else 1
        print("\nCtrl-C ends it.", flush=True)
        return wait_for_the_end()
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        demo.stop()


if __name__ == "__main__":
    sys.exit(main())
