-- Whose key a change is: a line voids what its own key activated, so many an hour.
-- Changes before this one are nobody's.
ALTER TABLE range_changes ADD COLUMN token_id text;
CREATE INDEX range_changes_voids_by_token ON range_changes (token_id, at)
    WHERE kind = 'void' AND changed > 0 AND token_id IS NOT NULL;

-- Only batches of its brand pay for a campaign that has one.
ALTER TABLE campaigns ADD COLUMN brand text
    CONSTRAINT campaigns_brand_in_bounds CHECK (length(brand) BETWEEN 1 AND 64);

-- Voids that are more than a line may do are asked for as recalls are. `shown` is the
-- digest of what would happen when it was asked for; older wishes have none.
ALTER TABLE recalls ADD COLUMN kind text NOT NULL DEFAULT 'recall'
    CONSTRAINT recalls_kind CHECK (kind IN ('recall', 'void'));
ALTER TABLE recalls ADD COLUMN shown text;
ALTER TABLE recalls ADD COLUMN changed bigint;
