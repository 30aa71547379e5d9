"""The stores: one pure image of the truth, kept in memory only or journalled to SQLite (docs/adr/0005-store.md)."""
