-- What workflows have done, and by which webhook enabled ones are found.

-- Apart from the workflows themselves, which change when somebody changes them.
CREATE TABLE workflow_statistics (
  community_id bigint NOT NULL,
  workflow_id bigint NOT NULL,
  matched bigint NOT NULL,
  enqueued bigint NOT NULL,
  last_fire_time timestamptz,
  PRIMARY KEY (community_id, workflow_id)
) WITH (fillfactor = 70);  -- rows are updated in place again and again

CREATE INDEX workflows_by_enabled_webhook ON workflows (community_id, webhook_id) WHERE state = 2;
