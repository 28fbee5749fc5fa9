-- What two names have in common that are one: without case, width, blanks and marks
-- that nobody sees. core.names.fold knows a few rarer marks and foldings more and is
-- asked first; this holds whatever asks otherwise.
CREATE FUNCTION fold_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lower(regexp_replace(normalize(name, NFKC),
        '[\s\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]', '', 'g'))
$$;

-- A person is spelled as their first token spells them.
WITH spelled AS (
    SELECT token_id, person, first_value(person)
        OVER (PARTITION BY fold_name(person) ORDER BY created_at, token_id) AS kept
    FROM staff_tokens
), changed AS (
    UPDATE staff_tokens AS t SET person = s.kept
    FROM spelled AS s WHERE s.token_id = t.token_id AND s.kept <> t.person
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0024', 'admin', 'person.respell', 'token:' || token_id,
    jsonb_build_object('person', person, 'kept', kept)
FROM spelled WHERE kept <> person;

-- A package that one person ordered and approved is no secret of two: nobody gets it.
WITH alone AS (
    UPDATE packages SET cancelled_at = now(), cancelled_by = 'migration 0024',
        cancel_reason = 'ordered and approved by one person'
    WHERE fold_name(approved_by) = fold_name(ordered_by) AND cancelled_at IS NULL
    RETURNING package_id, ordered_by, approved_by
)
INSERT INTO audit_log (at, person, role, action, subject, detail)
SELECT now(), 'migration 0024', 'admin', 'package.cancel', 'package:' || package_id,
    jsonb_build_object('ordered_by', ordered_by, 'approved_by', approved_by)
FROM alone;

ALTER TABLE packages DROP CONSTRAINT two_persons_package,
    ADD CONSTRAINT two_persons_package
        CHECK (fold_name(approved_by) <> fold_name(ordered_by)) NOT VALID;
ALTER TABLE recalls DROP CONSTRAINT two_persons_recall,
    ADD CONSTRAINT two_persons_recall
        CHECK (fold_name(approved_by) <> fold_name(requested_by)) NOT VALID;

-- What was done alone before this stays as it was; without any the rule holds of all.
DO $$
BEGIN
    ALTER TABLE packages VALIDATE CONSTRAINT two_persons_package;
    ALTER TABLE recalls VALIDATE CONSTRAINT two_persons_recall;
EXCEPTION WHEN check_violation THEN
    RAISE NOTICE 'packages or recalls of one person remain, under four eyes in name';
END
$$;
