"""What must survive a crash? Rows and the transactions that change them; no other room knows the database library."""
