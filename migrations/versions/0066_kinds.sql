-- What ended a hold can be taken back once (unpost, unvoid), and then it ends again
-- (repost, revoid). Validated afterwards, blocking nobody.
ALTER TABLE transfers DROP CONSTRAINT IF EXISTS kind_is_known;
ALTER TABLE transfers ADD CONSTRAINT kind_is_known CHECK (kind IN (
    'posted', 'pending', 'post', 'void', 'grant', 'spend', 'spend_return', 'expiry',
    'adjustment', 'reversal', 'debt', 'repayment', 'purchase', 'return', 'merge',
    'unpost', 'unvoid', 'repost', 'revoid'
)) NOT VALID;
