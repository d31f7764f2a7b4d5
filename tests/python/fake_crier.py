"""A server that is written here, and crierctl run against it."""

import concurrent.futures
import os
import pathlib
import subprocess
import threading
import unittest

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

from crier.delivery.v1 import delivery_service_pb2_grpc, webhook_service_pb2_grpc
from crier.ingest.v1 import ingest_service_pb2_grpc
from crier.workflow.v1 import workflow_service_pb2_grpc

CRIERCTL = str(pathlib.Path(os.environ["CRIER_BIN"], "crierctl"))
TIMEOUT_SECONDS = 60


def packed(detail):
    result = any_pb2.Any()
    result.Pack(detail)
    return result


def failure(code, message, *details):
    """A google.rpc.Status with details, an ErrorInfo among them, as every error of a server has."""
    info = error_details_pb2.ErrorInfo(reason=code.name, domain="crier.dev")
    return status_pb2.Status(code=code.value[0], message=message,
                             details=[packed(detail) for detail in (info, *details)])


def bad_field(field, description):
    violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
    return failure(grpc.StatusCode.INVALID_ARGUMENT, f"{field} {description}",
                   error_details_pb2.BadRequest(field_violations=[violation]))


def overloaded():
    retry = error_details_pb2.RetryInfo()
    retry.retry_delay.FromMilliseconds(1)
    return failure(grpc.StatusCode.RESOURCE_EXHAUSTED, "the server is full", retry)


def abort(context, status):
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    context.abort(code, status.message)


class FakeCrier(webhook_service_pb2_grpc.WebhookServiceServicer,
                delivery_service_pb2_grpc.DeliveryServiceServicer,
                workflow_service_pb2_grpc.WorkflowServiceServicer,
                ingest_service_pb2_grpc.IngestServiceServicer):
    """Answers what the test has put into `answers`, a function or message by method; keeps requests."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        self._lock = threading.Lock()
        self._server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        webhook_service_pb2_grpc.add_WebhookServiceServicer_to_server(self, self._server)
        delivery_service_pb2_grpc.add_DeliveryServiceServicer_to_server(self, self._server)
        workflow_service_pb2_grpc.add_WorkflowServiceServicer_to_server(self, self._server)
        ingest_service_pb2_grpc.add_IngestServiceServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.stop(None).wait()

    def _answer(self, method, request, context):
        with self._lock:
            self.requests.append(request)
            answer = self.answers[method]
            answer = answer(request) if callable(answer) else answer
        if isinstance(answer, status_pb2.Status):
            abort(context, answer)
        return answer


def _answering(method):
    return lambda self, request, context: self._answer(method, request, context)


for _method in ("CreateWebhook", "GetWebhook", "ListWebhooks", "UpdateWebhook", "DeleteWebhook", "TestWebhook",
                "PauseWebhook", "ResumeWebhook", "EnableWebhook", "DisableWebhook", "RotateSigningSecret", "GetWebhookHealth",
                "ListDeliveries", "GetDelivery", "CreateWorkflow", "ListWorkflows", "UpdateWorkflow",
                "PreviewWorkflow", "EnableWorkflow", "DisableWorkflow", "DeleteWorkflow", "BatchIngest"):
    setattr(FakeCrier, _method, _answering(_method))


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.crier = self.enterContext(FakeCrier())

    def run_crierctl(self, *words, exit_code=0, stdin=""):
        """Its output and its errors; fails unless it exits as expected."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CRIER_")}
        environment |= {"CRIER_SERVER": self.crier.address, "CRIER_COMMUNITY": "7"}
        done = subprocess.run([CRIERCTL, *words], env=environment, input=stdin, capture_output=True, text=True,
                              encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False)
        self.assertEqual(done.returncode, exit_code, done.stdout + done.stderr)
        return done.stdout, done.stderr
