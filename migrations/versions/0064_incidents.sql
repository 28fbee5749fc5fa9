-- Incidents have a life: opened when something is seen, looked at, closed with a
-- finding, and opened again when it is seen again. What several workers look at is
-- one row a kind and subject, as before.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

ALTER TABLE incidents
    ADD COLUMN incident_id bigint GENERATED ALWAYS AS IDENTITY,
    ADD COLUMN state text NOT NULL DEFAULT 'open',
    ADD COLUMN opened_at timestamptz,
    ADD COLUMN openings bigint NOT NULL DEFAULT 1,
    ADD COLUMN detail jsonb NOT NULL DEFAULT '{}',
    -- So many sightings were a false alarm.
    ADD COLUMN dismissed bigint NOT NULL DEFAULT 0,
    -- Codes whose claims wait while so many of them were seen too early.
    ADD COLUMN first_code_id bigint,
    ADD COLUMN last_code_id bigint,
    ADD COLUMN acknowledged_by text,
    ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN closed_by text,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN finding text,
    ADD COLUMN note text NOT NULL DEFAULT '';
UPDATE incidents SET opened_at = first_at;
ALTER TABLE incidents
    ALTER COLUMN opened_at SET NOT NULL,
    DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN ('key_leak', 'code_guessing',
        'leak', 'early_scan', 'clone', 'diversion', 'honey', 'win_rate',
        'invalid_flood', 'outflow', 'breaker')),
    ADD CONSTRAINT incident_state_is_known CHECK (state IN ('open', 'closed')),
    ADD CONSTRAINT incident_finding_is_known
        CHECK (finding IN ('confirmed', 'false_alarm')),
    ADD CONSTRAINT incident_closed_whole
        CHECK ((state = 'closed') = (closed_by IS NOT NULL)
        AND (state = 'closed') = (closed_at IS NOT NULL)
        AND (state = 'closed') = (finding IS NOT NULL)),
    ADD CONSTRAINT incident_acknowledged_by_a_person
        CHECK ((acknowledged_by IS NULL) = (acknowledged_at IS NULL)),
    ADD CONSTRAINT incident_dismissed_what_was_seen
        CHECK (dismissed BETWEEN 0 AND seen),
    ADD CONSTRAINT incident_codes_in_order
        CHECK ((first_code_id IS NULL) = (last_code_id IS NULL)
            AND first_code_id <= last_code_id);
CREATE UNIQUE INDEX incidents_by_number ON incidents (incident_id);
CREATE INDEX incidents_in_order ON incidents (opened_at DESC, incident_id DESC);
CREATE INDEX incidents_of_codes ON incidents (first_code_id)
    WHERE first_code_id IS NOT NULL AND seen > dismissed;
