//! One self-contained page: verdicts and timelines as plain HTML, and, with script, each story as
//! lanes over time with a cursor.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use serde::Serialize;

use crate::estimates::spoken;

use super::film::Film;
use super::{Evidence, Played, PromiseReport, Report, Verdict, cause, timeline};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n(() => {\n",
    include_str!("stage.js"),
    include_str!("page.js"),
    "})();\n"
);

/// What the page shows beside the report.
pub struct Html<'a> {
    pub report: &'a Report,
    /// The command that plays this rehearsal again.
    pub command: &'a str,
}

/// What the script reads.
#[derive(Serialize)]
struct Data<'a> {
    stories: Vec<Story<'a>>,
    marks: Vec<Mark>,
}

#[derive(Serialize)]
struct Story<'a> {
    id: &'a str,
    title: &'a str,
    settings: &'a str,
    film: Film,
}

/// One piece of evidence, on its story.
#[derive(Serialize)]
struct Mark {
    story: usize,
    seq: u64,
    at: u64,
    promise: &'static str,
    message: String,
    file: String,
    line: u32,
    chain: BTreeSet<u64>,
}

impl fmt::Display for Html<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let title = headline(report);
        writeln!(
            f,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>",
            text(&title)
        )?;
        writeln!(f, "<header>\n<h1>{}</h1>", text(&title))?;
        self.facts(f)?;
        writeln!(f, "</header>\n<main>")?;
        self.broken(f)?;
        self.promises(f)?;
        self.estimates(f)?;
        writeln!(
            f,
            "<section id=\"stage\" aria-labelledby=\"stage-title\" hidden>\n\
             <h2 id=\"stage-title\">A story over time</h2>\n<div id=\"stage-body\"></div>\n</section>"
        )?;
        self.stories(f)?;
        self.limits(f)?;
        self.files(f)?;
        writeln!(f, "</main>")?;
        writeln!(
            f,
            "<script type=\"application/json\" id=\"data\">{}</script>",
            json(&self.data())
        )?;
        writeln!(f, "<script>\n{SCRIPT}</script>\n</body>\n</html>")
    }
}

impl Html<'_> {
    fn data(&self) -> Data<'_> {
        let report = self.report;
        let titles = |id: &str| {
            report
                .scenarios
                .iter()
                .find(|s| s.id == id)
                .map(|s| s.title)
        };
        let stories = report.recordings.iter().map(|recording| Story {
            id: recording.scenario,
            title: titles(recording.scenario).unwrap_or("What the pipeline does when left alone"),
            settings: recording.settings,
            film: Film::of(&recording.events),
        });
        let stories: Vec<Story<'_>> = stories.collect();
        let marks = report
            .promises
            .iter()
            .flat_map(|promise| promise.evidence.iter().map(move |e| (promise.id, e)))
            .filter_map(|(promise, evidence)| {
                let recording = report.recordings.get(evidence.story)?;
                let event = recording
                    .events
                    .iter()
                    .rev()
                    .find(|e| e.seq <= evidence.seq)?;
                Some(Mark {
                    story: evidence.story,
                    seq: evidence.seq,
                    at: super::film::ms(event.at),
                    promise: promise.as_str(),
                    message: evidence.message.clone(),
                    file: evidence.file.clone(),
                    line: evidence.line,
                    chain: cause::chain(&recording.events, evidence.seq),
                })
            })
            .collect();
        Data { stories, marks }
    }

    fn facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let played = report
            .scenarios
            .iter()
            .filter(|s| s.verdict != Played::NotPlayed);
        let (count, seconds) =
            played.fold((0, 0.0), |(n, s), story| (n + 1, s + story.virtual_seconds));
        writeln!(
            f,
            "<p>{} kept, {} broken, {} not exercised · {count} stories, {:.0} virtual hours, seed {} · {}</p>",
            report.count(Verdict::Kept),
            report.count(Verdict::Broken),
            report.count(Verdict::NotExercised),
            seconds / 3600.0,
            report.seed,
            text(&report.pipeline.join(", ")),
        )?;
        command(f, "Play it again", self.command)
    }

    fn broken(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_shown =
            |p: &&PromiseReport| p.verdict == Verdict::Broken || p.with_defaults == Verdict::Broken;
        for promise in self.report.promises.iter().filter(is_shown) {
            let only_defaults = promise.verdict != Verdict::Broken;
            writeln!(
                f,
                "<section class=\"broken\" id=\"broken-{id}\">\n<h2><span class=\"verdict {class}\">{word}</span> {id}</h2>\n<p class=\"meaning\">{meaning}</p>",
                id = promise.id,
                class = if only_defaults { "defaults" } else { "broken" },
                word = if only_defaults {
                    "would be broken with GitHub's default settings"
                } else {
                    "broken"
                },
                meaning = text(promise.id.meaning()),
            )?;
            let wanted = |e: &&Evidence| only_defaults || e.settings == "declared";
            let mut evidence = promise.evidence.iter().filter(wanted);
            if let Some(first) = evidence.next() {
                self.evidence(f, first)?;
            }
            writeln!(
                f,
                "<p class=\"mend\"><b>Mend:</b> {}</p>",
                prose(promise.mend)
            )?;
            if let Some(first) = promise.evidence.iter().find(wanted) {
                command(f, "Replay", &format!("{} {}", self.command, first.replay()))?;
            }
            let rest: Vec<&Evidence> = evidence.collect();
            if !rest.is_empty() {
                writeln!(f, "<details><summary>{} more</summary>", rest.len())?;
                for evidence in rest {
                    self.evidence(f, evidence)?;
                }
                writeln!(f, "</details>")?;
            }
            writeln!(f, "</section>")?;
        }
        Ok(())
    }

    fn evidence(&self, f: &mut fmt::Formatter<'_>, evidence: &Evidence) -> fmt::Result {
        let sources = &self.report.subject.workflows;
        let source = sources
            .get(&evidence.file)
            .and_then(|source| source.lines().nth(evidence.line.saturating_sub(1) as usize))
            .map_or("", |line| line.trim().trim_start_matches("- "));
        let scenarios = &self.report.scenarios;
        let scenario = scenarios.iter().find(|s| s.id == evidence.scenario);
        writeln!(
            f,
            "<div class=\"evidence\">\n<p class=\"sentence\">{}.</p>\n\
             <p class=\"place\"><b>Where:</b> <a href=\"#{}\">{}:{}</a> <code>{}</code></p>",
            prose(&super::human::sentence(&evidence.message)),
            anchor(&evidence.file, evidence.line),
            text(&evidence.file),
            evidence.line,
            text(&excerpt(source)),
        )?;
        writeln!(
            f,
            "<p class=\"story-title\"><b>Story:</b> {} \
             (<a class=\"to-story\" data-story=\"{}\" data-seq=\"{}\" href=\"#story-{}\">{}</a>{})</p>",
            text(scenario.map_or("what the pipeline does when left alone", |s| s.title)),
            evidence.story,
            evidence.seq,
            evidence.story,
            evidence.scenario,
            if evidence.settings == "defaults" {
                ", with GitHub's default settings"
            } else {
                ""
            },
        )?;
        if let Some(recording) = self.report.recordings.get(evidence.story) {
            let chain = cause::chain(&recording.events, evidence.seq);
            let lines = timeline::told(&recording.events, &chain);
            // So that a long way to it fits on a screen, with its beginning and its end.
            let folded = match lines.len() {
                0..=SHOWN => 0..0,
                many => SHOWN_FIRST..many - (SHOWN - SHOWN_FIRST),
            };
            writeln!(f, "<ol class=\"chain\" aria-label=\"What led to it\">")?;
            for (at, line) in lines.iter().enumerate() {
                if !folded.is_empty() && at == folded.start {
                    writeln!(
                        f,
                        "<li class=\"fold\"><details><summary>{} more steps</summary>\n<ol class=\"chain\">",
                        folded.len()
                    )?;
                }
                if !folded.is_empty() && at == folded.end {
                    writeln!(f, "</ol></details></li>")?;
                }
                let (class, mark) = match line.seq == evidence.seq {
                    true => (
                        " class=\"here\"",
                        " <span class=\"turn\">broken from here on</span>",
                    ),
                    false => ("", ""),
                };
                writeln!(
                    f,
                    "<li{class}><time>{}</time> <b>{}</b> {}{mark}</li>",
                    line.time,
                    text(&line.who),
                    prose(&line.what)
                )?;
            }
            writeln!(f, "</ol>")?;
        }
        writeln!(f, "</div>")
    }

    fn promises(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "<section>\n<h2>Promises</h2>\n<table>\n<thead><tr><th scope=\"col\">Promise</th>\
             <th scope=\"col\">As declared</th><th scope=\"col\">GitHub's defaults</th>\
             <th scope=\"col\">Stories</th></tr></thead>\n<tbody>"
        )?;
        for promise in &self.report.promises {
            writeln!(
                f,
                "<tr><th scope=\"row\"><code>{}</code><br><span class=\"meaning\">{}</span></th>\
                 <td>{}</td><td>{}</td><td>",
                promise.id,
                text(promise.id.meaning()),
                word(promise.verdict),
                word(promise.with_defaults)
            )?;
            for (at, story) in promise.scenarios.iter().enumerate() {
                let separator = if at > 0 { ", " } else { "" };
                let of = self
                    .report
                    .recordings
                    .iter()
                    .position(|r| r.scenario == *story);
                match of {
                    Some(of) => write!(
                        f,
                        "{separator}<a class=\"to-story\" data-story=\"{of}\" href=\"#story-{of}\">{story}</a>"
                    )?,
                    None => write!(f, "{separator}{story}")?,
                }
            }
            writeln!(f, "</td></tr>")?;
        }
        writeln!(f, "</tbody>\n</table>\n</section>")
    }

    fn estimates(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.report.estimates.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "<section id=\"estimates\">\n<h2>How long it takes</h2>\n<table>\n<thead><tr><th scope=\"col\">From, until</th>\
             <th scope=\"col\">Median</th><th scope=\"col\">Shortest</th><th scope=\"col\">Nine of ten within</th>\
             <th scope=\"col\">Longest</th><th scope=\"col\">Cases</th></tr></thead>\n<tbody>"
        )?;
        for estimate in &self.report.estimates {
            writeln!(
                f,
                "<tr><th scope=\"row\">{}<br><span class=\"meaning\">{}</span></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                estimate.id.title(),
                text(estimate.id.meaning()),
                spoken(estimate.median_seconds),
                spoken(estimate.min_seconds),
                spoken(estimate.p90_seconds),
                spoken(estimate.max_seconds),
                estimate.cases,
            )?;
        }
        writeln!(f, "</tbody>\n</table>\n</section>")
    }

    /// Every story as a list: what a reader without script has.
    fn stories(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "<section>\n<h2>Stories</h2>")?;
        for (at, recording) in self.report.recordings.iter().enumerate() {
            let scenario = self
                .report
                .scenarios
                .iter()
                .find(|s| s.id == recording.scenario);
            writeln!(
                f,
                "<details class=\"story\" id=\"story-{at}\"><summary><code>{}</code>{} {}{}</summary>\n<ol class=\"chain\">",
                recording.scenario,
                if recording.settings == "defaults" {
                    " with GitHub's default settings"
                } else {
                    ""
                },
                text(scenario.map_or("", |s| s.title)),
                match scenario.and_then(|s| s.note.as_deref()) {
                    Some(note) => format!(" <span class=\"meaning\">({})</span>", text(note)),
                    None => String::new(),
                },
            )?;
            for line in timeline::lines(&recording.events) {
                writeln!(
                    f,
                    "<li><time>{}</time> <b>{}</b> {}</li>",
                    line.time,
                    text(&line.who),
                    prose(&line.what)
                )?;
            }
            writeln!(f, "</ol>\n</details>")?;
        }
        for scenario in &self.report.scenarios {
            if scenario.verdict == Played::NotPlayed {
                writeln!(
                    f,
                    "<p><code>{}</code> was not played: {}</p>",
                    scenario.id,
                    text(scenario.note.as_deref().unwrap_or(""))
                )?;
            }
        }
        writeln!(f, "</section>")
    }

    fn limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, lines) in [
            ("Assumed", &self.report.assumptions),
            ("Not modelled", &self.report.not_modelled),
        ] {
            if lines.is_empty() {
                continue;
            }
            writeln!(f, "<section>\n<h2>{title}</h2>\n<ul>")?;
            for line in lines {
                writeln!(f, "<li>{}</li>", prose(line))?;
            }
            writeln!(f, "</ul>\n</section>")?;
        }
        Ok(())
    }

    /// The workflow files, with a place for every line to link to.
    fn files(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "<section id=\"files\">\n<h2>Workflow files</h2>")?;
        for (file, source) in &self.report.subject.workflows {
            writeln!(
                f,
                "<details class=\"file\"><summary><code>{}</code></summary>\n<pre tabindex=\"0\" aria-label=\"{}\">",
                text(file),
                text(file)
            )?;
            for (at, line) in source.lines().enumerate() {
                writeln!(
                    f,
                    "<span class=\"line\" id=\"{}\"><span class=\"number\">{}</span>{}</span>",
                    anchor(file, at as u32 + 1),
                    at + 1,
                    text(line)
                )?;
            }
            writeln!(f, "</pre></details>")?;
        }
        writeln!(f, "</section>")
    }
}

/// How many steps that led to a broken promise are shown at once, and how many of them first.
const SHOWN: usize = 11;
const SHOWN_FIRST: usize = 4;

/// The beginning of a line of a file.
fn excerpt(line: &str) -> String {
    const MOST: usize = 90;
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// The sentence that a reader takes away.
fn headline(report: &Report) -> String {
    let broken: Vec<&str> = report
        .promises
        .iter()
        .filter(|promise| promise.verdict == Verdict::Broken)
        .map(|promise| promise.id.as_str())
        .collect();
    match broken.as_slice() {
        [] if report.is_empty() => "Nothing was judged".into(),
        [] => format!("{} promises kept, none broken", report.count(Verdict::Kept)),
        [one] => format!("The pipeline breaks the promise {one}"),
        [first, rest @ ..] => format!(
            "The pipeline breaks {first} and {} more promises",
            rest.len()
        ),
    }
}

fn word(verdict: Verdict) -> String {
    let class = match verdict {
        Verdict::Kept => "kept",
        Verdict::Broken => "broken",
        Verdict::NotExercised => "not",
    };
    format!(
        "<span class=\"verdict {class}\">{}</span>",
        verdict.as_str()
    )
}

fn command(f: &mut fmt::Formatter<'_>, label: &str, command: &str) -> fmt::Result {
    writeln!(
        f,
        "<p class=\"command\">{label}: <code>{0}</code> <button type=\"button\" class=\"copy\" data-copy=\"{0}\" hidden>Copy</button></p>",
        text(command)
    )
}

/// An id that holds nothing but letters, digits, `-` and `_`.
fn anchor(file: &str, line: u32) -> String {
    let mut id = String::from("file-");
    for c in file.chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => id.push(c),
            // Writing to a string cannot fail.
            other => {
                let _ = write!(id, "_{:x}_", other as u32);
            }
        }
    }
    format!("{id}-{line}")
}

/// Text for HTML, also within quotes; what would turn the direction of text is shown by name.
fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\t' => safe.push('\t'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(safe, "[U+{:04X}]", c as u32);
            }
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// A sentence in which `code` stands between backticks.
fn prose(raw: &str) -> String {
    let parts: Vec<&str> = raw.split('`').collect();
    // Without a partner the last backtick is a character like others.
    let pairs = (parts.len() - 1) / 2 * 2;
    let mut html = String::new();
    for (at, part) in parts.iter().enumerate() {
        match at {
            0 => {}
            _ if at > pairs => html.push('`'),
            _ if at % 2 == 1 => html.push_str("<code>"),
            _ => html.push_str("</code>"),
        }
        html.push_str(&text(part));
    }
    html
}

/// JSON that cannot end the element that it stands in.
fn json(data: &Data<'_>) -> String {
    let plain = serde_json::to_string(data).expect("plain data with text keys is JSON");
    plain
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
