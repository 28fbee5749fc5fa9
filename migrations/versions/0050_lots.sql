-- What a member has of a unit lies in lots by the last day on which it is good: a lot is
-- a row of `balances`. What never expires is the lot of infinity, and on its row stand
-- what waits for a review and what the member owes. A transfer is of one lot.
--
-- Under the fence, which keeps batches away for the moment that this takes. Constant
-- defaults rewrite nothing.
SELECT pg_advisory_xact_lock(4343, 1);
ALTER TABLE balances ADD COLUMN IF NOT EXISTS expires_on date NOT NULL DEFAULT 'infinity';
ALTER TABLE balances ADD COLUMN IF NOT EXISTS debt bigint NOT NULL DEFAULT 0;
ALTER TABLE transfers ADD COLUMN IF NOT EXISTS expires_on date NOT NULL DEFAULT 'infinity';

ALTER TABLE transfers DROP CONSTRAINT IF EXISTS kind_is_known;
ALTER TABLE transfers ADD CONSTRAINT kind_is_known CHECK (kind IN (
    'posted', 'pending', 'post', 'void', 'grant', 'spend', 'spend_return', 'expiry',
    'adjustment', 'reversal', 'debt', 'repayment', 'purchase', 'return', 'merge'
)) NOT VALID;
ALTER TABLE transfers DROP CONSTRAINT IF EXISTS only_ends_have_another_origin;
