"""Huawei Push Kit. Written from its documents alone; nobody here has sent to the real service."""
