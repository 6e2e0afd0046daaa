"""Commands of neither side: what the catalog holds, what the machine has, and a first try."""
