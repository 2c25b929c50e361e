"""Whether somebody hears of it: from an event or a metric of AWS Backup to those who have subscribed."""
