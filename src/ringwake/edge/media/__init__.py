"""Calls whose media is relayed: descriptions are rewritten between the stack and the server."""
