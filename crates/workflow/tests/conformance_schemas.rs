//! SchemaStore's own samples for its schemas of workflows and actions, when present: the positive ones
//! load, the negative ones are refused.

mod shared;

use lockkeeper_workflow::{Problem, load, load_action};
use shared::Tally;

#[test]
fn samples_are_accepted_and_refused_alike() {
    let mut tally = Tally::new("schemas");
    for part in shared::parts("schemas") {
        for (folder, wanted) in [("positive", true), ("negative", false)] {
            let folder = part.join(folder);
            if !folder.is_dir() {
                continue;
            }
            for file in shared::files(&folder, &[".yaml", ".yml", ".json"]) {
                let name = file.strip_prefix(&part).expect("below the part");
                let name = name.to_string_lossy().into_owned();
                let text = std::fs::read_to_string(&file).expect("a readable file");
                let problems: Vec<Problem> = if name.contains("github-action") {
                    load_action(&name, &text).err().unwrap_or_default()
                } else {
                    load(&name, &text).err().unwrap_or_default()
                };
                let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let result = match (wanted, said.is_empty()) {
                    (true, false) => Err(format!("refused: {said:?}")),
                    (false, true) => Err("accepted".to_owned()),
                    _ => Ok(()),
                };
                tally.case(&name, result);
            }
        }
    }
    tally.finish();
}
