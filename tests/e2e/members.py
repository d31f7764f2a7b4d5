"""Members as most tests report them, and what a receiver has got of them."""

import json

from crier.entity.v1 import contact_pb2
from crier.ingest.v1 import ingest_service_pb2


def member(community, **fields):
    """A request that stores a contact with these fields, seen just now."""
    return ingest_service_pb2.UpsertContactRequest(
        parent=f"communities/{community}", contact=contact_pb2.Contact(**fields),
        sightings=[contact_pb2.Sighting(source="Test")])


def named_member(community, name):
    """The same by a full name, with an address that follows from it."""
    return member(community, full_name=name, primary_email=f"{name.replace(' ', '.')}@example.com")


def batch_of(members):
    return ingest_service_pb2.BatchIngestRequest(
        items=[ingest_service_pb2.BatchIngestItem(contact=one) for one in members])


def name_of(received):
    return json.loads(received.body)["fullName"]


def names_of(received):
    """Of all who arrived, in the order of their arrival."""
    return [name_of(one) for one in received]


def email_of(received):
    return json.loads(received.body)["primaryEmail"]
