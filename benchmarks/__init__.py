"""What is timed: each module is one command, prints a table and writes it as JSON with the machine's description."""
