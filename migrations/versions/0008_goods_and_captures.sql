-- What a change did to goods, so that EPCIS can tell of it without a look at codes.
ALTER TABLE range_changes
    -- The change's name outside: it stays the same in every export.
    ADD COLUMN event_id uuid NOT NULL DEFAULT gen_random_uuid()
        CONSTRAINT a_change_is_one_event UNIQUE,
    -- Active codes that it made, or that it took back, by product and lot.
    ADD COLUMN goods jsonb NOT NULL DEFAULT '[]';
CREATE INDEX range_changes_by_batch ON range_changes (batch_id, change_id);

-- Calls that brought EPCIS events; codes in them are bearer secrets and stay out.
CREATE TABLE epcis_captures (
    capture_id      uuid PRIMARY KEY,
    person          text NOT NULL,
    error_behaviour text NOT NULL CHECK (error_behaviour IN ('rollback', 'proceed')),
    created_at      timestamptz NOT NULL,
    answer          jsonb NOT NULL
);

-- An event counts once, by its eventID or, without one, by its content; brands do not
-- meet here. A token of no brand has the empty one.
CREATE TABLE captured_events (
    brand        text NOT NULL,
    event_key    text NOT NULL,
    content_hash bytea NOT NULL CHECK (length(content_hash) = 32),
    capture_id   uuid NOT NULL
        REFERENCES epcis_captures DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (brand, event_key)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON epcis_captures
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- The eventID under which somebody else told of an event, for whoever asks for it.
ALTER TABLE logistic_events ADD COLUMN epcis_id text;

-- Codes are printed from one package, and may be named in another for whoever keeps
-- events: that one is nothing to print from.
ALTER TABLE packages
    DROP CONSTRAINT packages_never_overlap,
    ADD CONSTRAINT packages_never_overlap EXCLUDE USING gist (
        int8range(first_code_id, last_code_id, '[]') WITH &&)
        WHERE (cancelled_at IS NULL AND document ->> 'preset' <> 'epcis'),
    ADD CONSTRAINT epcis_packages_never_overlap EXCLUDE USING gist (
        int8range(first_code_id, last_code_id, '[]') WITH &&)
        WHERE (cancelled_at IS NULL AND document ->> 'preset' = 'epcis');
