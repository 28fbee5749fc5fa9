-- How many codes a staff token has named today that are none of its batches'. One row a
-- token, for its latest day, so that the table never grows past the tokens.
CREATE TABLE wrong_codes (
    token_id text PRIMARY KEY REFERENCES staff_tokens,
    day      date NOT NULL,
    wrong    bigint NOT NULL,
    CONSTRAINT wrong_codes_are_counted CHECK (wrong >= 0)
) WITH (fillfactor = 80);

ALTER TABLE incidents DROP CONSTRAINT incidents_kind_check,
    ADD CONSTRAINT incidents_kind_check CHECK (kind IN ('key_leak', 'code_guessing'));
