-- Logistic units: which caps are in which carton, which cartons on which pallet.

-- A number is used once: whoever packs anew takes a new SSCC.
CREATE TABLE logistic_units (
    sscc        text PRIMARY KEY CHECK (sscc ~ '^[0-9]{18}$'),
    kind        text NOT NULL CHECK (kind IN ('carton', 'pallet')),
    state       text NOT NULL
        CHECK (state IN ('packed', 'shipped', 'received', 'unpacked')),
    brand       text,
    line        text,
    -- A column, so that a carton is on at most one pallet.
    pallet_sscc text REFERENCES logistic_units
        CHECK (pallet_sscc IS NULL OR kind = 'carton' AND state <> 'unpacked')
);
CREATE INDEX logistic_units_by_pallet ON logistic_units (pallet_sscc)
    WHERE pallet_sscc IS NOT NULL;

-- What was packed stays written when it is unpacked: recalls and stories look back.
CREATE TABLE carton_contents (
    sscc          text NOT NULL REFERENCES logistic_units,
    first_code_id bigint NOT NULL,
    last_code_id  bigint NOT NULL CHECK (last_code_id >= first_code_id),
    batch_id      bigint NOT NULL REFERENCES batches,
    unpacked_at   timestamptz,
    PRIMARY KEY (sscc, first_code_id),
    CONSTRAINT a_cap_is_in_one_carton EXCLUDE USING gist (
        int8range(first_code_id, last_code_id, '[]') WITH &&)
        WHERE (unpacked_at IS NULL)
);
CREATE INDEX carton_contents_by_code ON carton_contents
    USING gist (int8range(first_code_id, last_code_id, '[]'));

-- What happened to units, in the words of EPCIS; the offset is that of the place.
CREATE TABLE logistic_events (
    event_id         uuid PRIMARY KEY,
    kind             text NOT NULL
        CHECK (kind IN ('packing', 'unpacking', 'shipping', 'receiving')),
    -- Drawn while the units are locked, so that it tells what came after what.
    event_no         bigint GENERATED ALWAYS AS IDENTITY
        CONSTRAINT events_are_in_order UNIQUE,
    happened_at      timestamptz NOT NULL,
    time_zone_offset text NOT NULL CHECK (time_zone_offset ~ '^[+-][0-9]{2}:[0-9]{2}$'),
    recorded_at      timestamptz NOT NULL,
    person           text NOT NULL,
    read_point       text,
    biz_location     text
);

-- The units of an event: those it is about, and cartons that went with a pallet.
CREATE TABLE logistic_event_units (
    event_id    uuid NOT NULL REFERENCES logistic_events,
    sscc        text NOT NULL REFERENCES logistic_units,
    pallet_sscc text REFERENCES logistic_units,
    PRIMARY KEY (event_id, sscc)
);
CREATE INDEX logistic_event_units_by_unit ON logistic_event_units (sscc);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON logistic_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON logistic_event_units
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- Printed codes (as code_ids) that become active when their carton ships.
CREATE TABLE awaiting_shipment (
    batch_id bigint PRIMARY KEY REFERENCES batches,
    codes    int8multirange NOT NULL
);
