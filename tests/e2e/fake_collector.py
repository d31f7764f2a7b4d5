"""An OpenTelemetry collector for tests: OTLP over HTTP, and of the protocol only what tests look at."""

import collections
import http.server
import threading

Span = collections.namedtuple("Span", "service name trace_id span_id parent_id kind failed")


def fields(message):
    """(number, value) of a protobuf message; bytes for whatever has a length."""
    position = 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        key = varint()
        number, wire_type = key >> 3, key & 7
        if wire_type == 0:
            yield number, varint()
        else:
            length = varint() if wire_type == 2 else {1: 8, 5: 4}[wire_type]
            yield number, message[position:position + length]
            position += length


def all_of(message, number):
    return [value for found, value in fields(message) if found == number]


def first_of(message, number, default=b""):
    return next(iter(all_of(message, number)), default)


def spans_of(request):
    """The spans of an ExportTraceServiceRequest; numbers as in opentelemetry/proto/trace/v1/trace.proto."""
    for resource_spans in all_of(request, 1):
        attributes = {first_of(pair, 1).decode(): first_of(first_of(pair, 2), 1)
                      for pair in all_of(first_of(resource_spans, 1), 1)}
        service = attributes.get("service.name", b"").decode()
        for scope_spans in all_of(resource_spans, 2):
            for span in all_of(scope_spans, 2):
                yield Span(service, first_of(span, 5).decode(), first_of(span, 1).hex(), first_of(span, 2).hex(),
                           first_of(span, 4).hex(), first_of(span, 6, 0), first_of(first_of(span, 15), 3, 0) == 2)


class Collector:
    """Listens on a free port of the loopback interface; use it as a context manager."""

    def __init__(self):
        self._changed = threading.Condition()
        self._spans = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with outer._changed:
                    outer._spans.extend(spans_of(body))
                    outer._changed.notify_all()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def wait_until(self, done, timeout):
        """Waits until done(all spans so far) holds; returns them."""
        with self._changed:
            if not self._changed.wait_for(lambda: done(self._spans), timeout):
                raise AssertionError(f"timed out after {timeout} s with {self._spans}")
            return list(self._spans)
