-- Staff in a browser. A session is worth nothing without its token, which may be
-- revoked or expire first; only a hash of its secret is here.
CREATE TABLE staff_sessions (
    session_hash bytea PRIMARY KEY CHECK (length(session_hash) = 32),
    token_id     text NOT NULL REFERENCES staff_tokens,
    opened_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CHECK (expires_at > opened_at),
    ended_at     timestamptz
);
CREATE INDEX staff_sessions_by_token ON staff_sessions (token_id);
