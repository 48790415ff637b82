//! What a workflow says and a rehearsal does not do.

use lockkeeper_workflow as wf;

/// One thing that is passed over, said in a report.
pub(super) struct Unplayed {
    /// The key as a path, such as `jobs.build.snapshot`.
    key: String,
    /// What passing over it means.
    why: &'static str,
    pub(super) line: u32,
}

impl Unplayed {
    pub(super) fn text(&self) -> String {
        format!("`{}`: {}", self.key, self.why)
    }
}

/// Everything of a workflow that its runs pass over.
pub(super) fn unplayed(workflow: &wf::Workflow) -> Vec<Unplayed> {
    let mut list = List(Vec::new());
    for unmodelled in &workflow.unmodelled {
        list.add(unmodelled.key.clone(), unmodelled.why, &unmodelled.place);
    }
    for event in &workflow.on.other {
        for (key, words) in [("names", &event.names), ("versions", &event.versions)] {
            if let Some(word) = words.first() {
                let key = format!("on.{}.{key}", event.name.value);
                list.add(key, "this filter is not applied", &word.place);
            }
        }
    }
    if let Some(place) = workflow.keys.place("cache-mode") {
        list.add("cache-mode".to_owned(), CACHE_MODE, place);
    }
    list.pairs("env", &workflow.env);
    for (id, job) in &workflow.jobs {
        list.job(&format!("jobs.{id}"), job);
    }
    list.0
}

struct List(Vec<Unplayed>);

impl List {
    fn add(&mut self, key: String, why: &'static str, place: &wf::Place) {
        let line = place.line;
        self.0.push(Unplayed { key, why, line });
    }

    fn job(&mut self, path: &str, job: &wf::Job) {
        self.pairs(&format!("{path}.env"), &job.env);
        self.pairs(&format!("{path}.outputs"), &job.outputs);
        let keys = [
            ("cache-mode", CACHE_MODE),
            ("snapshot", "no runner image is made"),
            (
                "cancel-timeout-minutes",
                "GitHub's default of 5 minutes is used",
            ),
        ];
        for (key, why) in keys {
            if let Some(place) = job.keys.place(key) {
                self.add(format!("{path}.{key}"), why, place);
            }
        }
        if let Some(whole) = job.strategy.as_ref().and_then(|s| s.whole.as_ref()) {
            let why = "a whole strategy given by one expression is not expanded";
            self.add(format!("{path}.strategy"), why, whole.place());
        }
        if let Some(whole) = &job.services.whole {
            self.add(format!("{path}.services"), WHOLE, whole.place());
        }
        for container in job.services.values().chain(&job.container) {
            self.pairs(&format!("{path}.container.env"), &container.env);
        }
        if let Some(call) = &job.call {
            self.pairs(&format!("{path}.with"), &call.with);
            if let wf::CallSecrets::Given(secrets) = &call.secrets {
                self.pairs(&format!("{path}.secrets"), secrets);
            }
        }
        self.steps(&format!("{path}.steps"), &job.steps);
    }

    fn steps(&mut self, path: &str, steps: &[wf::Step]) {
        for (i, step) in steps.iter().enumerate() {
            let path = format!("{path}[{i}]");
            for key in ["background", "wait", "wait-all", "cancel", "parallel"] {
                if let Some(place) = step.keys.place(key) {
                    let why = "steps are played as if they ran one after the other";
                    self.add(format!("{path}.{key}"), why, place);
                }
            }
            self.pairs(&format!("{path}.env"), &step.env);
            match &step.kind {
                wf::StepKind::Uses { with, .. } => self.pairs(&format!("{path}.with"), with),
                wf::StepKind::Parallel { steps } => {
                    self.steps(&format!("{path}.parallel"), steps);
                }
                _ => {}
            }
        }
    }

    fn pairs(&mut self, path: &str, pairs: &wf::Pairs) {
        if let Some(whole) = &pairs.whole {
            self.add(path.to_owned(), WHOLE, whole.place());
        }
        for (key, _) in &pairs.computed {
            let why = "a key that is computed is not evaluated";
            self.add(path.to_owned(), why, key.place());
        }
    }
}

const CACHE_MODE: &str = "no cache is restored or saved";
const WHOLE: &str = "a whole mapping given by one expression is not evaluated";

#[cfg(test)]
mod tests {
    use super::unplayed;

    #[test]
    fn everything_that_is_passed_over_is_said_with_its_line() {
        let text = r#"on: { image_version: { names: [base] }, workflow_dispatch: { branches: [main] } }
env: ${{ fromJSON('{}') }}
jobs:
  a:
    runs-on: ubuntu-24.04
    cancel-timeout-minutes: 7
    services: ${{ fromJSON('{}') }}
    snapshot: image
    env: { "${{ github.job }}": x }
    steps:
      - { run: sleep 1, background: true, id: bg }
      - parallel:
          - { uses: $/a, with: "${{ fromJSON('{}') }}" }
      - wait-all:
  b:
    strategy: ${{ fromJSON('{}') }}
    uses: ./.github/workflows/x.yml
    secrets: { "${{ github.job }}": x }
"#;
        let workflow = lockkeeper_workflow::load("ci.yml", text).expect("legal");
        let said: Vec<String> = unplayed(&workflow)
            .iter()
            .map(|u| format!("{} {}", u.line, u.key))
            .collect();
        assert_eq!(
            said,
            [
                "1 on.workflow_dispatch.branches",
                "1 on.image_version.names",
                "2 env",
                "9 jobs.a.env",
                "8 jobs.a.snapshot",
                "6 jobs.a.cancel-timeout-minutes",
                "7 jobs.a.services",
                "11 jobs.a.steps[0].background",
                "12 jobs.a.steps[1].parallel",
                "13 jobs.a.steps[1].parallel[0].with",
                "14 jobs.a.steps[2].wait-all",
                "16 jobs.b.strategy",
                "18 jobs.b.secrets",
            ]
        );
    }
}
