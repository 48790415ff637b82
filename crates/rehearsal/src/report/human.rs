//! The report for a tired person: verdicts first, then what broke, where, when, and the way out.

use std::fmt::{self, Write};

use crate::estimates::spoken;

use super::{Evidence, Played, PromiseReport, Report, Verdict, timeline};

/// Styles as ANSI sequences; empty where colour is not wanted.
struct Ink {
    good: &'static str,
    bad: &'static str,
    dim: &'static str,
    bold: &'static str,
    end: &'static str,
}

const COLOUR: Ink = Ink {
    good: "\u{1b}[32m",
    bad: "\u{1b}[1;31m",
    dim: "\u{1b}[2m",
    bold: "\u{1b}[1m",
    end: "\u{1b}[0m",
};
const PLAIN: Ink = Ink {
    good: "",
    bad: "",
    dim: "",
    bold: "",
    end: "",
};

/// Whether a terminal does something with it in place of showing it: moves, rings, or turns the
/// direction of what follows.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What a terminal gets: the styles of `ink`, and of all other text only what can be seen. Logs and
/// workflows hold what strangers wrote.
struct Printable<'a, 'f> {
    to: &'a mut fmt::Formatter<'f>,
    ink: &'a Ink,
}

impl Write for Printable<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Ink {
            good,
            bad,
            dim,
            bold,
            end,
        } = *self.ink;
        if [good, bad, dim, bold, end].contains(&text) {
            return self.to.write_str(text);
        }
        for (at, part) in text.split(|c| c != '\n' && is_obeyed(c)).enumerate() {
            if at > 0 {
                self.to.write_char('\u{fffd}')?;
            }
            self.to.write_str(part)?;
        }
        Ok(())
    }
}

/// A report as text.
pub struct Human<'a> {
    pub report: &'a Report,
    pub colour: bool,
    /// Every piece of evidence instead of the first of each promise.
    pub verbose: bool,
}

impl fmt::Display for Human<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ink = if self.colour { &COLOUR } else { &PLAIN };
        let f = &mut Printable { to: f, ink };
        self.verdicts(f, ink)?;
        for promise in self
            .report
            .promises
            .iter()
            .filter(|p| p.verdict == Verdict::Broken || p.with_defaults == Verdict::Broken)
        {
            self.broken(f, ink, promise)?;
        }
        self.notes(f, ink)?;
        self.estimates(f, ink)?;
        self.limits(f, ink)?;
        self.summary(f, ink)
    }
}

impl Human<'_> {
    fn verdicts(&self, f: &mut Printable<'_, '_>, ink: &Ink) -> fmt::Result {
        let width = self
            .report
            .promises
            .iter()
            .map(|promise| promise.id.as_str().len())
            .max()
            .unwrap_or(0);
        for promise in &self.report.promises {
            let (mark, style) = match promise.verdict {
                Verdict::Kept => ("kept", ink.good),
                Verdict::Broken => ("BROKEN", ink.bad),
                Verdict::NotExercised => ("not exercised", ink.dim),
            };
            write!(
                f,
                "  {:width$}  {style}{mark}{}",
                promise.id.as_str(),
                ink.end
            )?;
            if promise.with_defaults != promise.verdict {
                write!(
                    f,
                    "{}   with GitHub's default settings: {}{}",
                    ink.dim,
                    promise.with_defaults.as_str(),
                    ink.end
                )?;
            }
            writeln!(f)?;
        }
        Ok(())
    }

    fn broken(&self, f: &mut Printable<'_, '_>, ink: &Ink, promise: &PromiseReport) -> fmt::Result {
        let only_defaults = promise.verdict != Verdict::Broken;
        let (ink_of, words) = if only_defaults {
            (ink.bold, "would be broken with GitHub's default settings")
        } else {
            (ink.bad, "is broken")
        };
        writeln!(f, "\n{ink_of}{}{} {words}", promise.id, ink.end)?;
        let wanted = |evidence: &&Evidence| only_defaults || evidence.settings == "declared";
        let shown = if self.verbose { usize::MAX } else { 1 };
        for evidence in promise.evidence.iter().filter(wanted).take(shown) {
            self.evidence(f, ink, evidence)?;
        }
        let more = promise
            .evidence
            .iter()
            .filter(wanted)
            .count()
            .saturating_sub(shown);
        if more > 0 {
            writeln!(
                f,
                "  {}and {more} more {}: --verbose shows them all{}",
                ink.dim,
                if more == 1 { "time" } else { "times" },
                ink.end
            )?;
        }
        write!(f, "  mend: ")?;
        wrapped(f, promise.mend, "        ")
    }

    fn evidence(&self, f: &mut Printable<'_, '_>, ink: &Ink, evidence: &Evidence) -> fmt::Result {
        write!(f, "  ")?;
        wrapped(f, &format!("{}.", sentence(&evidence.message)), "  ")?;
        writeln!(
            f,
            "  {}--> {}:{}{}",
            ink.dim, evidence.file, evidence.line, ink.end
        )?;
        if let Some(text) = self.report.subject.workflows.get(&evidence.file) {
            for (number, line) in excerpt(text, evidence.line) {
                let mark = if number == evidence.line { ">" } else { " " };
                let line = fitted(line);
                writeln!(f, "  {mark}{}{number:>4} |{} {line}", ink.dim, ink.end)?;
            }
        }
        let Some(recording) = self.report.recordings.get(evidence.story) else {
            return Ok(());
        };
        match &evidence.schedule {
            Some(schedule) => writeln!(f, "  in the schedule `{schedule}`:")?,
            None => writeln!(f, "  in the story `{}`:", evidence.scenario)?,
        }
        let lines = timeline::around(&recording.events, evidence.seq, 9, 2);
        let who = lines
            .iter()
            .map(|line| line.who.chars().count())
            .max()
            .unwrap_or(0)
            .min(48);
        let marked = lines
            .iter()
            .map(|line| line.seq)
            .filter(|seq| *seq <= evidence.seq)
            .max();
        for line in lines {
            let mark = if Some(line.seq) == marked { ">" } else { " " };
            writeln!(
                f,
                "   {mark}{}{}{}  {:who$}  {}",
                ink.dim, line.time, ink.end, line.who, line.what
            )?;
        }
        Ok(())
    }

    /// Stories that were not played to their end, by reason.
    fn notes(&self, f: &mut Printable<'_, '_>, ink: &Ink) -> fmt::Result {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for scenario in &self.report.scenarios {
            let Some(note) = &scenario.note else { continue };
            match reasons.iter_mut().find(|(reason, _)| reason == note) {
                Some((_, stories)) => stories.push(scenario.id),
                None => reasons.push((note, vec![scenario.id])),
            }
        }
        if !reasons.is_empty() {
            writeln!(
                f,
                "\n{}stories not played to their end{}",
                ink.bold, ink.end
            )?;
        }
        for (reason, stories) in reasons {
            write!(f, "  - ")?;
            wrapped(f, &format!("{}: {reason}", stories.join(", ")), "    ")?;
        }
        Ok(())
    }

    fn estimates(&self, f: &mut Printable<'_, '_>, ink: &Ink) -> fmt::Result {
        let estimates = &self.report.estimates;
        if estimates.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{}how long it takes{}", ink.bold, ink.end)?;
        for estimate in estimates {
            writeln!(
                f,
                "  {:26} {}{}{}{}",
                estimate.id.title(),
                spoken(estimate.median_seconds),
                ink.dim,
                estimate.spread(),
                ink.end
            )?;
        }
        Ok(())
    }

    fn limits(&self, f: &mut Printable<'_, '_>, ink: &Ink) -> fmt::Result {
        for (title, lines) in [
            ("assumed", &self.report.assumptions),
            ("not modelled", &self.report.not_modelled),
            ("isolation that was missing", &self.report.isolation_missing),
        ] {
            if !lines.is_empty() {
                writeln!(f, "\n{}{title}{}", ink.bold, ink.end)?;
                for line in lines {
                    write!(f, "  - ")?;
                    wrapped(f, line, "    ")?;
                }
            }
        }
        Ok(())
    }

    fn summary(&self, f: &mut Printable<'_, '_>, ink: &Ink) -> fmt::Result {
        let report = self.report;
        let (kept, broken, not) = (
            report.count(Verdict::Kept),
            report.count(Verdict::Broken),
            report.count(Verdict::NotExercised),
        );
        let played = report
            .scenarios
            .iter()
            .filter(|scenario| scenario.verdict != Played::NotPlayed)
            .count();
        if played == 0 {
            write!(f, "\n{}nothing was judged{}\n  ", ink.bad, ink.end)?;
            let why = "No workflow was seen to deploy the service that the rules name, or to check \
                       pull requests. Rules that name service and cluster, such as `Runtime: ECS \
                       Fargate (service: shop-api, cluster: shop-cluster)` in a section on \
                       deployment of CLAUDE.md, tell a rehearsal what to watch.";
            return wrapped(f, why, "  ");
        }
        let hours = report
            .scenarios
            .iter()
            .map(|scenario| scenario.virtual_seconds)
            .sum::<f64>()
            / 3600.0;
        let style = if broken > 0 { ink.bad } else { ink.good };
        writeln!(
            f,
            "\n{style}{kept} kept, {broken} broken, {not} not exercised{}: {played} stories, {hours:.0} virtual hours, seed {}",
            ink.end, report.seed
        )
    }
}

/// The line with one before and up to three after.
fn excerpt(text: &str, line: u32) -> Vec<(u32, &str)> {
    let from = line.saturating_sub(1).max(1);
    text.lines()
        .enumerate()
        .map(|(at, text)| (at as u32 + 1, text))
        .filter(|(number, _)| (from..=line + 3).contains(number))
        .collect()
}

/// A line of a workflow without the blanks between its words, which are often many.
fn fitted(line: &str) -> String {
    const WIDTH: usize = 90;
    let words = line.trim_start();
    let mut fitted = line[..line.len() - words.len()].to_owned();
    fitted.push_str(&words.split_whitespace().collect::<Vec<_>>().join(" "));
    if fitted.chars().count() > WIDTH {
        fitted = fitted.chars().take(WIDTH - 1).collect();
        fitted.push('…');
    }
    fitted.trim_end().to_owned()
}

/// With a capital letter, unless it begins with a digest.
pub(super) fn sentence(text: &str) -> String {
    let is_word = |word: &str| word.chars().all(|c| !c.is_ascii_digit());
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if text.split(' ').next().is_some_and(is_word) => {
            first.to_uppercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Breaks a text into lines of at most 100 characters; the first one is begun already.
fn wrapped(f: &mut Printable<'_, '_>, text: &str, indent: &str) -> fmt::Result {
    let mut column = indent.len();
    for (at, word) in text.split_whitespace().enumerate() {
        let length = word.chars().count();
        if at > 0 && column + 1 + length > 100 {
            write!(f, "\n{indent}")?;
            column = indent.len();
        } else if at > 0 {
            write!(f, " ")?;
            column += 1;
        }
        write!(f, "{word}")?;
        column += length;
    }
    writeln!(f)
}
