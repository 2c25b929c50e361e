"""What examines a restored resource: plugins that connect, count, compare and measure; one that could not run is unknown."""
