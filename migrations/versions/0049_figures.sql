-- What campaigns came to, counted from the outbox by one job; all of it can be counted
-- anew from transfers.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

-- By the business day of the scan. `amount` is in the offer's own unit.
CREATE TABLE offer_days (
    offer_no bigint NOT NULL,
    day      date NOT NULL,
    awards   bigint NOT NULL,
    amount   bigint NOT NULL,
    CONSTRAINT offer_days_pkey PRIMARY KEY (offer_no, day)
);

-- `members` are those who earned for the first time; `unpaid` are scans that it refused.
CREATE TABLE campaign_days (
    campaign_no bigint NOT NULL,
    day         date NOT NULL,
    claims      bigint NOT NULL,
    members     bigint NOT NULL,
    unpaid      bigint NOT NULL,
    CONSTRAINT campaign_days_pkey PRIMARY KEY (campaign_no, day)
);

-- Who has ever earned from a campaign, so that each is counted once.
CREATE TABLE campaign_members (
    shard       smallint NOT NULL,
    campaign_no bigint NOT NULL,
    member_no   bigint NOT NULL,
    CONSTRAINT campaign_members_pkey PRIMARY KEY (shard, campaign_no, member_no)
);

-- How far: the last row of the outbox, and the last scan.
CREATE TABLE figures_counted (
    only_row   boolean NOT NULL DEFAULT true,
    era        smallint,
    xid        bigint,
    place      bigint,
    scan_id    bigint NOT NULL DEFAULT 0,
    counted_at timestamptz,
    CONSTRAINT figures_counted_pkey PRIMARY KEY (only_row),
    CONSTRAINT figures_counted_only_row_check CHECK (only_row),
    CONSTRAINT figures_counted_somewhere
        CHECK ((era IS NULL) = (xid IS NULL) AND (xid IS NULL) = (place IS NULL))
);
INSERT INTO figures_counted DEFAULT VALUES;
