use lockkeeper_names::CommandLine;

use super::{Form, Meaning, Parts, Recogniser, Refusal};
use crate::setting::{Draft, Key, Setting, Value};

pub(super) const RECOGNISER: Recogniser = Recogniser {
    title: "Migrations",
    meaning: "Before the service gets a new version, this command of its image runs as an ECS task of its own; where it fails, nothing else is changed.",
    forms: &[
        Form {
            pattern: "[run] <migrations> [<must>] [run|runs|<be> run|<be> applied|complete|finish] <before-deploy> [with <migration-command>|by <migration-command>|using <migration-command>|<migration-command>]",
            meaning,
        },
        Form {
            pattern: "[run] <migrations> [<must>] [run|runs|<be> run|<be> applied] (with|by|using) <migration-command> <before-deploy>",
            meaning,
        },
        Form {
            pattern: "[run] <migration-command> (runs|<must> run|<be> run|) <before-deploy> to (migrate|run) [database] [migrations]",
            meaning,
        },
        Form {
            pattern: "<before-deploy> [<migrations> [<must>] (run|<be> run|<be> applied)|run <migrations>] [with <migration-command>|by <migration-command>|using <migration-command>|<migration-command>]",
            meaning,
        },
    ],
    write,
    examples: &[
        "Database migrations run before every deploy: `npm run migrate`",
        "Migrations are applied before each deployment with `npx prisma migrate deploy`",
        "Before every deploy, run database migrations (`alembic upgrade head`)",
        "Run migrations before every deploy: `./manage.py migrate`",
    ],
    near_misses: &[
        "Database migrations run before every deploy",
        "Migrations run after every deploy: `npm run migrate`",
        "Migrations run before staging deploys: `npm run migrate`",
        "Migrations run before every deploy: npm run migrate",
        "Migrations run before every deploy: `npm run migrate && npm run seed`",
        "Database migrations run before every deploy: `rails db:migrate` unless it is a rollback",
        "Database migrations run when a task starts",
    ],
};

fn meaning(parts: &Parts<'_>) -> Result<Meaning, Refusal> {
    let words: Vec<&str> = parts
        .all("command")
        .flatten()
        .map(|token| token.raw.as_str())
        .collect();
    let span = parts.span("command").zip(parts.last("command"));
    let Some((first, last)) = span else {
        return Err(Refusal {
            why: "which command migrates? Name it in backticks".to_owned(),
            span: parts.whole(),
        });
    };
    let span = first.start..last.end;
    let command = CommandLine::parse(&words.join(" ")).map_err(|error| Refusal {
        why: error.to_string(),
        span: span.clone(),
    })?;
    Ok(Meaning {
        note: Some(
            "a return to an image that was served before migrates nothing, and undoes no migration",
        ),
        ..Meaning::enforced(vec![
            Setting::new(Key::MigrationCommand, Value::Command(command)).at(span),
        ])
    })
}

fn write(draft: &Draft) -> Vec<String> {
    let command = draft.get(Key::MigrationCommand);
    command
        .map(|command| format!("Database migrations run before every deploy: `{command}`"))
        .into_iter()
        .collect()
}
