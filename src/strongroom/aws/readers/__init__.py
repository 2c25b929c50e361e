"""What `fleet.read` asks of each account and Region: one module a service, each function fills a `Harvest`."""
