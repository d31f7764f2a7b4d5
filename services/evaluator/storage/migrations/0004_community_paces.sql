-- Communities whose events fired more than may be sent to them in a second: what was put off, for
-- whoever evaluates the log partition next.

CREATE TABLE community_paces (
  community_id bigint PRIMARY KEY,
  log_partition integer NOT NULL,
  from_position bigint NOT NULL,     -- what was handed over when the last of it was put off
  book_time timestamptz NOT NULL,    -- when it was put off
  full_before timestamptz NOT NULL,  -- when all is caught up: without what came after that position
  full_time timestamptz NOT NULL     -- and with it
) WITH (fillfactor = 70);            -- rows are updated in place again and again

CREATE INDEX community_paces_by_log_partition ON community_paces (log_partition);
