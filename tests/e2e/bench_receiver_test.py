"""The receiver of tools/bench: what it answers and counts is what benchmarks rely on."""

import http.client
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(str(pathlib.Path(os.environ["CRIER_ROOT"], "tools/bench.d")))
import measured_suite  # pylint: disable=wrong-import-position
import measuring  # pylint: disable=wrong-import-position
import suite  # pylint: disable=wrong-import-position

TIMEOUT_SECONDS = 60
RECORDS = 5


def payload(number):
    return f'{{"title":"Technical Writer #{number}","fullName":"Zoë"}}'.encode()


def request(body, *headers, method="POST"):
    lines = [f"{method} /hook HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


class BenchReceiverTest(unittest.TestCase):
    def receiver(self, tls=False):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        receiver = measured_suite.Receiver(folder, RECORDS, tls)
        self.addCleanup(receiver.process.stdout.close)
        self.addCleanup(receiver.process.wait)
        self.addCleanup(receiver.process.kill)
        return receiver

    def connect(self, receiver):
        return self.enterContext(socket.create_connection(("127.0.0.1", receiver.port), TIMEOUT_SECONDS))

    def statuses(self, connection, count):
        """Of so many answers; each has an empty body."""
        found = []
        for _ in range(count):
            response = http.client.HTTPResponse(connection)
            response.begin()
            self.assertEqual(response.read(), b"")
            found.append(response.status)
        return found

    def assert_ended(self, connection):
        try:
            self.assertEqual(connection.recv(1), b"")
        except ConnectionResetError:
            pass  # it had not read everything

    def test_counts_and_notes_what_arrives(self):
        receiver = self.receiver()
        connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=TIMEOUT_SECONDS)
        self.addCleanup(connection.close)
        before = time.monotonic_ns()
        for body in (payload(0), payload(3), payload(0), b"{}", payload(RECORDS)):
            connection.request("POST", "/hook", body)
            response = connection.getresponse()
            self.assertEqual((response.status, response.read()), (200, b""))
        after = time.monotonic_ns()

        counted = receiver.stop()

        self.assertEqual(counted, {"received": 5, "repeated": 1, "unknown": 1, "connections": 1})
        arrivals = measuring.moments(receiver.arrivals)
        self.assertEqual([number for number, moment in enumerate(arrivals) if moment], [0, 3])
        self.assertLess(before, arrivals[0])
        self.assertLess(arrivals[0], arrivals[3])
        self.assertLess(arrivals[3], after)

    def test_requests_may_come_in_pieces_and_together(self):
        receiver = self.receiver()
        connection = self.connect(receiver)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        for byte in request(payload(1)):
            connection.sendall(bytes([byte]))
        self.assertEqual(self.statuses(connection, 1), [200])
        connection.sendall(request(payload(2)) + request(payload(3))[:20])
        self.assertEqual(self.statuses(connection, 1), [200])
        connection.sendall(request(payload(3))[20:])
        self.assertEqual(self.statuses(connection, 1), [200])

        self.assertEqual(receiver.stop(), {"received": 3, "repeated": 0, "unknown": 0, "connections": 1})

    def test_a_connection_ends_when_its_peer_wants_it_to(self):
        receiver = self.receiver()
        connection = self.connect(receiver)

        connection.sendall(request(payload(1), "Connection: close"))

        self.assertEqual(self.statuses(connection, 1), [200])
        self.assert_ended(connection)

    def test_what_is_no_post_ends_its_connection_alone(self):
        receiver = self.receiver()
        other = self.connect(receiver)
        for bytes_sent in (request(b"", method="GET"), b"nonsense\r\n\r\n"):
            connection = self.connect(receiver)
            connection.sendall(bytes_sent)
            self.assert_ended(connection)

        other.sendall(request(payload(1)))

        self.assertEqual(self.statuses(other, 1), [200])
        self.assertEqual(receiver.stop(), {"received": 1, "repeated": 0, "unknown": 0, "connections": 3})

    def test_over_tls(self):
        receiver = self.receiver(tls=True)
        trust = ssl.create_default_context(cafile=receiver.certificate)
        trust.check_hostname = False
        large = payload(2) + b" " * 200_000  # more than one read, and than one record of TLS
        connection = self.enterContext(trust.wrap_socket(self.connect(receiver)))

        connection.sendall(request(payload(1)) + request(large))

        self.assertEqual(self.statuses(connection, 2), [200, 200])
        self.assertEqual(receiver.stop(), {"received": 2, "repeated": 0, "unknown": 0, "connections": 1})

    def test_a_certificate_that_cannot_be_read_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [str(suite.BIN / "crier-bench"), "receive", f"--arrivals={folder}/arrivals", "--count=1",
                 f"--certificate={folder}/none.crt", f"--key={folder}/none.key"],
                capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)

        self.assertEqual(done.returncode, 1)
        self.assertIn(f"no certificate and key in {folder}/none.crt", done.stderr)


if __name__ == "__main__":
    unittest.main()
