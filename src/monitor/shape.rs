//! Which of the server's statements a text is: there are few of them, and their names hold nothing of anybody's data.

/// What every other statement is.
pub(super) const OTHER: &str = "other";
/// All names that there are.
pub(super) const SHAPES: [&str; 12] = [
    "get",
    "search_count",
    "search_page",
    "filtered_count",
    "filtered_page",
    "insert",
    "status_update",
    "browse",
    "fuzzy",
    "facets",
    "envelope",
    OTHER,
];

/// The table that they are all about.
const TABLE: &str = "audio_tracks";

/// The name of the statement, as docs/monitoring.md has them.
pub(super) fn shape(text: &str) -> &'static str {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_ascii_lowercase();
    let text = text.trim_end_matches(';');
    if ["begin", "commit", "rollback", "select $1"].contains(&text) || text.starts_with("start transaction") {
        return "envelope";
    }
    if !text.contains(TABLE) {
        return OTHER;
    }
    match text.split(' ').next().unwrap_or_default() {
        "insert" => "insert",
        "update" if text.contains("set status") => "status_update",
        "select" => read(text),
        _ => OTHER,
    }
}

fn read(text: &str) -> &'static str {
    let has = |part: &str| text.contains(part);
    if has("search_vector @@") {
        let is_filtered = ["year >=", "year <=", "upper(format) ="].into_iter().any(has);
        return match (is_filtered, has("order by")) {
            (false, false) => "search_count",
            (false, true) => "search_page",
            (true, false) => "filtered_count",
            (true, true) => "filtered_page",
        };
    }
    // The canary reads nothing of a track, and is none of the server's.
    if text.starts_with("select $") {
        return OTHER;
    }
    if has(" % ") || has("similarity(") {
        "fuzzy"
    } else if has("group by") {
        "facets"
    } else if has("where id = ") && !has("order by") {
        "get"
    } else if has("order by") && has("limit") {
        "browse"
    } else {
        OTHER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_servers_statements_are_known() {
        for (text, name) in [
            ("BEGIN", "envelope"),
            ("SELECT $1", "envelope"),
            ("SELECT id, title\nFROM audio_tracks\nWHERE id = $1", "get"),
            ("SELECT count(*) FROM audio_tracks WHERE search_vector @@ to_tsquery($1, $2)", "search_count"),
            (
                "SELECT id, ts_rank(search_vector, to_tsquery($1, $2), $3) AS rank FROM audio_tracks
                 WHERE search_vector @@ to_tsquery($4, $5) ORDER BY rank DESC LIMIT $6 OFFSET $7",
                "search_page",
            ),
            (
                "SELECT count(*) FROM audio_tracks WHERE search_vector @@ to_tsquery($1, $2) AND year >= $3",
                "filtered_count",
            ),
            (
                "SELECT id, year, ts_rank(search_vector, to_tsquery($1, $2), $3) AS rank FROM audio_tracks
                 WHERE search_vector @@ to_tsquery($4, $5) AND upper(format) = upper($6) ORDER BY rank DESC LIMIT $7",
                "filtered_page",
            ),
            ("SELECT $2 FROM audio_tracks WHERE id = $1", "other"),
            ("INSERT INTO music.audio_tracks (id) VALUES ($1) RETURNING id", "insert"),
            (
                "UPDATE audio_tracks SET status = $1, updated_at = now() WHERE id = $2 RETURNING id",
                "status_update",
            ),
            ("UPDATE audio_tracks SET title = $1", "other"),
            (
                "SELECT id FROM audio_tracks WHERE artist % $1 ORDER BY similarity(artist, $1) DESC LIMIT $2",
                "fuzzy",
            ),
            ("SELECT genre, count(*) FROM audio_tracks GROUP BY genre ORDER BY 2 DESC LIMIT $1", "facets"),
            ("SELECT id FROM audio_tracks ORDER BY created_at DESC LIMIT $1 OFFSET $2", "browse"),
            ("SELECT max(year) FROM audio_tracks", "other"),
            ("VACUUM audio_tracks", "other"),
            ("SELECT secret FROM users WHERE id = $1", "other"),
            ("<insufficient privilege>", "other"),
            ("", "other"),
        ] {
            assert_eq!(shape(text), name, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_never_of_the_text(text in "\\PC{0,80}") {
            prop_assert!(SHAPES.contains(&shape(&text)));
        }
    }
}
