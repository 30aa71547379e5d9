"""The SQLite journal of the image: one file, one writer process (docs/adr/0005-store.md)."""
