-- Who is told of events. Secrets are closed with a key that the database does not have;
-- until the old one's end, what is sent is signed with both.
CREATE TABLE webhook_endpoints (
    endpoint_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url         text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    types       text[] NOT NULL CHECK (cardinality(types) > 0),
    secret      bytea NOT NULL,
    old_secret  bytea,
    old_until   timestamptz,
    created_by  text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at    timestamptz,
    CONSTRAINT an_old_secret_ends CHECK ((old_secret IS NULL) = (old_until IS NULL))
);

-- One row: the last event that was given out to endpoints.
CREATE TABLE webhook_cursor (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    after    text
);
INSERT INTO webhook_cursor DEFAULT VALUES;

-- An event to an endpoint, with the very text that is signed and sent.
CREATE TABLE deliveries (
    endpoint_id integer NOT NULL REFERENCES webhook_endpoints,
    event_id    text NOT NULL,
    subject     text NOT NULL,
    type        text NOT NULL,
    body        text NOT NULL,
    state       text NOT NULL DEFAULT 'waiting',
    -- While one is being sent this lies ahead, so that nobody else sends it too.
    next_at     timestamptz NOT NULL,
    tries       smallint NOT NULL DEFAULT 0,
    status      smallint,
    fault       text,
    changed_at  timestamptz NOT NULL,
    CONSTRAINT deliveries_pkey PRIMARY KEY (endpoint_id, event_id),
    CONSTRAINT delivery_state_is_known
        CHECK (state IN ('waiting', 'delivered', 'dead'))
);
CREATE INDEX deliveries_due ON deliveries (endpoint_id, next_at)
    WHERE state = 'waiting';
CREATE INDEX deliveries_of_subject ON deliveries (endpoint_id, subject, event_id)
    WHERE state = 'waiting';
CREATE INDEX deliveries_done ON deliveries (changed_at) WHERE state <> 'waiting';
