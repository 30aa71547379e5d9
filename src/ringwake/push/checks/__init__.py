"""What `ringwake doctor` finds out about applications: credentials, the way to their services, a push to nobody."""
