-- Deliveries: what is to be sent, where it waits, and what became of it. Every key begins with the
-- community, so that the tables can be distributed on it.
--
-- Snapshots, deliveries and attempts are only ever appended to, and dropped by the day: their uuids
-- begin with the time of their making. The queue has the only rows that change; they are gone when a
-- delivery is finished. So the state of a delivery is where its row is: in the queue it is pending;
-- otherwise its last attempt says that it succeeded or was exhausted; and what left the queue in
-- another way was cancelled.

-- How far each producer has handed over.
CREATE TABLE producers (
  producer text PRIMARY KEY,
  position bigint NOT NULL
) WITH (fillfactor = 50);  -- room for HOT updates

-- Events, once for all deliveries of a message.
CREATE TABLE snapshots (
  community_id bigint NOT NULL,
  snapshot_id uuid NOT NULL,
  -- crier.entity.v1.Event, or the finished payload of a notice; NULL once it was erased.
  event bytea,
  PRIMARY KEY (community_id, snapshot_id)
) PARTITION BY RANGE (snapshot_id);

CREATE TABLE deliveries (
  community_id bigint NOT NULL,
  webhook_id bigint NOT NULL,
  delivery_id uuid NOT NULL,
  snapshot_id uuid NOT NULL,
  workflow_id bigint NOT NULL,
  workflow_name text NOT NULL,
  event_kind smallint NOT NULL,  -- crier.entity.v1.Event.Kind; 100 for a notice
  event_accept_time timestamptz NOT NULL,
  contact_id bigint,  -- whose data the snapshot holds; NULL without, and once that was erased
  erased boolean NOT NULL DEFAULT false,
  PRIMARY KEY (community_id, webhook_id, delivery_id)
) PARTITION BY RANGE (delivery_id);

-- Finds what is stored of a person.
CREATE INDEX deliveries_by_contact ON deliveries (community_id, contact_id)
  WHERE contact_id IS NOT NULL;

-- Lists those of all webhooks of a community.
CREATE INDEX deliveries_by_time ON deliveries (community_id, delivery_id);

CREATE TABLE attempts (
  community_id bigint NOT NULL,
  webhook_id bigint NOT NULL,
  delivery_id uuid NOT NULL,
  number smallint NOT NULL,  -- from 1
  delivery_state smallint NOT NULL,  -- that the attempt led to; crier.delivery.v1.Delivery.State
  exchange bytea NOT NULL,  -- crier.delivery.v1.Exchange, without request body and response
  -- crier.delivery.v1.Exchange with nothing but the headers and the body of the response, which may
  -- repeat what was sent. Empty without a response, and once that was erased.
  response bytea NOT NULL,
  -- Of the exchange, for those who look for attempts: how it ended (crier.delivery.v1.Exchange
  -- .Outcome), with which status (0: none), and how long it took.
  outcome smallint NOT NULL,
  response_status smallint NOT NULL,
  duration_us integer NOT NULL,
  PRIMARY KEY (community_id, webhook_id, delivery_id, number)
) PARTITION BY RANGE (delivery_id);

-- Finds what has failed, which is little as a rule, so that what succeeds pays nothing for it.
CREATE INDEX attempts_failed ON attempts (community_id, delivery_id)
  INCLUDE (webhook_id, number, delivery_state, response_status)
  WHERE outcome <> 1;

-- Numbers the times that somebody wants a delivery to be sent again.
CREATE SEQUENCE redeliveries AS integer CYCLE;

CREATE TABLE queue (
  community_id bigint NOT NULL,
  webhook_id bigint NOT NULL,
  delivery_id uuid NOT NULL,
  shard integer NOT NULL,  -- of the webhook
  due_time timestamptz NOT NULL,
  attempt_count smallint NOT NULL,  -- made so far
  -- Attempts made before the schedule of retries began anew, as it does when a delivery is sent again.
  attempts_before smallint NOT NULL DEFAULT 0,
  -- The number of the last time that somebody wanted it to be sent again, also before a cancellation:
  -- an attempt that was under way then does not end it by failing. 0: nobody did.
  redeliveries integer NOT NULL DEFAULT 0,
  PRIMARY KEY (community_id, webhook_id, delivery_id)
);

-- Finds the webhooks of a shard by skipping from one to the next, and the first deliveries of a
-- webhook; the number of deliveries that wait for later costs neither of them anything.
CREATE INDEX queue_by_webhook
  ON queue (shard, community_id, webhook_id, due_time, delivery_id);

-- Rows as they are sent: as an array of such a type, in one parameter. A table that gets a column gets a
-- new type; the old one stays for as long as there are programs that send it.
CREATE TYPE snapshot_row AS (
  community_id bigint,
  snapshot_id uuid,
  event bytea
);
CREATE TYPE delivery_row AS (
  community_id bigint,
  webhook_id bigint,
  delivery_id uuid,
  snapshot_id uuid,
  workflow_id bigint,
  workflow_name text,
  event_kind smallint,
  event_accept_time timestamptz,
  contact_id bigint
);
CREATE TYPE queue_row AS (
  community_id bigint,
  webhook_id bigint,
  delivery_id uuid,
  shard integer,
  due_time timestamptz
);
CREATE TYPE delivery_key AS (
  community_id bigint,
  webhook_id bigint,
  delivery_id uuid
);
-- A delivery after its attempt of that number, when the next one is due, and the redeliveries that
-- the attempt knew of, at most.
CREATE TYPE attempted_row AS (
  community_id bigint,
  webhook_id bigint,
  delivery_id uuid,
  number smallint,
  due_time timestamptz,
  redeliveries integer
);
CREATE TYPE attempt_row AS (
  community_id bigint,
  webhook_id bigint,
  delivery_id uuid,
  number smallint,
  delivery_state smallint,
  exchange bytea,
  response bytea,
  outcome smallint,
  response_status smallint,
  duration_us integer
);
