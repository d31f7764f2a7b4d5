-- Webhooks, and the keys that sign what they are sent. Every key begins with the community, so that
-- the tables can be distributed on it.

-- A deleted webhook leaves its row, emptied of all that was the customer's: deliveries still name it
-- and its request id stays spent.
CREATE TABLE webhooks (
  community_id bigint NOT NULL,
  webhook_id bigint GENERATED ALWAYS AS IDENTITY,
  request_id text,  -- of the call that created it, if it had one
  display_name text NOT NULL,
  url text NOT NULL,
  secret bytea NOT NULL,  -- sealed (common/crypto/key_ring.h); empty without one
  payload_version text NOT NULL,
  envelope boolean NOT NULL,
  member_alias boolean NOT NULL,
  custom_headers bytea NOT NULL,  -- sealed, since any may carry credentials; empty without
  request_timeout_ns bigint NOT NULL,
  client_certificate text NOT NULL,  -- PEM, like the next but one; empty without
  client_key bytea NOT NULL,  -- sealed; empty without
  trusted_roots text NOT NULL,
  retry_delays_ns bigint[] NOT NULL DEFAULT '{}',  -- empty: the documented ones
  max_attempts integer NOT NULL DEFAULT 0,
  attempts_per_minute integer NOT NULL DEFAULT 0,
  max_concurrency integer NOT NULL DEFAULT 0,
  state smallint NOT NULL DEFAULT 1,  -- 1 enabled, 2 paused, 3 disabled
  disable_reason smallint NOT NULL DEFAULT 0,  -- 0 none, 1 manual, 2 gone, 3 failing
  state_change_time timestamptz,
  -- A time without a success, all NULL without one (services/delivery/domain/attempts/webhook_health.h).
  -- Changes when it begins and ends, and every quarter of an hour, not with every attempt.
  failing_since timestamptz,
  failing_counted_time timestamptz,
  failing_counted_us bigint,
  failing_told boolean,
  operational boolean NOT NULL DEFAULT false,  -- is told of the others of its community
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  delete_time timestamptz,  -- set once it is deleted
  version bigint NOT NULL,
  -- The greatest id of a delivery that was taken off the queue by anything but its attempts. Who has
  -- deliveries up to it in memory must ask the queue before attempting them.
  cancelled_through uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
  PRIMARY KEY (community_id, webhook_id)
);
CREATE UNIQUE INDEX webhooks_request_id ON webhooks (community_id, request_id);
CREATE INDEX webhooks_operational ON webhooks (community_id, webhook_id) WHERE operational;

-- A webhook is signed for with each of its keys, so that they can be changed one after the other.
CREATE TABLE webhook_signing_keys (
  community_id bigint NOT NULL,
  webhook_id bigint NOT NULL,
  key_number integer NOT NULL,  -- the newest key has the highest
  scheme smallint NOT NULL,  -- crier.delivery.v1.SigningScheme
  key bytea NOT NULL,  -- sealed
  create_time timestamptz NOT NULL,
  expire_time timestamptz NOT NULL,  -- 'infinity' for one that stays
  request_id text NOT NULL,  -- of the rotation that made it, if it had one
  PRIMARY KEY (community_id, webhook_id, key_number),
  FOREIGN KEY (community_id, webhook_id) REFERENCES webhooks
);
