//! Counts for people.

/// In groups of three: `12345` as `12,345`.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many of something, as in `1 row` or `12,345 rows`; `of` is one of them.
#[must_use]
pub fn counted(number: impl TryInto<u64>, of: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {of}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// The first `most` of some names, and how many more there are: `a, b and 3 more`.
#[must_use]
pub fn first_of<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let shown: Vec<&str> = names.iter().take(most).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), grouped(more as u64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_three_digits_and_one_has_no_plural() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(value), text);
        }
        assert_eq!([1, 0, 1_000].map(|number| counted(number, "row")), ["1 row", "0 rows", "1,000 rows"]);
    }

    #[test]
    fn what_is_not_named_is_counted() {
        let names = ["a", "b", "c"];
        assert_eq!(
            [3, 2, 1].map(|most| first_of(&names, most)),
            ["a, b, c", "a, b and 1 more", "a and 2 more"]
        );
        assert_eq!(first_of(&names[..0], 2), "");
    }
}
