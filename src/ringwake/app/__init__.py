"""The joiner: it alone chooses who implements what, and reads the configuration and the wall clock."""
