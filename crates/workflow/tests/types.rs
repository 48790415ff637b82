//! Types of expressions, seen through the findings about them.

mod shared;

use std::collections::BTreeMap;

use lockkeeper_workflow::check::{Files, Repository};
use lockkeeper_workflow::{check, load};

struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, path: &str) -> Option<String> {
        self.0.get(path).map(|text| (*text).to_owned())
    }
}

/// What is found about expressions, as `line:column kind message`.
fn found(text: &str, repository: &Repository<'_>) -> Vec<String> {
    let workflow = load("ci.yml", text).expect("a workflow that GitHub reads");
    check(&workflow, repository)
        .into_iter()
        .filter_map(|f| {
            let kind = f.kind.strip_prefix("expression-")?;
            let hint = f.suggestion.map_or_else(String::new, |s| format!(" ({s})"));
            let place = f.place;
            Some(format!(
                "{}:{} {kind} {}{hint}",
                place.line, place.column, f.message
            ))
        })
        .collect()
}

/// What is found in one expression of a job that has a matrix, needs another job, and so on. The
/// line is left out; columns count from the first letter of the expression.
fn expression(written: &str) -> Vec<String> {
    let text = format!(
        "
on:
  workflow_dispatch:
    inputs:
      fleet: {{type: choice, options: [north, south]}}
      force: {{type: boolean}}
      count: {{type: number}}
jobs:
  build:
    runs-on: ubuntu-24.04
    outputs:
      digest: ${{{{ steps.push.outputs.digest }}}}
    steps:
      - id: push
        run: ./push
  deploy:
    needs: build
    runs-on: ubuntu-24.04
    strategy:
      matrix:
        ring: [1, 2]
        place: [{{name: a, zones: [x, y]}}, {{name: b, zones: [z]}}]
        include:
          - canary: true
    services:
      cache: {{image: valkey}}
    steps:
      - id: first
        run: 'true'
      - run: true
        if: >-
          {written}
"
    );
    let repository = Repository::unknown();
    let lines = found(&text, &repository);
    let relative = lines.into_iter().map(|line| {
        let (place, rest) = line.split_once(' ').expect("a place");
        let (_, column) = place.split_once(':').expect("line and column");
        let column: usize = column.parse().expect("a number");
        format!("{} {rest}", column - 11)
    });
    relative.collect()
}

#[test]
fn what_fits_is_not_reported() {
    for written in [
        "github.event.pull_request.head.repo.fork == false",
        "contains(github.event.pull_request.labels.*.name, 'deploy')",
        "contains(needs.*.result, 'failure')",
        "join(matrix.*, '-') == 'x'",
        "join(matrix.place.zones.*, '-') == 'x'",
        "fromJSON(toJSON(needs.*.result))[0] == 'success'",
        "join(matrix.place.zones, ',') == 'x' && matrix.place.zones[0] == 'x'",
        "needs.build.outputs.digest != '' && needs['build'].result == 'success'",
        "needs[matrix.place.name].outputs.digest == 'x'",
        "env[format('X_{0}', inputs.count)] == vars.whatever",
        "steps.first.outputs.anything && steps.first.outcome == 'success'",
        "job.services.cache.ports[6379] && job.services.cache.network",
        "inputs.force && inputs.count > 3 && inputs.count == '3'",
        "matrix.ring == '1' && matrix.canary == true",
        "fromJSON('{\"a\": [{\"b\": 1}]}').a[0].b == 1",
        "fromJSON(steps.first.outputs.list)[0].x.y",
        "fromJSON(toJSON(matrix.place)).name == 'a'",
        "case(inputs.force, 'a', github.ref_protected, 'b', 'c') == 'a'",
        "format('{{{0}}} {1}', 1, inputs.force) == ''",
        "(inputs.force && matrix.place || fromJSON('{\"name\": \"b\"}')).name == 'b'",
        "github.event != null && matrix.place != null",
        "GITHUB.Event_Name == 'push' && Needs.Build.Outputs.Digest == ''",
        "github.event.inputs.force == 'true'",
        "hashFiles('**/Cargo.lock', format('{0}/x', matrix.ring)) != ''",
        "runner.os == 'Linux' && runner.debug == '1' && strategy.job-index == 0",
    ] {
        assert_eq!(expression(written), Vec::<String>::new(), "{written}");
    }
}

#[test]
fn what_cannot_be_meant_is_reported_where_it_stands() {
    let cases = [
        (
            "github.actr == 'mona'",
            "0 undefined `github.actr` is not defined: `github` has no such member (did you mean \
             `actor`?)",
        ),
        (
            "true && needs.biuld.result == 'x'",
            "8 undefined `needs.biuld` is not defined: this job does not name it under `needs` \
             (did you mean `build`?)",
        ),
        (
            "needs.build.outputs.tag",
            "0 undefined `needs.build.outputs.tag` is not defined: `needs.build.outputs` is \
             {digest: string}",
        ),
        (
            "steps.second.outcome == 'failure'",
            "0 undefined `steps.second` is not defined: no step before this one in its job has \
             this id",
        ),
        (
            "matrix.rings > 1",
            "0 undefined `matrix.rings` is not defined: the matrix of this job does not set it \
             (did you mean `ring`?)",
        ),
        (
            "matrix.place.zones.*.size",
            "0 type `size` is read of `matrix.place.zones.*`, which is no object but string",
        ),
        (
            "matrix.place.zones.size",
            "0 type `size` is read of `matrix.place.zones`, which is no object but array<string> \
             (for `size` of each item write `.*.size`)",
        ),
        (
            "github.repository.owner == 'x'",
            "0 type `owner` is read of `github.repository`, which is no object but string",
        ),
        (
            "inputs.fleets == ''",
            "0 undefined `inputs.fleets` is not defined: no such input is declared (did \
             you mean `fleet`?)",
        ),
        (
            "github.event.inputs.fleets == ''",
            "0 undefined `github.event.inputs.fleets` is not defined: `github.event.inputs` has no \
             such member (did you mean `fleet`?)",
        ),
        (
            "env[inputs.force]",
            "4 type a member of an object is named by a string, and `inputs.force` is boolean",
        ),
        (
            "matrix.place.zones[inputs.fleet]",
            "19 type an item of an array is named by a number, and `inputs.fleet` is string",
        ),
        (
            "needs.*.result[0]",
            "15 type behind `.*` this picks none of the items: `0` is looked up in each of them \
             (for one item, index what stands before `.*`)",
        ),
        (
            "runner.os.*",
            "0 type `.*` takes the members of an object or an array, and `runner.os` is string",
        ),
        (
            "inputs.force == 'true'",
            "0 comparison boolean is compared with the text 'true', which is no number: always \
             false (without quotes: true)",
        ),
        (
            "'one' != inputs.count",
            "0 comparison number is compared with the text 'one', which is no number: always true",
        ),
        (
            "matrix.place == 'a'",
            "0 comparison {name: string, zones: array} is compared with string, which is always \
             false",
        ),
        (
            "inputs.force > 1",
            "0 comparison boolean is neither less nor greater than anything",
        ),
        (
            "contains(matrix.place, 'a')",
            "9 argument `contains` looks into an array or a string, and `matrix.place` is {name: \
             string, zones: array}",
        ),
        (
            "startsWith(github.ref, matrix.place)",
            "23 argument `startsWith` wants a string here, and `matrix.place` is {name: string, \
             zones: array}",
        ),
        (
            "format('{0} {2}', 1, 2) == ''",
            "0 argument '{0} {2}' has no {1}, so that argument is never shown",
        ),
        (
            "format('{0', 1) == ''",
            "0 argument '{0' is no format: a brace that is meant is written twice",
        ),
        (
            "format('{0}', matrix.place.zones) == ''",
            "14 argument `format` wants a string here, and `matrix.place.zones` is array<string>",
        ),
        (
            "fromJSON('[1, 2')[0] == 1",
            "9 argument '[1, 2' is not JSON: the text ends in line 1, column 6, but the value \
             does not",
        ),
        (
            "fromJSON(matrix.place).name",
            "9 argument `fromJSON` reads text, and `matrix.place` is {name: string, zones: array}",
        ),
        (
            "case(inputs.fleet, 1, 2) == 1",
            "5 argument `case` takes only true or false as a condition, and `inputs.fleet` is \
             string",
        ),
        (
            "job.services.chache.id",
            "0 undefined `job.services.chache` is not defined: `job.services` has no such member \
             (did you mean `cache`?)",
        ),
    ];
    for (written, wanted) in cases {
        let told = expression(written);
        assert_eq!(told.first().map(String::as_str), Some(wanted), "{written}");
    }
    assert_eq!(
        expression("format('{0} {2}', 1, 2) == ''")[1],
        "0 argument '{0} {2}' has {2}, and only 2 arguments follow it"
    );
}

#[test]
fn each_key_takes_what_it_can_use() {
    let text = "
on: push
env: ${{ vars.ALL }}
jobs:
  deploy:
    runs-on: ${{ matrix.runner }}
    timeout-minutes: ${{ vars.MINUTES }}
    continue-on-error: ${{ matrix.canary }}
    strategy:
      fail-fast: ${{ 'no' }}
      matrix:
        runner: [[self-hosted, arm]]
        canary: [true]
        ring: ${{ 'a' }}
        zone: ${{ fromJSON('[\"a\", 1]') }}
        environment: [{A: 1}]
    env: ${{ matrix.environment }}
    steps:
      - run: echo ${{ matrix.runner }} ${{ matrix.zone }}
        env:
          ALL: ${{ github.event }}
          NONE: ${{ null }}
          SOME: ${{ toJSON(github.event) }}
        continue-on-error: ${{ vars.GO_ON }}
        timeout-minutes: ${{ vars.QUICK && 5 || 10 }}
      - uses: actions/checkout@v5
        with:
          ref: ${{ github.event.pull_request || github.sha }}
          path: ${{ matrix.environment }}
";
    assert_eq!(
        found(text, &Repository::unknown()),
        [
            "3:6 type this wants an object, and the expression is string",
            "7:22 type this wants a number, and the expression is string (turn text into a value \
             with fromJSON())",
            "10:18 type this wants true or false, and the expression is string (turn text into a \
             value with fromJSON())",
            "14:15 type this wants an array, and the expression is string",
            "19:19 type array<string> is put into text, where it becomes only the word `Array` \
             (use toJSON() or name a member)",
            "21:16 type object is put into text, where it becomes only the word `Object` (use \
             toJSON() or name a member)",
            "22:17 type null is put into text, where it becomes nothing",
            "24:28 type this wants true or false, and the expression is string (turn text into a \
             value with fromJSON())",
            "29:17 type {A: number} is put into text, where it becomes only the word `Object` \
             (use toJSON() or name a member)",
        ]
    );
}

#[test]
fn a_called_workflow_says_what_it_takes_and_gives() {
    let called = "
on:
  workflow_call:
    inputs:
      ring: {type: number, required: true}
      name: {type: string}
      force: {type: boolean}
    secrets:
      role: {required: true}
    outputs:
      url:
        value: ${{ jobs.deploy.outputs.link }}
jobs:
  deploy:
    runs-on: ubuntu-24.04
    outputs:
      address: ${{ inputs.nam }} ${{ secrets.roll }} ${{ secrets.GITHUB_TOKEN }}
    steps:
      - run: ./deploy
";
    let caller = "
on: push
jobs:
  deploy:
    uses: ./.github/workflows/deploy.yml
    with:
      ring: ${{ github.run_number }}
      name: ${{ fromJSON('[1]') }}
      force: ${{ github.event.inputs.force }}
    secrets: {role: x}
  tell:
    needs: deploy
    runs-on: ubuntu-24.04
    steps:
      - run: ./tell ${{ needs.deploy.outputs.url }} ${{ needs.deploy.outputs.link }}
";
    let files = Memory(BTreeMap::from([(".github/workflows/deploy.yml", called)]));
    let repository = Repository::new(&files);
    assert_eq!(
        found(caller, &repository),
        [
            "7:13 type the called workflow declares `ring` as number, and this is string",
            "8:13 type the called workflow declares `name` as string, and this is array<number>",
            "15:57 undefined `needs.deploy.outputs.link` is not defined: `needs.deploy.outputs` is \
             {url: string}",
        ]
    );
    assert_eq!(
        found(called, &repository),
        [
            "12:20 undefined `jobs.deploy.outputs.link` is not defined: `jobs.deploy.outputs` is \
             {address: string}",
            "17:20 undefined `inputs.nam` is not defined: no such input is declared (did \
             you mean `name`?)",
            "17:38 undefined `secrets.roll` is not defined: no such secret is declared \
             (did you mean `role`?)",
        ]
    );
}

#[test]
fn outputs_of_steps_are_those_of_their_actions() {
    let text = "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    outputs:
      url: ${{ steps.page.outputs.page_ulr }}
    steps:
      - run: echo ${{ steps.cache.outputs.cache-hit }}
      - {id: cache, uses: actions/cache@v4, with: {key: x, path: y}}
      - {id: page, uses: actions/deploy-pages@v4}
      - {id: script, uses: actions/github-script@v7, with: {script: x}}
      - {id: own, uses: ./.github/actions/own}
      - {id: silent, uses: ./.github/actions/silent}
      - {id: steps, uses: ./.github/actions/steps}
      - {id: other, uses: mona/lisa@v1}
      - run: echo ${{ steps.cache.outputs.cache_hit }} ${{ steps.script.outputs.mine }}
      - run: echo ${{ steps.own.outputs.b }} ${{ steps.silent.outputs.any }}
      - run: echo ${{ steps.steps.outputs.any }} ${{ steps.other.outputs.any }}
";
    let files = Memory(BTreeMap::from([
        (
            ".github/actions/own/action.yml",
            "name: x\noutputs: {a: {description: x}}\nruns: {using: node24, main: x.js}\n",
        ),
        (
            ".github/actions/silent/action.yaml",
            "name: x\nruns: {using: node24, main: x.js}\n",
        ),
        (
            ".github/actions/steps/action.yml",
            "name: x\nruns: {using: composite, steps: [{run: x, shell: bash}]}\n",
        ),
    ]));
    let told = found(text, &Repository::new(&files));
    let brief: Vec<String> = told
        .iter()
        .map(|line| {
            let end = line.find(" is not defined").expect("all are of this kind");
            line[..end].to_owned()
        })
        .collect();
    assert_eq!(
        brief,
        [
            "7:16 undefined `steps.page.outputs.page_ulr`",
            "9:23 undefined `steps.cache`",
            "17:23 undefined `steps.cache.outputs.cache_hit`",
            "18:23 undefined `steps.own.outputs.b`",
            "19:23 undefined `steps.steps.outputs.any`",
        ]
    );
}

#[test]
fn a_workflow_without_inputs_has_none() {
    let text = "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo ${{ inputs.name }} ${{ matrix.x }} ${{ needs.b }}
";
    let told = found(text, &Repository::unknown());
    assert_eq!(told.len(), 3, "{told:#?}");
}

#[test]
fn matrices_that_are_computed_are_not_guessed() {
    for matrix in [
        "${{ fromJSON(vars.MATRIX) }}",
        "{include: '${{ fromJSON(vars.MATRIX) }}'}",
        "{a: [1], include: ['${{ fromJSON(vars.ENTRY) }}']}",
        "{x: '${{ fromJSON(vars.X) }}'}",
        "${{ fromJSON('{\"x\":[{\"y\":1}]}') }}",
        "${{ fromJSON('{\"include\":[{\"x\":{\"y\":1}}]}') }}",
    ] {
        let text = format!(
            "
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    strategy:
      matrix: {matrix}
    steps:
      - run: echo ${{{{ matrix.x.y }}}}
"
        );
        assert_eq!(
            found(&text, &Repository::unknown()),
            Vec::<String>::new(),
            "{matrix}"
        );
    }
}

/// Many steps that each look at those before, and wide objects, take no more than their share.
#[test]
fn large_workflows_stay_cheap() {
    let mut text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n".to_owned();
    for i in 0..3000 {
        text.push_str(&format!(
            "      - id: s{i}\n        run: echo ${{{{ steps.s{}.outcome }}}}\n",
            i + 1
        ));
    }
    let objects: Vec<String> = (0..800).map(|i| format!("{{\"k{i}\":{i}}}")).collect();
    text.push_str(&format!(
        "      - run: echo ${{{{ fromJSON('[{}]')[0].none }}}}\n",
        objects.join(",")
    ));
    let told = found(&text, &Repository::unknown());
    assert_eq!(told.len(), 3001);
}

/// Workflows in use: what is said about them was read, and is right.
#[test]
fn workflows_in_use_raise_no_false_alarm() {
    let Some(corpus) = shared::folder("corpus/workflows") else {
        return;
    };
    let mut told = Vec::new();
    for path in shared::files(&corpus, &[".yml", ".yaml"]) {
        let text = std::fs::read_to_string(&path).expect("readable");
        let name = path.strip_prefix(&corpus).expect("inside").display();
        let lines = found(&text, &Repository::unknown());
        told.extend(lines.into_iter().map(|line| format!("{name}:{line}")));
    }
    let places: Vec<&str> = told
        .iter()
        .map(|line| {
            line.split_once(" is not defined")
                .map_or(line.as_str(), |(it, _)| it)
        })
        .collect();
    assert_eq!(
        places,
        [
            // The output is called `task-definition-arn`.
            "Aboubakr2000Cloud__ecs-weather-platform-with-monitoring/deploy.yml:308:32 undefined \
             `steps.deploy.outputs.task-definition`",
            // In each, a job reads a job that it does not need itself.
            "communitiesuk__funding-service-design-assessment/copilot_deploy.yml:99:43 undefined \
             `needs.setup`",
            "communitiesuk__funding-service-design-assessment/copilot_deploy.yml:130:43 undefined \
             `needs.setup`",
            "taka-123__laravel_nuxt_postgre_template/deploy-ecs-production.yml:381:76 undefined \
             `needs.setup`",
        ],
        "{told:#?}"
    );
}
