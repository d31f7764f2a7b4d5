-- The sending again of what failed in a time; carried out in steps, and kept for a while.
CREATE TABLE recoveries (
  community_id bigint NOT NULL,
  recovery_id bigint GENERATED ALWAYS AS IDENTITY,
  request_id text,  -- of the call that began it, if it had one
  webhook_id bigint NOT NULL,  -- 0: all of the community
  created_from timestamptz NOT NULL,
  created_before timestamptz NOT NULL,
  looked_at uuid NOT NULL,  -- up to which delivery
  state smallint NOT NULL,  -- crier.delivery.v1.Recovery.State
  recovered_count bigint NOT NULL,
  create_time timestamptz NOT NULL,
  step_time timestamptz NOT NULL,  -- of its last step: they take turns
  end_time timestamptz,
  PRIMARY KEY (community_id, recovery_id)
);
CREATE UNIQUE INDEX recoveries_request_id ON recoveries (community_id, request_id);
CREATE INDEX recoveries_running ON recoveries (step_time) WHERE state = 1;
