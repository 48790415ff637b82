//! `lockkeeper generate`

mod diff;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use lockkeeper_pipeline::{GeneratedFile, Pins, Plan, Stack, Standing, compare, plan};
use lockkeeper_policy::Status;
use serde_json::json;

use crate::exit::{self, Failure};
use crate::printable::printable;

/// Write the pipeline that keeps the rules: workflows, deploy scripts, AWS roles, DEPLOYMENT.md
///
/// The same rules and repository give the same bytes. Files that somebody edited are not touched
/// without --force; newer action pins, as Dependabot and Renovate write them, are kept.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  lockkeeper generate              for the repository in this directory
  lockkeeper generate --dry-run    only say what would be written
  lockkeeper generate --diff       show it, line by line
  lockkeeper generate --check      in CI: exit 1 if the pipeline is not what the rules ask for
  lockkeeper generate --force      overwrite edits by hand, too

Exit status: 0 all well, 1 drift or edited files, 2 unusable input, 3 this machine failed.")]
pub(crate) struct Args {
    /// The repository's directory
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// Write nothing; exit 1 if a file is missing or means something else than the rules
    #[arg(long, conflicts_with_all = ["dry_run", "force"])]
    check: bool,
    /// Write nothing; say what would be written
    #[arg(long)]
    dry_run: bool,
    /// Write nothing; show as a unified diff what would change, edits by hand among it
    #[arg(long, conflicts_with_all = ["force", "format"])]
    diff: bool,
    /// Overwrite files that were edited by hand
    #[arg(long)]
    force: bool,
    /// Refuse to assume what no rule says
    #[arg(long)]
    strict: bool,
    /// How to print what was done
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// Files larger than this were not written by us.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// A generated file, what the repository has in its place, and what is done about it.
struct Compared {
    file: GeneratedFile,
    present: Option<Vec<u8>>,
    standing: Standing,
    action: Action,
}

/// What is done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Write,
    Keep,
    /// It was edited, and nobody said that it may be overwritten.
    Refuse,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    lockkeeper_policy::load(&args.directory).map_err(|error| Failure::usage(error.to_string()))?;
    let reading = crate::rules::read(&args.directory)?;
    let stack =
        Stack::detect(&args.directory).map_err(|error| Failure::usage(error.to_string()))?;
    let plan = plan(&reading, &stack).map_err(|error| Failure::usage(error.to_string()))?;
    if let (true, Some(first)) = (args.strict, plan.assumptions.first()) {
        return Err(Failure::usage(format!(
            "no rule says it, and --strict refuses to assume: {first}"
        )));
    }
    let files = files(&plan, args)?;
    let refused = files
        .iter()
        .any(|compared| compared.action == Action::Refuse);
    let writes = !args.check && !args.dry_run && !args.diff && !refused;
    if writes {
        let changed: Vec<&GeneratedFile> = files
            .iter()
            .filter(|compared| compared.action == Action::Write)
            .map(|compared| &compared.file)
            .collect();
        write_all(&args.directory, &changed)?;
    }
    let drift = files.iter().any(|compared| compared.standing.is_drift());
    let failed = if args.check { drift } else { refused };
    let kept = files.iter().all(|compared| compared.action == Action::Keep);
    // What it said the first time is in DEPLOYMENT.md.
    if writes && kept && args.format == Format::Human {
        return Ok(ExitCode::SUCCESS);
    }
    exit::printed(match args.format {
        _ if args.diff => differences(&mut anstream::stdout(), args, &files),
        Format::Human => human(&mut anstream::stdout(), args, &plan, &files, failed),
        Format::Json => programs(&mut anstream::stdout(), &plan, &files, writes),
    })?;
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

const fn action(standing: Standing, args: &Args) -> Action {
    match standing {
        Standing::Same | Standing::SameMeaning => Action::Keep,
        Standing::Missing | Standing::Outdated | Standing::Reworded => Action::Write,
        Standing::Edited if args.force => Action::Write,
        Standing::Edited => Action::Refuse,
    }
}

/// Each file, with what the repository has in its place.
fn files(plan: &Plan, args: &Args) -> Result<Vec<Compared>, Failure> {
    let mut present = Vec::new();
    for file in plan.files(&Pins::default()) {
        present
            .push(read(&args.directory.join(&file.path)).map_err(|error| {
                Failure::machine(format!("cannot read {}: {error}", file.path))
            })?);
    }
    let texts = present
        .iter()
        .filter_map(|bytes| std::str::from_utf8(bytes.as_deref()?).ok());
    let pins = Pins::from_workflows(texts);
    let compared = plan.files(&pins).into_iter().zip(present);
    Ok(compared
        .map(|(file, present)| {
            let standing = compare(&file, present.as_deref());
            Compared {
                file,
                present,
                standing,
                action: action(standing, args),
            }
        })
        .collect())
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Writes all of `files` or, if one cannot be written, none: first to temporary files beside them.
fn write_all(directory: &Path, files: &[&GeneratedFile]) -> Result<(), Failure> {
    let failure = |file: &GeneratedFile, error: &dyn std::fmt::Display| {
        Failure::machine(format!("cannot write {}: {error}", file.path))
    };
    let root = directory.canonicalize().map_err(|error| {
        Failure::machine(format!("cannot open {}: {error}", directory.display()))
    })?;
    let mut staged = Vec::new();
    for file in files {
        let path = root.join(&file.path);
        let parent = path.parent().unwrap_or(&root);
        fs::create_dir_all(parent).map_err(|error| failure(file, &error))?;
        // A link must not carry us out of the repository.
        if !parent
            .canonicalize()
            .is_ok_and(|parent| parent.starts_with(&root))
        {
            return Err(failure(file, &"its folder lies outside of the repository"));
        }
        let mut temporary = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = if file.executable { 0o755 } else { 0o644 };
            temporary.permissions(fs::Permissions::from_mode(mode));
        }
        let mut open = temporary
            .prefix(".lockkeeper-")
            .tempfile_in(parent)
            .map_err(|error| failure(file, &error))?;
        open.write_all(&file.bytes)
            .map_err(|error| failure(file, &error))?;
        if path.is_dir() {
            return Err(failure(file, &"there is a folder of this name"));
        }
        staged.push((file, open, path));
    }
    for (file, open, path) in staged {
        open.persist(&path)
            .map_err(|error| failure(file, &error.error))?;
    }
    Ok(())
}

fn human(
    out: &mut impl Write,
    args: &Args,
    plan: &Plan,
    files: &[Compared],
    failed: bool,
) -> io::Result<()> {
    if !plan.assumptions.is_empty() {
        writeln!(out, "Assumed, because no rule says so:")?;
        for text in &plan.assumptions {
            writeln!(out, "  {}", printable(text))?;
        }
        writeln!(out)?;
    }
    if !plan.open.is_empty() {
        writeln!(out, "Not enforced:")?;
        for open in &plan.open {
            writeln!(
                out,
                "  {}:{} {}: {}",
                printable(&open.source),
                open.line,
                status(open.status),
                printable(&open.text)
            )?;
            if let Some(note) = &open.note {
                writeln!(out, "    {}", printable(note))?;
            }
            if let (Status::NotUnderstood, Some(canonical)) = (open.status, &open.canonical) {
                writeln!(out, "    nearest rule: {}", printable(canonical))?;
            }
        }
        writeln!(out)?;
    }
    let mut kept = 0;
    for Compared {
        file,
        standing,
        action,
        ..
    } in files
    {
        let word = match (args.check, standing, action) {
            (_, Standing::Same | Standing::SameMeaning, _) | (true, Standing::Reworded, _) => {
                kept += 1;
                continue;
            }
            (true, Standing::Missing, _) => "missing",
            (true, Standing::Edited, _) => "edited by hand",
            (true, Standing::Outdated, _) => "out of date",
            (false, _, Action::Refuse) => "edited by hand",
            (false, Standing::Missing, _) if args.dry_run || failed => "would write",
            (false, _, _) if args.dry_run || failed => "would update",
            (false, Standing::Missing, _) => "wrote",
            (false, _, _) => "updated",
        };
        writeln!(out, "{word:>14}  {}", file.path)?;
    }
    if kept > 0 {
        writeln!(out, "{:>14}  {kept} files", "up to date")?;
    }
    match (args.check, failed) {
        (true, true) => writeln!(
            out,
            "\nThe pipeline is not what the rules ask for: run `lockkeeper generate`."
        ),
        (true, false) => writeln!(out, "\nThe pipeline is what the rules ask for."),
        (false, true) => writeln!(
            out,
            "\nNothing was written: files were edited by hand. Change the rules instead, or use --force."
        ),
        (false, false) if args.dry_run => Ok(()),
        (false, false) => writeln!(
            out,
            "\nNext: DEPLOYMENT.md says how to set the repository up; `lockkeeper rehearse` tries the pipeline."
        ),
    }
}

/// What would be written, as a diff: nothing where nothing would.
fn differences(out: &mut impl Write, args: &Args, files: &[Compared]) -> io::Result<()> {
    for compared in files {
        let shown = match args.check {
            true => compared.standing.is_drift(),
            false => compared.action != Action::Keep,
        };
        if shown {
            diff::print(out, &compared.file, compared.present.as_deref())?;
        }
    }
    Ok(())
}

fn programs(out: &mut impl Write, plan: &Plan, files: &[Compared], wrote: bool) -> io::Result<()> {
    let files: Vec<_> = files
        .iter()
        .map(|compared| {
            json!({
                "path": compared.file.path,
                "standing": compared.standing.as_str(),
                "drift": compared.standing.is_drift(),
                "written": wrote && compared.action == Action::Write,
            })
        })
        .collect();
    let open: Vec<_> = plan
        .open
        .iter()
        .map(|open| {
            json!({
                "source": open.source, "line": open.line, "text": open.text,
                "status": open.status.as_str(), "note": open.note, "canonical": open.canonical,
            })
        })
        .collect();
    let all = json!({ "schema": 1, "assumptions": plan.assumptions, "not_enforced": open, "files": files });
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Partial => "kept in part",
        Status::Acknowledged => "people see to it",
        _ => "not understood",
    }
}
