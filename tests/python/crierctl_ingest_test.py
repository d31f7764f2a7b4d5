"""crierctl ingest: batches, their results, and what is sent again."""

import json
import pathlib
import tempfile
import unittest

import grpc

from crier.ingest.v1 import ingest_service_pb2

import fake_crier


def outcome(name):
    result = ingest_service_pb2.IngestResult(outcome=name)
    return ingest_service_pb2.BatchIngestItemResult(result=result)


class IngestTest(fake_crier.CommandTest):
    def results(self, request):
        """CREATED, but what the contact's name says: a failure for `bad`, once each for `busy`."""
        response = ingest_service_pb2.BatchIngestResponse()
        for item in request.items:
            name = item.contact.contact.full_name
            if name == "bad":
                response.results.add(error=fake_crier.bad_field("contact.primary_email", "must have exactly one @"))
            elif name == "busy" and name not in self.seen:
                self.seen.add(name)
                response.results.add(error=fake_crier.overloaded())
            else:
                response.results.append(outcome("UNCHANGED" if name == "known" else "CREATED"))
        return response

    def setUp(self):
        super().setUp()
        self.seen = set()
        self.crier.answers["BatchIngest"] = self.results

    def ndjson(self, *names):
        return "".join(json.dumps({"contact": {"fullName": name}, "sightings": [{"source": "GitHub"}]}) + "\n"
                       for name in names)

    def test_reads_standard_input(self):
        out, err = self.run_crierctl("ingest", "contacts", "-", stdin=self.ndjson("Zoë", "known"))

        self.assertEqual(out, "1 created, 0 updated, 1 unchanged, 0 failed\n")
        self.assertEqual(err, "")
        item = self.crier.requests[0].items[0].contact
        self.assertEqual((item.parent, item.contact.full_name, item.sightings[0].source),
                         ("communities/7", "Zoë", "GitHub"))

    def test_names_place_and_field_of_each_failure_and_stores_the_rest(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "people.ndjson")
            path.write_text(self.ndjson("a", "bad") + '{"contact": {"fullNme": "x"}}\nnonsense\n' + self.ndjson("b"),
                            encoding="utf-8")
            out, err = self.run_crierctl("ingest", "contacts", str(path), exit_code=1)

        self.assertEqual(out, "2 created, 0 updated, 0 unchanged, 3 failed\n")
        self.assertIn(f"{path}:2: contact.primary_email must have exactly one @\n", err)
        self.assertRegex(err, rf"{path}:3: .*fullNme")
        self.assertIn(f"{path}:4: expected a JSON object, found `n`\n", err)
        self.assertIn("error: 3 of 5 records failed; the others are stored\n", err)

    def test_says_so_when_nothing_is_stored(self):
        _, err = self.run_crierctl("ingest", "contacts", "-", exit_code=1, stdin=self.ndjson("bad"))

        self.assertIn("error: 1 of 1 records failed; nothing is stored\n", err)

    def test_sends_again_what_the_server_had_no_room_for(self):
        out, _ = self.run_crierctl("ingest", "contacts", "-", "--output=json", stdin=self.ndjson("a", "busy", "b"))

        self.assertEqual(json.loads(out), {"created": 3, "updated": 0, "unchanged": 0, "failed": 0, "unsettled": 0})
        self.assertEqual([len(request.items) for request in self.crier.requests], [3, 1])

    def test_sends_again_when_the_server_is_away(self):
        answers = [fake_crier.failure(grpc.StatusCode.UNAVAILABLE, "the database is away"), fake_crier.overloaded()]
        self.crier.answers["BatchIngest"] = lambda request: answers.pop() if answers else self.results(request)

        out, _ = self.run_crierctl("ingest", "contacts", "-", stdin=self.ndjson("a"))

        self.assertEqual(out, "1 created, 0 updated, 0 unchanged, 0 failed\n")

    def test_many_records_go_in_batches(self):
        names = [f"person {number}" for number in range(2500)]

        out, _ = self.run_crierctl("ingest", "contacts", "-", "--batch-size", "100", stdin=self.ndjson(*names))

        self.assertEqual(out, "2,500 created, 0 updated, 0 unchanged, 0 failed\n")
        self.assertEqual([len(request.items) for request in self.crier.requests], [100] * 25)
        self.assertCountEqual([item.contact.contact.full_name for request in self.crier.requests
                               for item in request.items], names)

    def test_stops_when_the_server_refuses_as_a_whole(self):
        self.crier.answers["BatchIngest"] = fake_crier.failure(grpc.StatusCode.PERMISSION_DENIED, "not here")

        out, err = self.run_crierctl("ingest", "contacts", "-", exit_code=1, stdin=self.ndjson("a"))

        self.assertEqual(out, "0 created, 0 updated, 0 unchanged, 0 failed, 1 not settled\n")
        self.assertIn("error: stopped before the end: not here\n", err)


if __name__ == "__main__":
    unittest.main()
