"""What several tests share: small data, models and runs; programs that tests start."""
