//! The pages, and the blocks in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A page.
pub(crate) struct Page {
    /// As in `docs/gate.md`.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Text between fences.
pub(crate) struct Block {
    /// As in `docs/gate.md:17`.
    pub(crate) place: String,
    /// As in `sh`; empty where none is named.
    pub(crate) language: String,
    pub(crate) text: String,
    /// Why it is not run, as the comment above it says.
    pub(crate) not_run: Option<String>,
}

/// Every page that is for readers.
pub(crate) fn all() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = docs
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| format!("docs/{}", path.file_name().unwrap().to_str().unwrap()))
        .collect();
    names.extend(["README.md", "CHANGELOG.md", "fuzz/README.md"].map(str::to_owned));
    names.sort();
    assert!(names.len() > 15, "the pages were found");
    names.iter().map(|name| page(name)).collect()
}

/// The page of that name.
pub(crate) fn page(name: &str) -> Page {
    Page { name: name.to_owned(), text: fs::read_to_string(root().join(name)).unwrap() }
}

impl Page {
    /// Its blocks, in their order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut lines = self.text.lines().enumerate();
        let mut above = "";
        while let Some((number, line)) = lines.next() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                let indent = line.len() - line.trim_start().len();
                let inside: Vec<&str> = lines
                    .by_ref()
                    .map(|(_, line)| line)
                    .take_while(|line| line.trim() != "```")
                    .map(|line| line.get(indent..).unwrap_or_default())
                    .collect();
                blocks.push(Block {
                    place: format!("{}:{}", self.name, number + 1),
                    language: language.trim().to_owned(),
                    text: inside.join("\n"),
                    not_run: reason(above),
                });
            }
            if !line.trim().is_empty() {
                above = line;
            }
        }
        blocks
    }
}

/// `<!-- not run: REASON -->`
fn reason(line: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(inner.trim().strip_prefix("not run:")?.trim().to_owned())
}

#[test]
fn blocks_are_found_with_what_stands_above_them() {
    let text = "a\n\n<!-- not run: x y -->\n```sh\none \\\n  two\n```\n- b\n\n  ```toml\n  c = 1\n\n  d = 2\n  ```\n";
    let page = Page { name: "p.md".to_owned(), text: text.to_owned() };
    let found: Vec<_> = page
        .blocks()
        .into_iter()
        .map(|block| (block.place, block.language, block.text, block.not_run))
        .collect();
    let owned = str::to_owned;
    assert_eq!(
        found,
        [
            (owned("p.md:4"), owned("sh"), owned("one \\\n  two"), Some(owned("x y"))),
            (owned("p.md:10"), owned("toml"), owned("c = 1\n\nd = 2"), None),
        ]
    );
}
