-- What a change did to goods, so that EPCIS can tell of it without a look at codes.
ALTER TABLE range_changes
    -- The change's name outside: it stays the same in every export.
    ADD COLUMN event_id uuid NOT NULL DEFAULT gen_random_uuid()
        CONSTRAINT a_change_is_one_event UNIQUE,
    -- Active codes that it made, or that it took back, by product and lot.
    ADD COLUMN goods jsonb NOT NULL DEFAULT '[]';
CREATE INDEX range_changes_by_batch ON range_changes (batch_id, change_id);

-- Calls that brought EPCIS events; the events' codes are bearer secrets and stay out.
CREATE TABLE epcis_captures (
    capture_id      uuid PRIMARY KEY,
    person          text NOT NULL,
    error_behaviour text NOT NULL CHECK (error_behaviour IN ('rollback', 'proceed')),
    created_at      timestamptz NOT NULL,
    events          integer NOT NULL CHECK (events > 0),
    captured        integer NOT NULL CHECK (captured >= 0),
    repeated        integer NOT NULL CHECK (repeated >= 0),
    errors          jsonb NOT NULL,
    CONSTRAINT each_event_came_to_something
        CHECK (captured + repeated <= events)
);

-- An event counts once, by its eventID or, without one, by its content.
CREATE TABLE captured_events (
    event_key        text PRIMARY KEY,
    content_hash     bytea NOT NULL CHECK (length(content_hash) = 32),
    capture_id       uuid NOT NULL REFERENCES epcis_captures
        DEFERRABLE INITIALLY DEFERRED,
    happened_at      timestamptz NOT NULL,
    time_zone_offset text NOT NULL
        CHECK (time_zone_offset ~ '^[+-][0-9]{2}:[0-9]{2}$')
);

-- What a captured event did here: the events under which we know it.
CREATE TABLE captured_effects (
    event_id  uuid PRIMARY KEY,
    event_key text NOT NULL REFERENCES captured_events
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON captured_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON captured_effects
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
