//! Whatever names rules give to things, they come out as exactly these names.

use lockkeeper_names::{BranchName, ClusterName, ServiceName};
use proptest::prelude::*;
use saphyr_parser::{Event, Parser};

use crate::rules::{files, full, node_repository};

fn scalars(text: &str) -> Vec<String> {
    Parser::new_from_str(text)
        .filter_map(|event| match event.unwrap().0 {
            Event::Scalar(value, ..) => Some(value.into_owned()),
            _ => None,
        })
        .collect()
}

/// The value of the first key of this name.
fn value<'a>(scalars: &'a [String], key: &str) -> &'a str {
    let at = scalars.iter().position(|scalar| scalar == key).unwrap();
    &scalars[at + 1]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn names_survive(
        branch in "[A-Za-z0-9._/+@#-]{1,20}",
        service in "[A-Za-z0-9_-]{1,40}",
        cluster in "[A-Za-z0-9_-]{1,255}",
    ) {
        let (Ok(branch), Ok(service), Ok(cluster)) =
            (BranchName::parse(&branch), ServiceName::parse(&service), ClusterName::parse(&cluster))
        else {
            return Ok(());
        };
        let mut policy = full();
        policy.production_branch = branch.clone();
        policy.services[0].name = service.clone();
        policy.environments.staging.branch = Some(branch.clone());
        policy.environments.production.cluster = Some(cluster.clone());
        let dir = node_repository();
        for file in files(policy, dir.path()) {
            let text = std::str::from_utf8(&file.bytes).unwrap();
            if !file.path.ends_with(".yml") {
                continue;
            }
            let scalars = scalars(text);
            match file.path.as_str() {
                ".github/workflows/deploy-production.yml" => {
                    prop_assert_eq!(value(&scalars, "BRANCH"), branch.as_str());
                    prop_assert_eq!(value(&scalars, "SERVICE"), service.as_str());
                    prop_assert_eq!(value(&scalars, "CLUSTER"), cluster.as_str());
                }
                ".github/workflows/ci.yml" => {
                    prop_assert_eq!(value(&scalars, "branches"), branch.as_str());
                }
                _ => {}
            }
        }
    }
}

/// Statements are the one text that is not a name, and DEPLOYMENT.md quotes them.
#[test]
fn statements_cannot_become_markup() {
    let dir = node_repository();
    let mut reading = crate::rules::reading(full());
    reading.statements[0].text = "a | b <script> ${{ x }} $(y) `z`\n# h --> end".into();
    reading.statements[0].source = "docs/--> evil\n.md".into();
    let stack = lockkeeper_pipeline::Stack::detect(dir.path()).unwrap();
    let files = lockkeeper_pipeline::plan(&reading, &stack)
        .unwrap()
        .files(&lockkeeper_pipeline::Pins::default());
    let guide = files
        .iter()
        .find(|file| file.path == "DEPLOYMENT.md")
        .unwrap();
    let text = std::str::from_utf8(&guide.bytes).unwrap();
    let row = text.lines().find(|line| line.contains("evil")).unwrap();
    assert!(
        row.contains(r"a \| b \<script\> \${{ x }} \$(y) \`z\` \# h --\> end"),
        "{row}"
    );
}
