-- Runs of workflows that send the members who meet criteria, and the ledgers of whom they have sent.

-- One row for each workflow of the template that was ever enabled: how far its producer has come with
-- the delivery service, and the page of members that is decided on and may not be handed over yet.
CREATE TABLE run_ledgers (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  log_partition integer NOT NULL,          -- of the community: whose lease its runs are worked under
  position bigint NOT NULL DEFAULT 0,      -- of the producer; a pending page begins here
  pending_contacts bigint[],               -- NULL: no page is pending; empty: one without members
  pending_run_id bigint,                   -- whose page it is
  pending_webhook_id bigint,
  pending_display_name text,
  pending_time timestamptz,
  pending_changed boolean NOT NULL DEFAULT false,  -- by a merge or deletion, at this position
  next_slot timestamptz,                   -- of the daily run; NULL while disabled
  last_filter text,                        -- of the last run that succeeded; NULL: none did
  last_head_time timestamptz,              -- where the next run begins to look for changes
  cap_day timestamptz,                     -- when the local day began that cap_count is of
  cap_count bigint NOT NULL DEFAULT 0,     -- members decided to be sent in it
  PRIMARY KEY (community_id, workflow_id)
);
CREATE INDEX run_ledgers_by_slot ON run_ledgers (log_partition, next_slot);
CREATE INDEX run_ledgers_pending ON run_ledgers (log_partition) WHERE pending_contacts IS NOT NULL;

-- Whom each workflow has sent, or is about to send. By contact first: that is the order in which
-- runs write, and merges and deletions ask for all workflows of a contact.
CREATE TABLE sent_members (
  community_id bigint NOT NULL,
  contact_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  PRIMARY KEY (community_id, contact_id, workflow_id)
);

-- Contacts that were merged away or deleted of late, for runs that read them before and decide on
-- them after. A page is decided on, or dropped, within minutes of its reading; the rows stay a day.
CREATE TABLE gone_contacts (
  community_id bigint NOT NULL,
  contact_id bigint NOT NULL,
  gone_time timestamptz NOT NULL,
  PRIMARY KEY (community_id, contact_id)
);
CREATE INDEX gone_contacts_by_time ON gone_contacts (gone_time);

-- How often all contacts of a community were erased. A run that read before an erasure decides on
-- nothing after it.
CREATE TABLE community_erasures (
  community_id bigint PRIMARY KEY,
  erasures bigint NOT NULL
);

CREATE TABLE workflow_runs (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  run_id bigint GENERATED ALWAYS AS IDENTITY,
  log_partition integer NOT NULL,
  trigger smallint NOT NULL,               -- 1 enable, 2 schedule, 3 manual
  state smallint NOT NULL,                 -- 1 pending, 2 running, 3 succeeded, 4 failed, 5 cancelled
  full_scan_wanted boolean NOT NULL,
  filter text NOT NULL DEFAULT '',         -- from here on: what it goes through, once it is running
  evaluate_time timestamptz,
  changed_since timestamptz,
  head_time timestamptz,
  cursor_contact_id bigint NOT NULL DEFAULT 0,
  expected_count bigint,
  matched_count bigint NOT NULL DEFAULT 0,
  sent_count bigint NOT NULL DEFAULT 0,
  skipped_count bigint NOT NULL DEFAULT 0,
  hold smallint NOT NULL DEFAULT 0,        -- 0 none, 1 daily cap, 2 community rate, 3 retry
  ready_time timestamptz NOT NULL,         -- when it may go on; ended runs: when it could
  failures integer NOT NULL DEFAULT 0,     -- in a row
  error text NOT NULL DEFAULT '',
  create_time timestamptz NOT NULL,
  start_time timestamptz,
  end_time timestamptz,
  PRIMARY KEY (community_id, workflow_id, run_id)
);

-- A workflow has one unfinished run at most.
CREATE UNIQUE INDEX workflow_runs_unfinished ON workflow_runs (community_id, workflow_id)
  WHERE state IN (1, 2);
CREATE INDEX workflow_runs_ready ON workflow_runs (log_partition, ready_time)
  WHERE state IN (1, 2);
CREATE INDEX workflow_runs_ended ON workflow_runs (end_time) WHERE end_time IS NOT NULL;

-- How far the deliveries of a workflow with a daily cap that events fire are counted. Counted before
-- they are handed over, with the positions counted, so that an event that comes again is not counted
-- again and is decided on as it was.
CREATE TABLE event_caps (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  day timestamptz NOT NULL,             -- when the local day began that is being filled
  through_position bigint NOT NULL,     -- events up to here are counted
  recent_positions bigint[] NOT NULL,   -- of these, those not let through at once that may come again
  recent_times timestamptz[] NOT NULL,  -- when each is to be delivered; infinity: never
  PRIMARY KEY (community_id, workflow_id)
);

CREATE TABLE event_cap_days (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  day timestamptz NOT NULL,             -- when the local day began
  released bigint NOT NULL,             -- to be delivered in it
  suppressed bigint NOT NULL,           -- events of it for which nothing is sent
  PRIMARY KEY (community_id, workflow_id, day)
);
CREATE INDEX event_cap_days_by_day ON event_cap_days (day);
