//! `CONFORMANCE.md` lists the differences that the tests know, no more and no less.

mod shared;

use shared::known::KNOWN;

#[test]
fn the_page_lists_each_known_difference() {
    let page = include_str!("../CONFORMANCE.md");
    let (_, section) = page
        .split_once("## Differences, one by one")
        .expect("a section of that name");
    let section = section.split("\n## ").next().unwrap_or("");
    let rows: Vec<&str> = section
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| set ") && !line.starts_with("| ---")
        })
        .collect();
    let wanted: Vec<String> = KNOWN
        .iter()
        .map(|k| format!("| {} | {} | {} |", k.set, k.case, k.why))
        .collect();
    assert_eq!(rows, wanted);
}
