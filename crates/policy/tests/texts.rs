//! Texts of rules and what each of their statements means. The meaning stands beside the text, in
//! a file that was written before anything could read it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use lockkeeper_policy::{Provenance, Reading, Source, read};

#[test]
fn every_text_means_what_stands_beside_it() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/texts");
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    names.sort();
    assert!(names.len() >= 25);
    let mut wrong = String::new();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let reading = read(&Source::new(&name, text)).unwrap();
        let expected = fs::read_to_string(path.with_extension("expect")).unwrap();
        let differences = compare(&reading, &expected);
        if !differences.is_empty() {
            wrong.push_str(&format!("\n{name}\n{}", differences.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn compare(reading: &Reading, expected: &str) -> Vec<String> {
    let mut differences = Vec::new();
    let (stated, rest): (Vec<&str>, Vec<&str>) = expected
        .lines()
        .partition(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let line = |number: usize, status: &str, sets: BTreeSet<&str>| {
        let sets: Vec<&str> = sets.into_iter().collect();
        format!("{number} {status} {}", sets.join(" "))
            .trim_end()
            .to_owned()
    };
    let wanted: Vec<String> = stated
        .iter()
        .map(|text| {
            let mut words = text.split_whitespace();
            let number = words.next().unwrap().parse().unwrap();
            line(number, words.next().unwrap(), words.collect())
        })
        .collect();
    let got: Vec<String> = reading
        .statements
        .iter()
        .map(|s| {
            line(
                s.line,
                s.status.as_str(),
                s.sets.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    for (at, (wanted, got)) in pad(&wanted, &got).enumerate() {
        if wanted != got {
            let why = reading
                .statements
                .get(at)
                .map(|s| format!("“{}” {:?} {:?}", s.text, s.note, s.canonical));
            differences.push(format!(
                "  wanted {wanted}\n     got {got}   {}",
                why.unwrap_or_default()
            ));
        }
    }
    let json = serde_json::to_value(reading).unwrap();
    for text in rest.into_iter().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = text.split(' ').collect();
        let holds = match words[..] {
            ["policy", pointer, ..] => {
                let value: serde_json::Value = serde_json::from_str(&words[2..].join(" ")).unwrap();
                json["policy"].pointer(pointer) == Some(&value)
            }
            ["assumed", pointer] => {
                matches!(
                    reading.provenance.get(pointer),
                    Some(Provenance::Assumed { .. })
                )
            }
            ["default", pointer] => {
                matches!(
                    reading.provenance.get(pointer),
                    Some(Provenance::Default { .. })
                )
            }
            ["contradiction", pointer, first, second] => reading.contradictions.iter().any(|c| {
                c.pointer == pointer
                    && c.first.place.line.to_string() == first
                    && c.second.place.line.to_string() == second
            }),
            ["note", line, part] => reading.statements.iter().any(|s| {
                s.line.to_string() == line
                    && s.note.as_ref().is_some_and(|note| note.contains(part))
            }),
            _ => panic!("`{text}` is no expectation"),
        };
        if !holds {
            differences.push(format!(
                "  does not hold: {text} ({:?})",
                words.get(1).and_then(|p| json["policy"].pointer(p))
            ));
        }
    }
    differences
}

fn pad<'a>(a: &'a [String], b: &'a [String]) -> impl Iterator<Item = (&'a str, &'a str)> {
    (0..a.len().max(b.len())).map(|at| {
        (
            a.get(at).map_or("nothing", String::as_str),
            b.get(at).map_or("nothing", String::as_str),
        )
    })
}
