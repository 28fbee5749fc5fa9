-- Which of a member's claims one is: a limit of members that belongs to nobody.
SET LOCAL lock_timeout = '2s';

ALTER TABLE limits DROP CONSTRAINT limit_is_of_one;
ALTER TABLE limits ADD CONSTRAINT limit_is_of_one CHECK (
    num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 1
    OR num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 0
        AND per = 'member' AND counts = 'claims');
CREATE UNIQUE INDEX one_count_of_claims ON limits (per)
    WHERE in_force AND num_nonnulls(campaign_no, pool_no, gift_no, draw_no) = 0;
