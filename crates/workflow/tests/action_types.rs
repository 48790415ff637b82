//! Types of expressions in the metadata files of actions.

use lockkeeper_workflow::check::{Repository, check_action};
use lockkeeper_workflow::load_action;

#[test]
fn expressions_of_a_composite_action_see_its_inputs_and_steps() {
    let text = "
name: Deploy
description: Deploys
inputs:
  ring: {description: which, required: true}
outputs:
  url: {description: where, value: '${{ steps.deploy.outputs.url }}'}
  tag: {description: what, value: '${{ steps.tell.outputs.tag }}'}
runs:
  using: composite
  steps:
    - run: ./tell ${{ steps.deploy.outcome }} ${{ inputs.rings }}
      shell: bash
    - id: deploy
      if: inputs.ring == 'one' && matrix.any != github.reff
      run: ./deploy ${{ inputs.ring }} ${{ github.event }}
      shell: bash
    - uses: actions/cache@v4
      id: cache
      with: {key: '${{ steps.deploy.outputs.any }}', path: x}
    - run: ./tell ${{ steps.cache.outputs.cache_hit }}
      shell: bash
";
    let action = load_action("action.yml", text).expect("an action that the runner takes");
    let told: Vec<String> = check_action(&action, "", &Repository::unknown())
        .iter()
        .filter(|f| f.kind.starts_with("expression-"))
        .map(|f| format!("{}:{} {}", f.place.line, f.place.column, f.kind))
        .collect();
    assert_eq!(
        told,
        [
            "8:40 expression-undefined",
            "12:23 expression-undefined",
            "12:51 expression-undefined",
            "15:49 expression-undefined",
            "16:40 expression-type",
            "21:23 expression-undefined",
        ]
    );
}
