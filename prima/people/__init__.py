"""People: their accounts, the roles granted to them, and who stands in for whom while somebody is away."""
