"""Hypothesis searches from a fixed seed here, and no busy machine makes a test fail by its clock."""

from hypothesis import HealthCheck, settings

settings.register_profile("sip", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sip")
