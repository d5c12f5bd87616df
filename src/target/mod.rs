//! The only door to PostgreSQL.
