-- What came of the requests that callers may repeat, for a bounded time: days are dropped as a whole.
-- A request is written in the transaction that does what it asks for, under the lock of the head; so
-- no two of a community can have one id, whichever days they are of.
CREATE TABLE requests (
  community_id bigint NOT NULL,
  request_id text COLLATE "C" NOT NULL,
  fingerprint bytea NOT NULL,  -- of everything else in the request
  entity_name text NOT NULL,
  outcome smallint NOT NULL,   -- Ingested::Outcome in services/ingest/domain/record.h
  accept_time timestamptz NOT NULL,
  PRIMARY KEY (community_id, request_id, accept_time)
) PARTITION BY RANGE (accept_time);
