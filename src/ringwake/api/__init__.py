"""HTTP: the operator's API, health and metrics on one listener; what phones use on another."""
