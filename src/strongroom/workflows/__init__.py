"""Durable work: what changes AWS is planned as a value first, then carried out by a workflow that survives a crash."""
