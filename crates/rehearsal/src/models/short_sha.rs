//! `benjlevesque/short-sha`: the first digits of the commit, as `SHA` and as the output `sha`.

use super::{Bench, Model, Progress};

struct ShortSha;

pub(super) fn start() -> Box<dyn Model> {
    Box::new(ShortSha)
}

impl Model for ShortSha {
    fn resume(&mut self, bench: &mut Bench<'_>) -> Progress {
        let length = bench.input("length").unwrap_or("7").trim();
        let length = length
            .parse::<usize>()
            .map_or(7, |length| length.clamp(1, 40));
        let sha = bench.env.get("GITHUB_SHA").cloned().unwrap_or_default();
        let short: String = sha.chars().take(length).collect();
        let name = bench.input("variable_name").unwrap_or("SHA").to_owned();
        bench.effects.env.push((name, short.clone()));
        bench.effects.outputs.insert("sha".into(), short);
        Progress::Done
    }
}
