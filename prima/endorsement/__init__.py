"""Review on line: who clears, endorses and approves a proposal, and on what grounds."""
