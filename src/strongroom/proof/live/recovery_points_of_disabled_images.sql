-- The AMIs of recovery points are disabled
--
-- Why:     A recovery point of an instance is an AMI. Nothing is launched from one that somebody disabled, so that its restore fails.
-- Fix:     Enable the image again: ec2 enable-image.
-- Limits:  Vaults of the strategy; images of the account that was read.
-- Source:  https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/disable-an-ami.html, read 2026-11-21
-- Failure: FM18
SELECT
    p.vault_name || ' in ' || p.region AS subject,
    count(*) || ' recovery points of instances in vault ' || p.vault_name || ' in ' || p.region || ' are disabled AMIs' AS message,
    'ec2 enable-image --region ' || p.region || ' --image-id ' || min(i.image_id) AS help,
    min_by(p.account_id, p.arn) AS account_id, p.region, min(p.arn) AS arn, 'restorable' AS link,
    count(DISTINCT p.resource_arn) AS resources, min(DISTINCT p.resource_arn, 20) AS arns, count(*) AS count
FROM disabled_images AS i
JOIN recovery_points AS p ON p.account_id = i.account_id AND p.region = i.region AND p.arn = i.arn
JOIN vault_places AS v ON v.account_id = p.account_id AND v.region = p.region AND v.vault_name = p.vault_name
GROUP BY p.vault_name, p.region
ORDER BY p.vault_name, p.region;
