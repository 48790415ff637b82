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
        let keys = [
            ("cache-mode", CACHE_MODE),
            ("snapshot", "no runner image is made"),
        ];
        for (key, why) in keys {
            if let Some(place) = job.keys.place(key) {
                self.add(format!("{path}.{key}"), why, place);
            }
        }
        if let Some(whole) = &job.services.whole {
            let why = "services that one expression gives are not seen";
            self.add(format!("{path}.services"), why, whole.place());
        }
    }
}

const CACHE_MODE: &str = "caches are restored and saved as without it";

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
                "8 jobs.a.snapshot",
                "7 jobs.a.services",
            ]
        );
    }
}
