#!/usr/bin/env python3
"""Checks that includes respect the layers (ARCHITECTURE.md, "Layers").

    layers.py [ROOT]      checks a checkout; prints each violation, exits 1 if there is one
    layers.py --self-test plants one violation of every rule and sees each reported

A rule says, for files whose path matches, which includes are refused and why. Tests are held to the
same rules as the code beside them, except that they may use the fakes and servers of tests/support.
"""

import pathlib
import re
import sys
import tempfile

# Includes that bring in gRPC, as against generated messages (*.pb.h).
GRPC = r"grpcpp/|grpc/|.*\.grpc\.pb\.h"
# What builds, runs and registers servers, as against the types that a handler is written with.
GRPC_SERVER = r"grpcpp/(server|server_builder|health_check_service_interface|security/server_credentials)\.h|grpcpp/ext/|grpcpp/health"

# (files, refused includes, reason); both are regular expressions matched from the start.
RULES = [
    (r"services/(?P<own>\w+)/", r"services/(?!(?P=own)/)", "services never include each other"),
    (r"services/\w+/domain/", rf"{GRPC}|pqxx/|curl/|libpq|common/(pg|rpc|http|process)/",
     "the domain links no gRPC, libpqxx or libcurl"),
    (r"services/\w+/domain/", r"services/\w+/(storage|transport|sending)/|services/\w+/\w+\.h",
     "the domain depends on no other layer"),
    (r"services/\w+/storage/", r"services/\w+/(transport|sending)/|services/\w+/\w+\.h",
     "storage depends on the domain only"),
    (r"services/\w+/storage/", GRPC, "storage knows nothing of gRPC"),
    (r"services/\w+/transport/", r"services/\w+/storage/|services/\w+/\w+\.h|common/pg/",
     "transport depends on the domain only"),
    (r"services/\w+/transport/(?!.*_test\.)", r"services/\w+/sending/", "transport depends on the domain only"),
    (r"services/\w+/sending/", r"services/\w+/(storage|transport)/|services/\w+/\w+\.h|common/pg/",
     "sending depends on the domain only"),
    (r"(?!common/pg/)", r"pqxx/|libpq-fe\.h|postgresql/", "Postgres' libraries are used in common/pg only"),
    (r"(?!common/rpc/)", GRPC_SERVER, "server plumbing of gRPC is used in common/rpc only"),
    (r"(?!common/http/|.*_test\.cc$)", r"curl/", "libcurl is used in common/http only"),
    (r"common/", r"services/|tools/", "common knows nothing of the services"),
    (r"common/(?!entity/|.*_(test|fuzzer)\.(cc|h)$)", r"crier/.*\.pb\.h", "common knows nothing of the services' API"),
    (r"common/entity/", r"crier/(?!entity/).*\.pb\.h", "common/entity knows the entities, not the services"),
    (r"common/(?!rpc/|process/)", GRPC, "gRPC is used in common/rpc and common/process only"),
    (r"tools/", r"services/", "tools are clients: they never include services"),
]

# The folders of a domain, from the bottom up: each includes only itself and those before it. What
# lies beside them (errors.h) is for all; fakes and tests may use all.
DOMAIN_FOLDERS = {
    "ingest": ["entities", "records", "log", "writing"],
    "delivery": ["webhooks", "payloads", "attempts", "queue", "intake", "dispatch", "repair"],
    "evaluator": ["workflows", "matching", "peers", "limits", "runs", "partitions", "management"],
}
IN_DOMAIN = re.compile(r"services/(\w+)/domain/(\w+)/")
OF_TESTS = re.compile(r".*/fakes/|.*_(test|conformance|fuzzer|benchmark)\.(cc|h)$")

# Composition: the all-in-one binary is made of the three services' roots, and of nothing else.
ALL_IN_ONE = re.compile(r"services/all_in_one/")
ALL_IN_ONE_MAY = re.compile(r"services/\w+/server\.h$")

# A test may start a server of its own around what it tests.
TEST = re.compile(r".*_(test|conformance|fuzzer)\.(cc|h)$|tests/")
TEST_MAY = re.compile(r"grpcpp/(server|server_builder)\.h$|tests/")

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')


def against_the_order(path: str, included: str):
    """Why a file in a folder of a domain must not include this, or None."""
    own, other = IN_DOMAIN.match(path), IN_DOMAIN.match(included)
    if not own or OF_TESTS.match(path):
        return None
    order = DOMAIN_FOLDERS.get(own[1], [])
    if own[2] not in order:
        return f"{own[2]}/ has no place in the order of the domain's folders"
    if other and own[1] == other[1] and other[2] not in order[:order.index(own[2]) + 1]:
        return f"{own[2]}/ comes before {other[2]}/ in the domain"
    return None


def violations_in(path: str, lines):
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        included = match.group(1)
        if ALL_IN_ONE.match(path) and ALL_IN_ONE_MAY.match(included):
            continue
        if TEST.match(path) and TEST_MAY.match(included):
            continue
        if reason := against_the_order(path, included):
            yield f"{path}:{number}: {included}: {reason}"
        for files, refused, reason in RULES:
            scope = re.match(files, path)
            if not scope:
                continue
            own = scope.groupdict().get("own")
            pattern = refused.replace("(?P=own)", re.escape(own)) if own else refused
            if re.match(pattern, included):
                yield f"{path}:{number}: {included}: {reason}"


def check(root: pathlib.Path):
    found = []
    for folder in ("common", "services", "tools"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cc"):
                path = file.relative_to(root).as_posix()
                found += violations_in(path, file.read_text(encoding="utf-8").splitlines())
    return found


# One include for each rule that must be refused, and some that must not.
REFUSED = [
    ("services/ingest/domain/a.cc", "services/delivery/domain/b.h"),
    ("services/ingest/domain/a.cc", "grpcpp/channel.h"),
    ("services/ingest/domain/a.cc", "crier/ingest/v1/ingest_service.grpc.pb.h"),
    ("services/ingest/domain/a_test.cc", "common/pg/pool.h"),
    ("services/ingest/domain/a.h", "services/ingest/storage/b.h"),
    ("services/ingest/domain/a.h", "services/ingest/engine.h"),
    ("services/delivery/domain/webhooks/a.h", "services/delivery/sending/b.h"),
    ("services/delivery/sending/a.h", "services/delivery/storage/b.h"),
    ("services/ingest/storage/a.h", "services/ingest/transport/b.h"),
    ("services/ingest/storage/a.h", "grpcpp/channel.h"),
    ("services/ingest/transport/a.h", "services/ingest/storage/b.h"),
    ("services/delivery/transport/a.h", "services/delivery/sending/b.h"),
    ("services/ingest/storage/a.h", "pqxx/pqxx"),
    ("services/ingest/transport/a.cc", "grpcpp/server_builder.h"),
    ("services/delivery/transport/a.cc", "curl/curl.h"),
    ("services/all_in_one/main.cc", "services/ingest/domain/b.h"),
    ("common/api/a.h", "crier/entity/v1/contact.pb.h"),
    ("common/entity/a.cc", "crier/ingest/v1/entity_service.pb.h"),
    ("common/api/a.h", "grpcpp/channel.h"),
    ("tools/crierctl/a.cc", "services/ingest/domain/b.h"),
    ("services/delivery/domain/webhooks/a.h", "services/delivery/domain/queue/b.h"),
    ("services/delivery/domain/queue/a.h", "services/delivery/domain/fakes/b.h"),
    ("services/evaluator/domain/others/a.h", "services/evaluator/domain/errors.h"),
]
ALLOWED = [
    ("services/ingest/domain/a.cc", "crier/entity/v1/contact.pb.h"),
    ("services/ingest/storage/a.cc", "common/pg/pool.h"),
    ("services/ingest/transport/a.cc", "grpcpp/support/server_callback.h"),
    ("services/ingest/transport/a_test.cc", "grpcpp/server_builder.h"),
    ("services/all_in_one/main.cc", "services/ingest/server.h"),
    ("common/entity/a.cc", "crier/entity/v1/contact.pb.h"),
    ("services/delivery/domain/queue/a.h", "services/delivery/domain/webhooks/b.h"),
    ("services/delivery/domain/queue/a.h", "services/delivery/domain/errors.h"),
    ("services/delivery/domain/queue/a_test.cc", "services/delivery/domain/dispatch/b.h"),
    ("common/pg/pool.cc", "pqxx/pqxx"),
]


def self_test() -> int:
    wrong = 0
    for expected, cases in ((1, REFUSED), (0, ALLOWED)):
        for path, included in cases:
            with tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                (root / path).parent.mkdir(parents=True)
                (root / path).write_text(f'#include "{included}"\n', encoding="utf-8")
                if bool(check(root)) != bool(expected):
                    wrong += 1
                    print(f"layers self-test: {path} including {included} should be "
                          f"{'refused' if expected else 'allowed'}")
    return 1 if wrong else 0


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = check(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
