//! Which schedules a campaign plays: drawn from the seed, one by one and each by itself.

use std::collections::BTreeSet;

use lockkeeper_world::event::{Event, What};
use lockkeeper_world::outage::Api;

use crate::faults::{APIS, Class, Classes, FAULTS, Fault, Kind, Moment, Subject};
use crate::play::Outcome;
use crate::scenarios::Scenario;
use crate::schedule::Schedule;
use crate::stage::Chance;

/// How far a story's own part reaches, as played without faults.
#[derive(Debug, Clone, Default)]
pub(super) struct Extent {
    pub(super) steps: u32,
    /// For each request, whether it asks for a change.
    requests: Vec<bool>,
    seconds: u32,
    versions: u32,
    apis: BTreeSet<Api>,
    /// What goes wrong in it anyway.
    own: Classes,
    /// How many attempts of runs it has.
    pub(super) runs: usize,
}

impl Extent {
    /// None where a story has no part of its own that runs anything.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        let own = outcome.events.get(outcome.begun?..)?;
        let begun = own.first()?.at;
        let mut extent = Self {
            own: Classes::struck(own),
            runs: outcome.runs.len(),
            ..Self::default()
        };
        for event in own {
            extent.count(event);
            if matches!(event.what, What::StepCompleted { .. }) {
                extent.seconds = event
                    .at
                    .since(begun)
                    .as_secs()
                    .try_into()
                    .unwrap_or(u32::MAX);
            }
        }
        (extent.steps > 0).then_some(extent)
    }

    fn count(&mut self, event: &Event) {
        match &event.what {
            What::StepStarted { .. } => self.steps += 1,
            What::ApiCalled { api, operation, .. } => {
                self.apis.insert(*api);
                let reads = ["Describe", "List", "Get", "Batch", "Assume", "Pull"];
                let changes = !reads.iter().any(|verb| operation.starts_with(verb));
                self.requests.push(changes);
            }
            What::RestCalled { method, .. } => {
                self.apis.insert(Api::GitHub);
                self.requests.push(method != "GET");
            }
            What::Merged { .. } => self.versions += 1,
            What::RunCreated { trigger, .. } if trigger == "workflow_dispatch" => {
                self.versions += 1;
            }
            _ => {}
        }
    }
}

/// The stories that a campaign draws from.
pub(super) struct Urn {
    stories: Vec<(&'static Scenario, Extent)>,
}

impl Urn {
    pub(super) fn new(stories: Vec<(&'static Scenario, Extent)>) -> Self {
        Self { stories }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stories.is_empty()
    }

    pub(super) fn stories(&self) -> &[(&'static Scenario, Extent)] {
        &self.stories
    }

    pub(super) fn extent(&self, scenario: &Scenario) -> Option<&Extent> {
        let mut stories = self.stories.iter();
        stories
            .find(|(story, _)| story.id == scenario.id)
            .map(|(_, extent)| extent)
    }

    /// The schedule with this number: the same whatever others are drawn.
    pub(super) fn draw(&self, seed: u64, number: u32) -> Schedule {
        let mut chance = Chance::new(seed);
        let mixed = chance.next() ^ u64::from(number).wrapping_mul(0xd134_2543_de82_ef95);
        let mut chance = Chance::new(mixed);
        let (scenario, extent) = &self.stories[chance.below(self.stories.len())];
        let seed = chance.below(1 << 20) as u32;
        let beyond = chance.below(16) == 0;
        let count = match chance.below(20) {
            0 => 0,
            1..=9 => 1,
            10..=15 => 2,
            _ => 3,
        };
        // A part of the kinds only: what others would cover up comes to light.
        let kinds: Vec<&'static Kind> = FAULTS
            .iter()
            .copied()
            .filter(|kind| chance.below(2) == 0 && extent.has(kind))
            .collect();
        let mut schedule = Schedule {
            scenario,
            seed,
            order: None,
            faults: Vec::new(),
        };
        for _ in 0..count {
            let Some(kind) = pick_kind(&kinds, &mut chance) else {
                break;
            };
            let fault = extent.fault(kind, beyond, &mut chance);
            let fits = beyond || extent.fits(&schedule.faults, &fault);
            if fits && !schedule.faults.contains(&fault) {
                schedule.faults.push(fault);
            }
        }
        schedule
    }
}

/// A class first, each with its weight, then one of its kinds.
fn pick_kind(kinds: &[&'static Kind], chance: &mut Chance) -> Option<&'static Kind> {
    let weight = |class| match class {
        Class::A => 10,
        Class::B => 4,
        Class::C => 5,
        Class::D | Class::E => 1,
    };
    let classes: BTreeSet<Class> = kinds.iter().map(|kind| kind.class).collect();
    let all: usize = classes.iter().map(|class| weight(*class)).sum();
    if all == 0 {
        return None;
    }
    let mut at = chance.below(all);
    for class in classes {
        if at < weight(class) {
            let of_class: Vec<_> = kinds.iter().filter(|kind| kind.class == class).collect();
            return Some(of_class[chance.below(of_class.len())]);
        }
        at -= weight(class);
    }
    None
}

impl Extent {
    /// Whether the story has what a kind hits.
    fn has(&self, kind: &Kind) -> bool {
        match kind.subject {
            Subject::Api => !self.apis.is_empty(),
            Subject::Version => self.versions > 0,
            Subject::Run => true,
        }
    }

    fn fault(&self, kind: &'static Kind, beyond: bool, chance: &mut Chance) -> Fault {
        let api = (kind.subject == Subject::Api).then(|| {
            let known: Vec<Api> = APIS
                .iter()
                .map(|(_, api)| *api)
                .filter(|api| self.apis.contains(api))
                .collect();
            known[chance.below(known.len())]
        });
        let moment = match kind.subject {
            Subject::Version => Moment::Version(1 + chance.below(self.versions as usize) as u32),
            Subject::Api | Subject::Run => self.moment(chance),
        };
        let amount = kind.amount.map(|amount| {
            let most = match beyond {
                true => amount.most.min(amount.usual * 4),
                false => amount.usual,
            };
            // In steps that people would choose.
            5 * (1 + chance.below((most / 5).max(1) as usize) as u32)
        });
        Fault {
            kind,
            api,
            moment,
            amount,
        }
    }

    /// Anywhere in the story's own part, and more often where something changes.
    fn moment(&self, chance: &mut Chance) -> Moment {
        let changes: Vec<u32> = (0..)
            .zip(&self.requests)
            .filter(|(_, c)| **c)
            .map(|(n, _)| n)
            .collect();
        match chance.below(20) {
            0..=6 => Moment::Step(1 + chance.below(self.steps as usize) as u32),
            7..=11 if !changes.is_empty() => {
                // Just before the request, or just after it.
                Moment::Request(changes[chance.below(changes.len())] + chance.below(2) as u32)
            }
            12..=16 => Moment::Request(chance.below(self.requests.len() + 1) as u32),
            _ => Moment::Second(chance.below(self.seconds as usize + 1) as u32),
        }
    }

    /// Whether all of it is still within classes A to D, as far as that can be told before.
    fn fits(&self, others: &[Fault], fault: &Fault) -> bool {
        let of = |class| others.iter().filter(|other| other.class() == class).count();
        let same_api = others
            .iter()
            .any(|other| other.api.is_some() && other.api == fault.api);
        let flaps = |fault: &Fault| fault.kind.name == "flap";
        match fault.class() {
            Class::A => of(Class::D) == 0 && !same_api,
            Class::B => of(Class::D) == 0 || !flaps(fault),
            Class::C => of(Class::C) + of(Class::D) == 0 && !self.own.has(Class::C),
            Class::D => {
                of(Class::A) + of(Class::C) + of(Class::D) == 0
                    && !others.iter().any(flaps)
                    && !self.own.has(Class::A)
                    && !self.own.has(Class::C)
            }
            Class::E => false,
        }
    }
}
