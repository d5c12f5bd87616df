//! Links within the repository lead to what is there; the table of contents has every page.

use crate::pages::{self, Page, root};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::{collections::BTreeSet, fs, path::Path};

/// Addresses of links and pictures on a page.
fn links(page: &Page) -> Vec<String> {
    let mut found = Vec::new();
    for event in Parser::new_ext(&page.text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                found.push(dest_url.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                for attribute in ["src=\"", "srcset=\"", "href=\""] {
                    let values = html.split(attribute).skip(1).filter_map(|rest| rest.split('"').next());
                    found.extend(values.map(str::to_owned));
                }
            }
            _ => {}
        }
    }
    found
}

/// What a link to a heading is called, as GitHub and mdBook name it.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let name = heading.take().unwrap_or_default().to_lowercase();
                let kept = name.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
                anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
            }
            _ => {}
        }
    }
    anchors
}

fn is_elsewhere(link: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| link.starts_with(scheme))
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for page in pages::all() {
        let directory = root().join(&page.name).parent().unwrap().to_owned();
        for link in links(&page).into_iter().filter(|link| !is_elsewhere(link)) {
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let target = if path.is_empty() { root().join(&page.name) } else { directory.join(path) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.name);
            if !anchor.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(anchors(&text).contains(anchor), "{}: {link}: no heading is called so", page.name);
            }
        }
    }
    assert!(seen > 60, "{seen} links were found");
}

/// Pages that a page links to, by their names in `docs`.
fn listed(name: &str) -> Vec<String> {
    let links = links(&pages::page(name)).into_iter();
    let own = links.filter(|link| link.ends_with(".md") && !is_elsewhere(link));
    own.map(|link| Path::new(&link).file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn the_contents_have_every_page() {
    let pages = pages::all();
    let docs =
        pages.iter().filter_map(|page| page.name.strip_prefix("docs/")).filter(|name| *name != "SUMMARY.md");
    let summary = listed("docs/SUMMARY.md");
    let contents = listed("docs/README.md");
    for name in docs {
        let times = summary.iter().filter(|listed| *listed == name).count();
        assert_eq!(times, 1, "docs/SUMMARY.md has docs/{name} {times} times");
        assert!(
            name == "README.md" || contents.iter().any(|listed| listed == name),
            "docs/README.md lacks {name}"
        );
    }
}

#[test]
fn headings_have_the_names_that_links_give_them() {
    let text = "# A *plain* one\n\n## `--flags`\n\n## Where it differs from libpq, and so on: x_y\n";
    let expected = ["a-plain-one", "--flags", "where-it-differs-from-libpq-and-so-on-x_y"];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
}
