//! `lockkeeper explain`

mod commit;

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::{Args as ClapArgs, ValueEnum};
use lockkeeper_policy::{
    Change, Claim, Contradiction, Effect, Place, ReadError, Reading, Source, Sources, Statement,
    Status,
};

use crate::exit::{self, Failure};
use crate::printable::{printable, printable_page};

/// Show how the deployment rules in CLAUDE.md are read, and what is not understood
///
/// Reads CLAUDE.md and AGENTS.md and what they import. Each statement of a section about deployment
/// is shown with its place, what it sets, and how lockkeeper would say it; what no rule accounts for
/// is underlined, with the nearest sentence that would be understood. Values that no rule states
/// are listed first, with the convention that they come from.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper explain                      the rules of the repository in this directory
  lockkeeper explain examples/node-api    of another one
  lockkeeper explain --format json        for programs: the policy, and where each value comes from
  lockkeeper explain --as-prose           the whole policy in sentences that are understood
  lockkeeper explain --strict             refuse values that are assumed
  lockkeeper explain --base origin/main   what a branch changes in the rules, and what it weakens

Exit status: 0 all is understood, 1 something is not understood, contradictory, (with --strict)
assumed or (with --base) weakened, 2 there is nothing to read.")]
pub(crate) struct Args {
    /// The repository's directory
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// How to print what was read
    #[arg(long, value_enum, default_value_t = Format::Human, conflicts_with = "as_prose")]
    format: Format,
    /// Print the whole policy as rules, ready to be pasted into CLAUDE.md
    #[arg(long)]
    as_prose: bool,
    /// Take a value that is assumed for a fault
    #[arg(long)]
    strict: bool,
    /// Compare with the rules of this commit, branch or tag
    #[arg(long, value_name = "REF", conflicts_with = "as_prose")]
    base: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let sources = lockkeeper_policy::load(&args.directory).map_err(unusable)?;
    let reading = lockkeeper_policy::read(&sources).map_err(unusable)?;
    let assumes = reading.assumptions().next().is_some();
    let base = args
        .base
        .as_deref()
        .map(|name| Base::read(&args.directory, name, &reading))
        .transpose()?;
    let weakens = base.as_ref().is_some_and(Base::weakens);
    let fine = reading.is_clean() && !(args.strict && assumes) && !weakens;
    if args.as_prose {
        print(&lockkeeper_policy::prose(&reading.policy))?;
        if !fine {
            let why = "not all of the rules are in these sentences: `lockkeeper explain` shows why";
            writeln!(anstream::stderr(), "{why}").ok();
        }
    } else if args.format == Format::Json {
        let json = json(&reading, base.as_ref())
            .map_err(|error| Failure::machine(format!("cannot write JSON: {error}")))?;
        print(&format!("{json}\n"))?;
    } else {
        let page = Page {
            sources: &sources,
            reading: &reading,
            strict: args.strict,
            base: base.as_ref(),
        };
        print(&printable_page(&page.render()))?;
    }
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// What the rules were before, at a commit.
struct Base {
    name: String,
    /// The directory had rules then.
    had_rules: bool,
    changes: Vec<Change>,
}

impl Base {
    fn read(directory: &Path, name: &str, now: &Reading) -> Result<Self, Failure> {
        let commit = commit::Commit::find(directory, name)?;
        let (sources, had_rules) = match lockkeeper_policy::load_from(&commit, directory) {
            Ok(sources) => (sources, true),
            Err(ReadError::NoRules { .. }) => (Sources::default(), false),
            Err(error) => return Err(Failure::usage(format!("at {name}: {error}"))),
        };
        let earlier = lockkeeper_policy::read(&sources).map_err(unusable)?;
        Ok(Self {
            name: name.to_owned(),
            had_rules,
            changes: lockkeeper_policy::changes(&earlier, now),
        })
    }

    fn weakens(&self) -> bool {
        let mut effects = self.changes.iter().map(|change| change.effect);
        effects.any(|effect| effect == Effect::Weakens)
    }
}

fn json(reading: &Reading, base: Option<&Base>) -> serde_json::Result<String> {
    #[derive(serde::Serialize)]
    struct Compared<'a> {
        #[serde(flatten)]
        reading: &'a Reading,
        base: &'a str,
        changes: &'a [Change],
    }
    match base {
        None => serde_json::to_string_pretty(reading),
        Some(base) => serde_json::to_string_pretty(&Compared {
            reading,
            base: &base.name,
            changes: &base.changes,
        }),
    }
}

fn print(text: &str) -> Result<(), Failure> {
    exit::printed(anstream::stdout().write_all(text.as_bytes()))
}

fn unusable(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::NoRules { .. } => {
            "\n\nWrite the rules into a CLAUDE.md there, in a section such as this one:\n\n  \
             ## Deployment rules\n\n  \
             - Pull requests are required\n  \
             - Staging deploys automatically on merge to `main`\n  \
             - Production deploys require manual approval\n\n\
             The rules that are read are listed in docs/rules.md."
        }
        ReadError::NotUtf8 { .. } => "\n\nSave the file as UTF-8.",
        ReadError::ImportMissing { .. } => {
            "\n\nCorrect the path, or put it between backticks if it is no import."
        }
        _ => "",
    };
    Failure::usage(format!("{error}{hint}"))
}

/// Everything that a person is shown.
struct Page<'a> {
    sources: &'a Sources,
    reading: &'a Reading,
    strict: bool,
    base: Option<&'a Base>,
}

impl Page<'_> {
    fn render(&self) -> String {
        let renderer = Renderer::styled().decor_style(DecorStyle::Ascii);
        let mut text = String::new();
        let mut add = |group: Group<'_>| {
            text.push_str(&renderer.render(&[group]));
            text.push_str("\n\n");
        };
        self.assumptions().for_each(&mut add);
        self.skipped().for_each(&mut add);
        for contradiction in &self.reading.contradictions {
            self.contradiction(contradiction).map(&mut add);
        }
        for statement in &self.reading.statements {
            self.statement(statement).map(&mut add);
        }
        if let Some(base) = self.base {
            for change in &base.changes {
                text.push_str(&renderer.render(&[self.change(base, change)]));
                text.push_str("\n\n");
            }
        }
        text.push_str(&self.summary());
        text
    }

    fn change<'b>(&'b self, base: &'b Base, change: &'b Change) -> Group<'b> {
        let (level, name) = match change.effect {
            Effect::Weakens => (Level::ERROR, "weaker"),
            Effect::Alters => (Level::WARNING, "changed"),
            Effect::Strengthens => (Level::INFO, "stronger"),
        };
        let (pointer, then) = (&change.pointer, &base.name);
        let title = match (&change.was, &change.now) {
            (Some(was), Some(now)) => format!("{pointer} was {was} at {then}, and is {now} now"),
            (Some(was), None) => format!("{pointer} was {was} at {then}, and no rule sets it now"),
            (None, now) => {
                let now = now.as_deref().unwrap_or_default();
                format!("{pointer} is {now} now, and no rule set it at {then}")
            }
        };
        let mut group = Group::with_title(level.with_name(name).primary_title(printable(&title)));
        let statement = change
            .now_said
            .as_ref()
            .and_then(|place| self.statement_at(place));
        if let Some(snippet) = statement.and_then(|statement| {
            self.snippet(statement, std::slice::from_ref(&statement.span), None)
        }) {
            group = group.element(snippet);
        }
        if let Some(place) = &change.was_said {
            let said = format!("{}:{} said so at {}", place.source, place.line, base.name);
            group = group.element(Level::NOTE.message(printable(&said)));
        }
        group
    }

    fn statement_at(&self, place: &Place) -> Option<&Statement> {
        let mut statements = self.reading.statements.iter();
        statements
            .find(|statement| statement.source == place.source && statement.line == place.line)
    }

    /// Conventions first: they may be wrong.
    fn assumptions(&self) -> impl Iterator<Item = Group<'static>> {
        let level = || {
            if self.strict {
                Level::ERROR
            } else {
                Level::WARNING
            }
        };
        self.reading.assumptions().map(move |(pointer, why)| {
            let title = format!("{pointer} = {}: {why}", self.value(pointer));
            Group::with_title(
                level()
                    .with_name("assumed")
                    .primary_title(printable(&title)),
            )
        })
    }

    fn value(&self, pointer: &str) -> String {
        let policy = serde_json::to_value(&self.reading.policy).unwrap_or_default();
        match policy.pointer(pointer) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => "nothing".to_owned(),
        }
    }

    fn skipped(&self) -> impl Iterator<Item = Group<'static>> {
        self.sources.skipped.iter().map(|import| {
            let title = format!(
                "{}:{}: {} is not this repository's, so nobody else could read its rules",
                import.source, import.line, import.path
            );
            Group::with_title(
                Level::WARNING
                    .with_name("not read")
                    .primary_title(printable(&title)),
            )
        })
    }

    fn contradiction<'b>(&'b self, contradiction: &'b Contradiction) -> Option<Group<'b>> {
        let title = format!(
            "{} cannot be {} and {}",
            contradiction.pointer, contradiction.first.value, contradiction.second.value
        );
        let claim = |claim: &'b Claim| {
            let statement = self.reading.statements.get(claim.statement)?;
            let label = format!("{} here", claim.value);
            self.snippet(
                statement,
                std::slice::from_ref(&statement.span),
                Some(label),
            )
        };
        let mut group = Group::with_title(Level::ERROR.primary_title(printable(&title)));
        group = group.element(claim(&contradiction.first)?);
        group = group.element(claim(&contradiction.second)?);
        Some(group.element(Level::HELP.message("remove or change one of the two")))
    }

    fn statement<'b>(&'b self, statement: &'b Statement) -> Option<Group<'b>> {
        let contradicts = self.reading.contradictions.iter().any(|c| {
            [c.first.statement, c.second.statement]
                .iter()
                .any(|at| std::ptr::eq(&self.reading.statements[*at], statement))
        });
        if contradicts {
            return None;
        }
        let canonical = statement.canonical.as_deref().unwrap_or("a given");
        let note = statement.note.as_deref();
        let whole = std::slice::from_ref(&statement.span);
        if statement.status == Status::NotUnderstood {
            let title = note.unwrap_or("these words are part of no rule");
            let title = Level::ERROR
                .with_name("not understood")
                .primary_title(printable(title));
            let marked = if statement.leftover.is_empty() {
                whole
            } else {
                &statement.leftover
            };
            let mut group =
                Group::with_title(title).element(self.snippet(statement, marked, None)?);
            if let Some(nearest) = &statement.canonical {
                group = group.element(Level::HELP.message(printable(&format!(
                    "the nearest sentence that is understood: {nearest}"
                ))));
            }
            return Some(group);
        }
        let (level, name) = match statement.status {
            Status::Partial => (Level::WARNING, "partial"),
            Status::OutsideScope => (Level::WARNING, "outside scope"),
            Status::Noted => (Level::INFO, "noted"),
            _ => (Level::INFO, "enforced"),
        };
        let title = level.with_name(name).primary_title(printable(canonical));
        let label =
            (!statement.sets.is_empty()).then(|| format!("sets {}", statement.sets.join(", ")));
        let mut group = Group::with_title(title).element(self.snippet(statement, whole, label)?);
        if statement.status == Status::OutsideScope {
            let why = "it is not enforced: move it into a section about deployment if it is a rule";
            group = group.element(Level::HELP.message(why));
        }
        if let Some(note) = note {
            group = group.element(Level::NOTE.message(printable(note)));
        }
        Some(group)
    }

    /// The lines of a statement, with these parts underlined.
    fn snippet<'b>(
        &'b self,
        statement: &'b Statement,
        marked: &[Range<usize>],
        label: Option<String>,
    ) -> Option<Snippet<'b, annotate_snippets::Annotation<'b>>> {
        let source: &Source = self
            .sources
            .files
            .iter()
            .find(|source| source.name == statement.source)?;
        let text = source.text.as_str();
        let start = text[..statement.span.start]
            .rfind('\n')
            .map_or(0, |at| at + 1);
        let end = text[statement.span.end..]
            .find('\n')
            .map_or(text.len(), |at| statement.span.end + at);
        let mut snippet = Snippet::source(text[start..end].trim_end_matches('\r'))
            .line_start(statement.line)
            .path(printable(&source.name));
        for (at, part) in marked.iter().enumerate() {
            let annotation = AnnotationKind::Primary.span(part.start - start..part.end - start);
            snippet = snippet.annotation(match (&label, at) {
                (Some(label), 0) => annotation.label(printable(label)),
                _ => annotation,
            });
        }
        Some(snippet)
    }

    fn summary(&self) -> String {
        let count = |status| {
            self.reading
                .statements
                .iter()
                .filter(|s| s.status == status)
                .count()
        };
        let contradictions = self.reading.contradictions.len();
        let parts = [
            (count(Status::Enforced), "enforced"),
            (count(Status::Partial), "partial"),
            (count(Status::Noted), "noted"),
            (count(Status::NotUnderstood), "not understood"),
            (count(Status::OutsideScope), "outside scope"),
            (
                contradictions,
                if contradictions == 1 {
                    "contradiction"
                } else {
                    "contradictions"
                },
            ),
            (self.reading.assumptions().count(), "assumed"),
        ];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, name)| format!("{number} {name}"))
            .collect();
        let files: Vec<&str> = self
            .sources
            .files
            .iter()
            .map(|source| source.name.as_str())
            .collect();
        let files = printable(&files.join(", "));
        let compared = self.base.map(|base| {
            let count = |effect| {
                let changes = base.changes.iter();
                changes.filter(|change| change.effect == effect).count()
            };
            let name = printable(&base.name);
            if !base.had_rules {
                return format!("there were no rules at {name}\n");
            }
            format!(
                "since {name}: {} weaker, {} changed, {} stronger\n",
                count(Effect::Weakens),
                count(Effect::Alters),
                count(Effect::Strengthens)
            )
        });
        let compared = compared.unwrap_or_default();
        if shown.is_empty() {
            format!(
                "{files}: no rules about deployment. Sections are read whose heading is about deployment, release, CI/CD, pipelines, environments, infrastructure or rollback.\n{compared}"
            )
        } else {
            format!("{files}: {}\n{compared}", shown.join(", "))
        }
    }
}
