//! What loist-bench made says so at its beginning: a file that says nothing of the kind belongs to somebody else.

/// What Markdown begins with; it does not show.
pub const MARKDOWN: &str = "<!-- loist-bench report -->\n";
/// What a gate's Markdown begins with; it does not show. A bot finds by it the comment that it wrote before.
pub const GATE: &str = "<!-- loist-bench gate -->\n";
/// What a picture's file begins with; it does not show.
pub const SVG: &str = "<!-- loist-bench picture -->\n";
/// What stands in a page's head.
const HTML: &str = "<meta name=\"generator\" content=\"loist-bench ";
/// How every page begins.
const PAGE: &str = "<!DOCTYPE html>";

/// Bytes of a file's beginning that tell.
pub const TELLING_BYTES: u64 = 4_096;

/// How JUnit XML and JSON of a gate begin, blanks apart.
const JUNIT: [&str; 2] = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", GATE];
const VERDICT: [&str; 2] = ["{", "\"format\": \"loist-bench/gate\""];

/// Whether a file that begins so was made by this program. Records are not among them: what was measured is never
/// replaced.
#[must_use]
pub fn is_ours(beginning: &str) -> bool {
    let is_page = || {
        let head = beginning.split("<title>").next().unwrap_or_default();
        head.starts_with(PAGE) && head.contains(HTML)
    };
    let begins = |[first, second]: [&str; 2]| {
        let rest = beginning.strip_prefix(first).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(second.trim_end()))
    };
    [MARKDOWN, GATE, SVG, crate::audit::MARK].iter().any(|mark| beginning.starts_with(mark))
        || begins(JUNIT)
        || begins(VERDICT)
        || is_page()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_is_ours() {
        let page = |generator: &str| {
            format!(
                "<!DOCTYPE html>\n<html><head><meta name=\"generator\" content=\"{generator}\"><title>x</title>"
            )
        };
        assert!(is_ours(&page("loist-bench 0.1.0")));
        assert!(is_ours(&format!("{MARKDOWN}# x")) && is_ours(&format!("{GATE}# x")));
        assert!(is_ours(&format!("{SVG}<svg/>")) && is_ours(&format!("{}-- x", crate::audit::MARK)));
        assert!(is_ours("{\n  \"format\": \"loist-bench/gate\",\n"));
        assert!(is_ours(&format!("{}\n{GATE}<testsuites>", JUNIT[0])));
        let foreign = ["", "# Notes", "<svg/>", "x <!-- loist-bench report -->\n", &page("hugo")];
        let files = [
            "{\n  \"format\": \"loist-bench/record\",",
            "{}",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>",
        ];
        for foreign in foreign.into_iter().chain(files) {
            assert!(!is_ours(foreign), "{foreign}");
        }
        // Somebody's page that tells of ours.
        let quoted = page("hugo") + &page("loist-bench 0.1.0");
        assert!(!is_ours(&quoted));
    }
}
