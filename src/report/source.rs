//! A record as it stands in its file.

use crate::{record::Record, text::sha256};

/// A record with the text that it was read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The record.
    pub record: Record,
    /// Its file, byte for byte: what a page offers for download and gives the digest of.
    pub text: String,
    /// Where it stands, or what it is to be called.
    pub name: String,
}

impl Source {
    /// SHA-256 of the record's file, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        sha256(&self.text)
    }
}
