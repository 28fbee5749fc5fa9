-- How all caps of a roll or box stand that were told as quantities, named ones included.
-- It is opened by the first report that touches such a unit again; until then the
-- quantities and the named caps of a unit simply add up.
CREATE TABLE unit_accounts (
    batch_id      bigint NOT NULL,
    unit          text NOT NULL,
    caps          bigint NOT NULL CHECK (caps > 0),
    printed       bigint NOT NULL CHECK (printed >= 0),
    rejected      bigint NOT NULL CHECK (rejected >= 0),
    wasted        bigint NOT NULL CHECK (wasted >= 0),
    missing       bigint NOT NULL CHECK (missing >= 0),
    indeterminate bigint NOT NULL CHECK (indeterminate >= 0),
    PRIMARY KEY (batch_id, unit),
    FOREIGN KEY (batch_id, unit) REFERENCES batch_units,
    CONSTRAINT a_unit_never_holds_more_than_its_caps CHECK (
        printed + rejected + wasted + missing + indeterminate <= caps)
);

-- A report is the same by what it says, whatever it was to do; NULL where a report is
-- older than this, whose hash has its options in it. `again` tells equal work apart.
ALTER TABLE line_reports
    ADD COLUMN options jsonb,
    ADD COLUMN again text NOT NULL DEFAULT ''
        CONSTRAINT again_is_short CHECK (char_length(again) <= 64),
    DROP CONSTRAINT the_same_report_counts_once,
    ADD CONSTRAINT the_same_report_counts_once UNIQUE (batch_id, content_hash, again);

-- A report gets its number when it counts, so that what is refused takes none.
ALTER TABLE line_report_blocks
    ALTER CONSTRAINT line_report_blocks_report_id_fkey DEFERRABLE INITIALLY DEFERRED;
