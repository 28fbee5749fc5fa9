-- How often tiers of chances are won in a region, counted by a job.
SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '30s';

INSERT INTO background_marks (name) VALUES ('win_rates');

-- By the business day of the claims' own times; `promised` is in millionths of a win.
CREATE TABLE tier_days (
    day date NOT NULL,
    campaign_id text NOT NULL,
    offer_id text NOT NULL,
    tier_id text NOT NULL,
    region text NOT NULL,
    claims bigint NOT NULL,
    wins bigint NOT NULL,
    promised bigint NOT NULL,
    PRIMARY KEY (day, campaign_id, offer_id, tier_id, region),
    CONSTRAINT wins_are_claims CHECK (wins BETWEEN 0 AND claims),
    CONSTRAINT promised_are_claims CHECK (promised BETWEEN 0 AND claims * 1000000)
);
CREATE INDEX tier_days_by_tier ON tier_days (campaign_id, offer_id, tier_id, region, day);
