//! The synthetic music library.
