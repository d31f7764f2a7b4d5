-- Workflows, and what they were, are and will be in force for.

CREATE TABLE workflows (
  community_id bigint NOT NULL,
  workflow_id bigint GENERATED ALWAYS AS IDENTITY,
  template smallint NOT NULL,  -- 1 new member, 2 new organization, 3 new activity, 4 members that meet criteria
  display_name text NOT NULL,
  webhook_id bigint NOT NULL,
  filter text NOT NULL,        -- criteria; empty when everything meets them
  schedule_time_zone text NOT NULL,  -- of the daily run, and of the day of the cap
  schedule_hours smallint NOT NULL,
  schedule_minutes smallint NOT NULL,
  max_deliveries_per_day bigint NOT NULL,  -- 0: any number
  state smallint NOT NULL,     -- 1 disabled, 2 enabled, 3 deleted
  stop_reason smallint NOT NULL,  -- why it was disabled: 0 by a caller, 1 its webhook was deleted
  version bigint NOT NULL,     -- counts the changes
  request_id text COLLATE "C", -- of the call that created it; also after its deletion
  create_time timestamptz NOT NULL,
  update_time timestamptz NOT NULL,
  PRIMARY KEY (community_id, workflow_id),
  UNIQUE (community_id, request_id)
);

-- A workflow fires for the event at a position if one of its revisions covers the position: those
-- after from_position up to and including until_position, in the log partition of the community.
-- It is enabled while it has one without an end.
--
-- Revisions of one workflow never overlap, or an event would fire it twice. The constraint says so
-- with ranges alone: a range of one number equals another exactly if they overlap, which saves the
-- extension that could compare the numbers themselves.
CREATE TABLE workflow_revisions (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  log_partition integer NOT NULL,
  template smallint NOT NULL,
  display_name text NOT NULL,
  webhook_id bigint NOT NULL,
  filter text NOT NULL,
  max_deliveries_per_day bigint NOT NULL,
  time_zone text NOT NULL,
  from_position bigint NOT NULL CHECK (from_position >= 0),
  until_position bigint CHECK (until_position > from_position),  -- NULL while in force
  PRIMARY KEY (community_id, workflow_id, from_position),
  CONSTRAINT workflow_revisions_do_not_overlap EXCLUDE USING gist (
    int8range(community_id, community_id, '[]') WITH &&,
    int8range(workflow_id, workflow_id, '[]') WITH &&,
    int8range(from_position, until_position, '(]') WITH &&)
);

-- Evaluation reads them by log partition, for all communities in it.
CREATE INDEX workflow_revisions_by_log_partition ON workflow_revisions (log_partition);

-- Moves with every change of a log partition's revisions, in the same transaction. An evaluator
-- that reads it after an event arrived knows whether its copy of the revisions is good for that
-- event. A partition without a row has had no change.
CREATE TABLE catalog_versions (
  log_partition integer PRIMARY KEY,
  version bigint NOT NULL
);
