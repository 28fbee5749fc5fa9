-- One person has a package's password or its file, never both. Only who approved it is
-- told the password, so a moment says it all; the row's lock decides between the two.
-- `house_downloads` are those by the print house that the package is addressed to.
ALTER TABLE packages
    ADD COLUMN password_told_at timestamptz,
    ADD COLUMN house_downloads integer NOT NULL DEFAULT 0;

UPDATE packages AS p SET password_told_at = told.at
FROM (
    SELECT subject, min(at) AS at FROM audit_log
    WHERE action = 'package.tell_password' GROUP BY subject
) AS told
WHERE told.subject = 'package:' || p.package_id;

UPDATE packages AS p SET house_downloads = taken.downloads
FROM (
    SELECT d.package_id, count(*) AS downloads
    FROM package_downloads AS d JOIN packages AS q USING (package_id)
    WHERE d.person = q.printhouse GROUP BY d.package_id
) AS taken
WHERE taken.package_id = p.package_id;

ALTER TABLE packages
    ADD CONSTRAINT told_what_there_is
        CHECK (password_told_at IS NULL OR wrapped_password IS NOT NULL),
    DROP CONSTRAINT downloads_are_counted,
    ADD CONSTRAINT downloads_are_counted CHECK (
        house_downloads BETWEEN 0 AND downloads_allowed
        AND downloads - house_downloads BETWEEN 0 AND downloads_allowed);
