"""What people see in Discord: parse, submit, render. No SQL, no torch."""
