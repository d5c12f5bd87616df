//! Names that are misspelled.

/// The known name that is most like this one, if any is much like it: a third of its letters may be wrong.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    // A name that is much longer is like none, and would take long to compare.
    let letters = name.chars().count();
    let near = |known: &&str| known.len().abs_diff(letters) * 3 <= name.len();
    let likeness = |known: &'a str| (strsim::damerau_levenshtein(&name, known), known);
    let (distance, found) = known.into_iter().filter(near).map(likeness).min()?;
    (distance * 3 <= name.len()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_of_the_letters_may_be_wrong() {
        let known = ["rollback", "commit", "id"];
        assert_eq!(nearest("rolback", known), Some("rollback"));
        assert_eq!(nearest("Comit", known), Some("commit"));
        assert_eq!(nearest("maybe", known), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), known), None);
        assert_eq!(nearest("", known), None);
    }
}
