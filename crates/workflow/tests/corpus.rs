//! Workflows of real repositories, when present: every one loads.

mod shared;

use lockkeeper_workflow::load;

/// Files that GitHub refuses as well, and why.
const REFUSED: &[(&str, &str)] = &[];

#[test]
fn every_workflow_loads() {
    let (mut all, mut failed) = (0, Vec::new());
    for name in ["corpus/workflows", "fixtures"] {
        let Some(folder) = shared::folder(name) else {
            continue;
        };
        for file in shared::files(&folder, &[".yml", ".yaml"]) {
            let name = file.to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&file).expect("a readable file");
            all += 1;
            let refused = REFUSED.iter().any(|(known, _)| name.ends_with(known));
            match load(&name, &text) {
                Ok(_) if refused => failed.push(format!("{name}: loads, but should not")),
                Err(problems) if !refused => {
                    failed.extend(problems.iter().map(ToString::to_string));
                }
                _ => {}
            }
        }
    }
    println!("corpus: {all} workflows");
    assert!(failed.is_empty(), "{}\n{}", failed.len(), failed.join("\n"));
}
