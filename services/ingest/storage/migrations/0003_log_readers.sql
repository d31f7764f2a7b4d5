-- Who follows the event log, and how far each has come: days of events that one of them has not
-- confirmed are not dropped.
CREATE TABLE log_readers (
  reader_id text COLLATE "C" PRIMARY KEY,
  create_time timestamptz NOT NULL,
  confirm_time timestamptz NOT NULL
) WITH (fillfactor = 10);

CREATE TABLE log_reader_positions (
  reader_id text COLLATE "C" NOT NULL REFERENCES log_readers ON DELETE CASCADE,
  log_partition integer NOT NULL,
  position bigint NOT NULL,  -- confirmed; never falls
  PRIMARY KEY (reader_id, log_partition)
) WITH (fillfactor = 10);    -- rewritten every few seconds
