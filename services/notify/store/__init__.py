"""The SQL of notify: one file per aggregate."""
