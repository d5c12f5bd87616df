//! Where in a text something stands.

/// The line (from 1) that holds byte `offset`; the last one where the text is shorter.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes()[..offset.min(text.len())].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_its_line_feed() {
        let text = "a\nü\n";
        assert_eq!([0, 1, 2, 3, 4, 5, 9].map(|offset| line_of(text, offset)), [1, 1, 2, 2, 2, 3, 3]);
    }
}
