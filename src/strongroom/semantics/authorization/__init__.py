"""Who may do what: one evaluator of IAM's policies for checks, proof and twin; every answer is allowed, denied or unknown.

`policy.parse` reads a policy, `evaluate.decide` answers one question purely, `explain.explain` says what every layer said,
`access.Authorizer` finds the policies of a question in a `domain.access.Access`, `reach.ways` asks who could at all.
"""
