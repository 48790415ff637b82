//! Counting, and the table of `docs/mutants.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::known::Known;
use super::mutant::{Key, Mutant};
use super::operators::OPERATORS;
use super::results::Results;
use super::trial::Fate;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) made: usize,
    pub(crate) stillborn: usize,
    pub(crate) equivalent: usize,
    pub(crate) caught: usize,
    pub(crate) survived: usize,
}

impl Count {
    /// Neither stillborn nor equivalent, and rehearsed.
    pub(crate) fn tried(&self) -> usize {
        self.caught + self.survived
    }

    /// Hundredths of those that were tried.
    pub(crate) fn rate(&self) -> f64 {
        100.0 * self.caught as f64 / self.tried().max(1) as f64
    }

    fn add(&mut self, other: Count) {
        self.made += other.made;
        self.stillborn += other.stillborn;
        self.equivalent += other.equivalent;
        self.caught += other.caught;
        self.survived += other.survived;
    }
}

pub(crate) struct Tally<'m> {
    operators: BTreeMap<&'static str, Count>,
    promises: BTreeMap<String, usize>,
    /// With the reason, where one is listed.
    pub(crate) survivors: Vec<(&'m Key, Option<String>, &'m Fate)>,
    equivalents: BTreeMap<String, usize>,
}

impl<'m> Tally<'m> {
    pub(crate) fn of(mutants: &'m [Mutant], known: &Known, results: &'m Results) -> Self {
        let mut tally = Tally {
            operators: BTreeMap::new(),
            promises: BTreeMap::new(),
            survivors: Vec::new(),
            equivalents: BTreeMap::new(),
        };
        for operator in OPERATORS {
            let own = mutants
                .iter()
                .filter(|mutant| mutant.key.operator == operator.id);
            let mut count = Count::default();
            for mutant in own {
                count.add(tally.one(mutant, known, results));
            }
            tally.operators.insert(operator.id, count);
        }
        tally
    }

    fn one(&mut self, mutant: &'m Mutant, known: &Known, results: &'m Results) -> Count {
        let mut count = Count {
            made: 1,
            ..Count::default()
        };
        if mutant.stillborn {
            count.stillborn = 1;
            return count;
        }
        let fate = results.of(mutant);
        // What is caught differs, whatever the list says of its like.
        if let (Some(listed), None | Some(Fate::Survived { .. })) =
            (known.equivalent(&mutant.key), fate)
        {
            *self.equivalents.entry(listed.reason.clone()).or_default() += 1;
            count.equivalent = 1;
            return count;
        }
        match fate {
            None => {}
            Some(Fate::Refused { .. }) => count.stillborn = 1,
            Some(Fate::Caught { promises, .. }) => {
                count.caught = 1;
                for promise in promises {
                    *self.promises.entry(promise.clone()).or_default() += 1;
                }
            }
            Some(fate) => {
                count.survived = 1;
                let listed = known.survivor(&mutant.key);
                let reason = listed.map(|listed| listed.reason.clone());
                self.survivors.push((&mutant.key, reason, fate));
            }
        }
        count
    }

    pub(crate) fn sum(&self) -> Count {
        let mut sum = Count::default();
        self.operators.values().for_each(|count| sum.add(*count));
        sum
    }

    /// Survivors for which no reason is listed.
    pub(crate) fn unexplained(&self) -> usize {
        let of = |(_, reason, _): &&(_, Option<String>, _)| reason.is_none();
        self.survivors.iter().filter(of).count()
    }

    /// The page, whole.
    pub(crate) fn page(&self) -> String {
        let sum = self.sum();
        let mut page = String::from(HEAD);
        let waiting = sum.made - sum.stillborn - sum.equivalent - sum.tried();
        let _ = writeln!(
            page,
            "{} mutants were made by {} operators: {} are stillborn, {} equivalent. Of the others {} were \
             rehearsed{}: **{} are caught, {:.1} %**; {} survive.\n",
            sum.made,
            OPERATORS.len(),
            sum.stillborn,
            sum.equivalent,
            sum.tried(),
            match waiting {
                0 => ", all".to_owned(),
                _ => format!(", a sample; {waiting} were not"),
            },
            sum.caught,
            sum.rate(),
            sum.survived,
        );
        page.push_str("## Operators\n\n| operator | what it does | made | stillborn | equivalent | caught | survived |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
        for operator in OPERATORS {
            let count = self.operators.get(operator.id).copied().unwrap_or_default();
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {} | {} |",
                operator.id,
                cell(operator.does),
                count.made,
                count.stillborn,
                count.equivalent,
                count.caught,
                count.survived
            );
        }
        page.push_str("\n## What caught them\n\nThe first promise that is broken ends a rehearsal here, so that others are seldom counted.\n\n| promise | mutants |\n| --- | ---: |\n");
        for (promise, mutants) in &self.promises {
            let _ = writeln!(page, "| `{promise}` | {mutants} |");
        }
        page.push_str("\n## Survivors\n\n| operator | file | where | change | why no rehearsal tells |\n| --- | --- | --- | --- | --- |\n");
        for (key, reason, _) in &self.survivors {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} → {} | {} |",
                key.operator,
                key.file.rsplit('/').next().unwrap_or(&key.file),
                code(&key.context),
                code(&key.before),
                code(&key.after),
                cell(reason.as_deref().unwrap_or("**not explained yet**")),
            );
        }
        page.push_str("\n## Equivalent mutants\n\nThese behave as the files do: nothing that a rehearsal could see differs.\n\n| mutants | why |\n| ---: | --- |\n");
        for (reason, mutants) in &self.equivalents {
            let _ = writeln!(page, "| {mutants} | {} |", cell(reason));
        }
        page
    }
}

const HEAD: &str = "\
# Mutants: does a rehearsal tell when the pipeline is wrong?

`cargo xtask mutate` generates the pipeline of `examples/node-api`, changes one thing in one of its files
(workflows, scripts, CloudFormation template), rehearses, and does so for every operator at every site.
This page is written by it (`--docs`).

- **Stillborn**: bash, the reader of workflows or the embedded GitHub takes no such file; not counted.
- **Equivalent**: behaves as before; listed by hand with the reason in `xtask/mutate/equivalents.toml`.
- **Caught**: `lockkeeper rehearse` exits 1, since a promise is broken with the settings that the rules declare.
  A promise that is merely *not exercised* any more, or another line of output, does not count.
- **Survived**: anything else, a rehearsal without a verdict in time too; the reasons are in
  `xtask/mutate/survivors.toml`.

Sites are found in the syntax trees of YAML, bash and jq. What only people read (`name:`, comments, messages that are
printed) is no site. An entry of a list that is about no mutant any more fails the command.

";

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    if text.is_empty() {
        return "nothing".into();
    }
    let fence = if text.contains('`') { "``" } else { "`" };
    let pad = if text.contains('`') { " " } else { "" };
    format!("{fence}{pad}{}{pad}{fence}", cell(text))
}
