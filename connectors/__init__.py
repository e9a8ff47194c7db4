"""The edges: CRMs behind one port. Knows CRMs; knows nothing of rules, plans or the store."""
