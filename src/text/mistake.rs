//! What parsers meet, in words for people. Where it stands is told before it.

use super::nearest;

/// What is wrong with a JSON text.
#[must_use]
pub fn json_mistake(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    let said = error.to_string();
    // The parser's own place.
    let said = said.split(" at line ").next().unwrap_or_default();
    match error.classify() {
        Category::Eof if error.line() <= 1 && error.column() == 0 => "it is empty".to_owned(),
        Category::Eof => "it is cut off here: its end is missing".to_owned(),
        Category::Syntax => format!("it is no JSON ({said})"),
        Category::Data | Category::Io => said.to_owned(),
    }
}

/// What is wrong with a TOML text, in one line. What is misspelled is told with what may be meant.
#[must_use]
pub fn toml_mistake(error: &toml::de::Error) -> String {
    let said = error.message().trim().replace('\n', "; ");
    if said.starts_with("string values must be quoted") {
        return "what stands here is no value of TOML: write a number, true, false, or a text in quotes"
            .to_owned();
    }
    let kinds = [("unknown field `", "key"), ("unknown variant `", "value")];
    let unknown = kinds.into_iter().find_map(|(start, kind)| Some((kind, said.strip_prefix(start)?)));
    let Some((kind, (name, rest))) = unknown.and_then(|(kind, rest)| Some((kind, rest.split_once('`')?)))
    else {
        return said;
    };
    let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
    format!("unknown {kind} `{name}`{}", what_is_known(name, &known, ""))
}

/// What may be meant by an unknown name, and which names are known; `sign` stands before each of them.
#[must_use]
pub fn what_is_known(name: &str, known: &[&str], sign: &str) -> String {
    let all: Vec<String> = known.iter().map(|name| format!("{sign}{name}")).collect();
    match (nearest(name, known.iter().copied()), &all[..]) {
        (_, []) => ": none is known here".to_owned(),
        (Some(meant), [_]) => format!(": did you mean {sign}{meant}?"),
        (Some(meant), all) => format!(": did you mean {sign}{meant}? known are {}", all.join(", ")),
        (None, [one]) => format!(": only {one} is known here"),
        (None, all) => format!(": known are {}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        weight: f64,
        end: Option<End>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum End {
        Commit,
        Rollback,
    }

    #[test]
    fn json_is_told_without_its_place() {
        let read = |text: &str| json_mistake(&serde_json::from_str::<Vec<u8>>(text).unwrap_err());
        assert_eq!(read(""), "it is empty");
        assert_eq!(read("[1,\n2"), "it is cut off here: its end is missing");
        assert_eq!(read("[1 2]"), "it is no JSON (expected `,` or `]`)");
        assert_eq!(read("{}"), "invalid type: map, expected a sequence");
    }

    #[test]
    fn toml_is_told_with_what_may_be_meant() {
        let whole: Vec<File> = ["commit", "rollback"]
            .map(|end| toml::from_str(&format!("weight = 1.0\nend = '{end}'")).unwrap())
            .into();
        assert!(whole.iter().all(|file| file.weight > 0.0));
        assert_eq!((&whole[0].end, &whole[1].end), (&Some(End::Commit), &Some(End::Rollback)));
        let read = |text: &str| toml_mistake(&toml::from_str::<File>(text).unwrap_err());
        assert_eq!(read("weigth = 1.0"), "unknown key `weigth`: did you mean weight? known are weight, end");
        assert_eq!(read("weight = 1.0\nx = 1"), "unknown key `x`: known are weight, end");
        assert_eq!(
            read("weight = 1.0\nend = 'rolback'"),
            "unknown value `rolback`: did you mean rollback? known are commit, rollback"
        );
        assert!(
            read("weight = ").starts_with("what stands here is no value of TOML"),
            "{}",
            read("weight = ")
        );
    }

    #[test]
    fn what_is_known_is_told() {
        assert_eq!(what_is_known("fromat", &["format"], ":"), ": did you mean :format?");
        assert_eq!(what_is_known("uuid", &["id"], ":"), ": only :id is known here");
        assert_eq!(what_is_known("uuid", &[], ":"), ": none is known here");
    }
}
