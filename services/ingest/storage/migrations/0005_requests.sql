-- What came of the requests that callers may repeat, for a bounded time: days are dropped as a whole.
-- A request is written in the transaction that does what it asks for, under the lock of the head; so
-- no two of a community can have one id, whichever days they are of.
CREATE TABLE requests (
  community_id bigint NOT NULL,
  -- Hashes of the id, which may say anything, and of everything else in the request: a contact that
  -- was deleted is not in here, and still a late repeat does not bring it back.
  request_id bytea NOT NULL,
  fingerprint bytea NOT NULL,
  entity_name text NOT NULL,
  outcome smallint NOT NULL,   -- Ingested::Outcome in services/ingest/domain/records/record.h
  accept_time timestamptz NOT NULL,
  PRIMARY KEY (community_id, request_id, accept_time)
) PARTITION BY RANGE (accept_time);
