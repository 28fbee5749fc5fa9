"""The SQL of draws: what each promises, tickets, drawing, and what was won."""
