"""Configuration: one TOML file, strict. Only app and cli read it."""
