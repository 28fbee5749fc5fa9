"""The bounds of stored days, times and numbers, over the tables of all features."""

from crowncap.audit.checks import Check

CHECKS = (
    Check(
        13,
        "each stored day, time and number lies within its bounds",
        """WITH s AS (SELECT tstzrange('2000-01-01T00:00:00Z',
                '2199-12-31T23:59:59.999999Z', '[]') AS times,
                daterange('2000-01-01', '2199-12-31', '[]') AS days)
            SELECT 'product ' || gtin FROM products
            WHERE shelf_life_days NOT BETWEEN 1 AND 36500
            UNION ALL SELECT 'batch ' || batch_id FROM batches, s
            WHERE NOT produced_on <@ days
            UNION ALL SELECT 'range ' || first_code_id FROM ranges, s
            WHERE NOT produced_on <@ days OR NOT effective_at <@ times
            UNION ALL SELECT 'campaign ' || campaign_id FROM campaigns, s
            WHERE NOT starts_at <@ times OR NOT ends_at <@ times
                OR points > 1000000
            UNION ALL SELECT 'limit ' || limit_no FROM limits
            WHERE most > 1000000000000000
            UNION ALL SELECT 'package ' || package_id FROM packages, s
            WHERE NOT download_by <@ times OR NOT activate_by <@ times
            UNION ALL SELECT 'token ' || token_id FROM staff_tokens, s
            WHERE NOT expires_at <@ times
            UNION ALL SELECT 'event ' || event_id FROM logistic_events, s
            WHERE NOT happened_at <@ times""",
    ),
)
