"""The command line. Exit codes: 0 ok, 1 the job or check failed, 2 usage or configuration, 3 unreachable."""
