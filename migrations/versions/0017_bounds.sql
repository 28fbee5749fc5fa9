-- The bounds of core.bounds as constraints. NOT VALID: each is added without a look at
-- a row, and every row that is written from now on is held to it.

-- An UPDATE of an old row is held to it too, and so are the pieces that a void or a
-- recall cuts from a range. So what lies outside is brought inside first, and its old
-- value kept in audit_log: a day or deadline that cannot be meant is left out, a start
-- long ago is one that was always, one after all of us the last moment that there is.

WITH old AS (
    SELECT gtin, shelf_life_days FROM products WHERE shelf_life_days > 36500
), new AS (
    UPDATE products AS p SET shelf_life_days = 36500 FROM old WHERE p.gtin = old.gtin
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'product:' || gtin,
    to_jsonb(old) - 'gtin' FROM old;

WITH old AS (
    SELECT batch_id, produced_on FROM batches
    WHERE produced_on NOT BETWEEN '2000-01-01' AND '2199-12-31'
), new AS (
    UPDATE batches AS b SET produced_on = NULL FROM old
    WHERE b.batch_id = old.batch_id
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'batch:' || batch_id,
    jsonb_build_object('produced_on', produced_on::text) FROM old;

WITH old AS (
    SELECT first_code_id, batch_id, produced_on, effective_at FROM ranges
    WHERE produced_on NOT BETWEEN '2000-01-01' AND '2199-12-31'
        OR effective_at < '2000-01-01T00:00:00Z'
        OR effective_at > '2199-12-31T23:59:59.999999Z'
), new AS (
    UPDATE ranges AS r SET
        produced_on = CASE WHEN r.produced_on BETWEEN '2000-01-01' AND '2199-12-31'
            THEN r.produced_on END,
        effective_at = CASE WHEN r.effective_at >= '2000-01-01T00:00:00Z'
            THEN least(r.effective_at, '2199-12-31T23:59:59.999999Z') END
    FROM old WHERE r.first_code_id = old.first_code_id
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'batch:' || batch_id,
    jsonb_build_object('first_code_id', first_code_id, 'produced_on', produced_on::text,
    'effective_at', effective_at::text) FROM old;

WITH old AS (
    SELECT campaign_no, campaign_id, starts_at, ends_at FROM campaigns
    WHERE starts_at NOT BETWEEN '2000-01-01T00:00:00Z' AND '2199-12-31T23:59:59.999999Z'
        OR ends_at NOT BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z'
), new AS (
    UPDATE campaigns AS c SET
        starts_at = least(greatest(c.starts_at, '2000-01-01T00:00:00Z'),
            '2199-12-31T23:59:59.999999Z'),
        -- Later than its start, and not the last moment of a campaign without an end.
        ends_at = CASE WHEN c.ends_at <= '2199-12-31T23:59:59.999999Z'
            THEN greatest(c.ends_at, '2000-01-01T00:00:01Z') END
    FROM old WHERE c.campaign_no = old.campaign_no
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'campaign:' || campaign_id,
    jsonb_build_object('starts_at', starts_at::text, 'ends_at', ends_at::text) FROM old;

WITH old AS (
    SELECT campaign_no, budget FROM campaign_budgets
    WHERE budget > 1000000000000000 AND spent <= 1000000000000000
), new AS (
    UPDATE campaign_budgets AS b SET budget = 1000000000000000 FROM old
    WHERE b.campaign_no = old.campaign_no
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'campaign_no:' || campaign_no,
    to_jsonb(old) - 'campaign_no' FROM old;

WITH old AS (
    SELECT package_id, download_by, activate_by FROM packages
    WHERE download_by NOT BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z'
        OR activate_by NOT BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z'
), new AS (
    UPDATE packages AS p SET
        download_by = CASE WHEN p.download_by BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z' THEN p.download_by END,
        activate_by = CASE WHEN p.activate_by BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z' THEN p.activate_by END
    FROM old WHERE p.package_id = old.package_id
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'package:' || package_id,
    jsonb_build_object('download_by', download_by::text,
        'activate_by', activate_by::text) FROM old;

-- A token that has expired stays expired.
WITH old AS (
    SELECT token_id, expires_at FROM staff_tokens
    WHERE expires_at NOT BETWEEN '2000-01-01T00:00:00Z'
        AND '2199-12-31T23:59:59.999999Z'
), new AS (
    UPDATE staff_tokens AS t SET
        expires_at = least(greatest(t.expires_at, '2000-01-01T00:00:00Z'),
            '2199-12-31T23:59:59.999999Z')
    FROM old WHERE t.token_id = old.token_id
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0017', 'admin', 'value.bound', 'token:' || token_id,
    jsonb_build_object('expires_at', expires_at::text) FROM old;

ALTER TABLE products ADD CONSTRAINT products_shelf_life_in_bounds
    CHECK (shelf_life_days BETWEEN 1 AND 36500) NOT VALID;
ALTER TABLE products ADD CONSTRAINT products_names_in_bounds
    CHECK (length(name) <= 64 AND length(brand) <= 64) NOT VALID;
ALTER TABLE batches ADD CONSTRAINT batches_produced_on_in_bounds
    CHECK (produced_on BETWEEN '2000-01-01' AND '2199-12-31') NOT VALID;
ALTER TABLE batches ADD CONSTRAINT batches_texts_in_bounds
    CHECK (length(lot) BETWEEN 1 AND 64 AND length(line) BETWEEN 1 AND 64) NOT VALID;
ALTER TABLE ranges ADD CONSTRAINT ranges_produced_on_in_bounds
    CHECK (produced_on BETWEEN '2000-01-01' AND '2199-12-31') NOT VALID;
ALTER TABLE ranges ADD CONSTRAINT ranges_effective_at_in_bounds
    CHECK (effective_at BETWEEN '2000-01-01T00:00:00Z'
        AND '2199-12-31T23:59:59.999999Z') NOT VALID;
ALTER TABLE ranges ADD CONSTRAINT ranges_texts_in_bounds
    CHECK (length(lot) BETWEEN 1 AND 64 AND length(plant) BETWEEN 1 AND 64
        AND length(line) BETWEEN 1 AND 64) NOT VALID;
ALTER TABLE recalls ADD CONSTRAINT recalls_texts_in_bounds
    CHECK (length(reason) <= 500 AND length(instructions) <= 500) NOT VALID;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_times_in_bounds
    CHECK (starts_at BETWEEN '2000-01-01T00:00:00Z' AND '2199-12-31T23:59:59.999999Z'
        AND ends_at BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z') NOT VALID;
ALTER TABLE campaigns ADD CONSTRAINT campaigns_points_in_bounds
    CHECK (points <= 1000000 AND daily_cap <= 1000000000000000) NOT VALID;
ALTER TABLE campaign_budgets ADD CONSTRAINT campaign_budgets_in_bounds
    CHECK (budget <= 1000000000000000) NOT VALID;
ALTER TABLE packages ADD CONSTRAINT packages_deadlines_in_bounds
    CHECK (download_by BETWEEN '2000-01-01T00:00:00Z' AND '2199-12-31T23:59:59.999999Z'
        AND activate_by BETWEEN '2000-01-01T00:00:00Z'
            AND '2199-12-31T23:59:59.999999Z') NOT VALID;
ALTER TABLE staff_tokens ADD CONSTRAINT staff_tokens_expiry_in_bounds
    CHECK (expires_at BETWEEN '2000-01-01T00:00:00Z'
        AND '2199-12-31T23:59:59.999999Z') NOT VALID;
ALTER TABLE logistic_events ADD CONSTRAINT logistic_events_times_in_bounds
    CHECK (happened_at BETWEEN '2000-01-01T00:00:00Z'
        AND '2199-12-31T23:59:59.999999Z') NOT VALID;
