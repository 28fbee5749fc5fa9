-- A rule may open a case of scans that passed, and a reversal may end all that a case holds.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- Of what is not held nothing is posted or voided: somebody looks at it.
ALTER TABLE case_scans ADD COLUMN held boolean NOT NULL DEFAULT true;
-- All that waits is looked through, round after round, for holds that ended.
CREATE INDEX case_scans_waiting ON case_scans (scan_id) WHERE entry_id IS NULL;

INSERT INTO background_marks (name) VALUES ('looked_at'), ('ended_holds');
