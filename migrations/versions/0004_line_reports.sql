-- Line reports: what became of each code, and the equation that always holds.

-- issued = printed + rejected + wasted + missing + unprinted + indeterminate: what is
-- unprinted is the difference, which the constraint keeps from being negative.
CREATE TABLE line_counts (
    batch_id      bigint PRIMARY KEY REFERENCES batches,
    issued        bigint NOT NULL CHECK (issued > 0),
    printed       bigint NOT NULL DEFAULT 0 CHECK (printed >= 0),
    rejected      bigint NOT NULL DEFAULT 0 CHECK (rejected >= 0),
    wasted        bigint NOT NULL DEFAULT 0 CHECK (wasted >= 0),
    missing       bigint NOT NULL DEFAULT 0 CHECK (missing >= 0),
    indeterminate bigint NOT NULL DEFAULT 0 CHECK (indeterminate >= 0),
    CONSTRAINT every_cap_is_accounted_for CHECK (
        printed + rejected + wasted + missing + indeterminate <= issued)
);

-- One byte a code, 65,536 codes a row; a row that is missing is all unprinted.
CREATE TABLE code_statuses (
    batch_id bigint NOT NULL REFERENCES batches,
    chunk_no integer NOT NULL CHECK (chunk_no >= 0),
    statuses bytea NOT NULL CHECK (octet_length(statuses) = 65536),
    PRIMARY KEY (batch_id, chunk_no)
);

-- Quantities of a roll or box whose single caps could not be named.
CREATE TABLE unit_quantities (
    batch_id bigint NOT NULL,
    unit     text NOT NULL,
    status   text NOT NULL
        CHECK (status IN ('printed', 'rejected', 'wasted', 'missing', 'indeterminate')),
    quantity bigint NOT NULL CHECK (quantity >= 0),
    PRIMARY KEY (batch_id, unit, status),
    FOREIGN KEY (batch_id, unit) REFERENCES batch_units
);

CREATE TABLE line_reports (
    report_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id     bigint NOT NULL REFERENCES batches,
    content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    person       text NOT NULL,
    at           timestamptz NOT NULL,
    row_count    bigint NOT NULL CHECK (row_count >= 0),
    wrong_rows   bigint NOT NULL CHECK (wrong_rows >= 0),
    answer       jsonb NOT NULL,
    CONSTRAINT the_same_report_counts_once UNIQUE (batch_id, content_hash)
);

-- The rows that counted, packed, to tell one code's story later.
CREATE TABLE line_report_blocks (
    report_id   bigint NOT NULL REFERENCES line_reports,
    block_no    integer NOT NULL,
    first_index bigint NOT NULL,
    last_index  bigint NOT NULL CHECK (last_index >= first_index),
    notes       jsonb NOT NULL,
    packed      bytea NOT NULL,
    PRIMARY KEY (report_id, block_no)
);

-- Compressing these took longer than all the rest of a report.
ALTER TABLE line_report_blocks ALTER COLUMN packed SET STORAGE EXTERNAL;

-- How many codes of a report had which status, reason and grade.
CREATE TABLE line_report_tallies (
    report_id bigint NOT NULL REFERENCES line_reports,
    status    text NOT NULL,
    reason    text NOT NULL,
    grade     text NOT NULL,
    quantity  bigint NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (report_id, status, reason, grade)
);
