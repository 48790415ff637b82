//! Random stories: whatever people and runners do in whatever order, the hub keeps its word.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::{JobId, RunId};
use proptest::prelude::*;

use crate::story::*;

#[derive(Debug, Clone)]
enum Act {
    Create {
        group: Option<Group>,
        git_ref: bool,
    },
    Add {
        run: usize,
        group: Option<Group>,
        gate: u8,
        always: bool,
    },
    Skip {
        run: usize,
    },
    Pass {
        hours: u64,
    },
    Start {
        job: usize,
    },
    End {
        job: usize,
        conclusion: Conclusion,
    },
    EndRun {
        run: usize,
    },
    Cancel {
        run: usize,
        force: bool,
    },
    Rerun {
        run: usize,
    },
    Review {
        run: usize,
        who: u8,
        approved: bool,
    },
    Bypass {
        run: usize,
    },
    Delete,
    Protect {
        reviewers: bool,
        timer: u32,
    },
}

fn group() -> impl Strategy<Value = Option<Group>> {
    let some = (0..3u8, any::<bool>(), any::<bool>()).prop_map(|(name, max_queue, cancel)| Group {
        name: ["g", "G", "h"][usize::from(name)].to_owned(),
        cancel_in_progress: cancel && !max_queue,
        max_queue,
    });
    proptest::option::weighted(0.7, some)
}

fn conclusion() -> impl Strategy<Value = Conclusion> {
    prop_oneof![
        Just(Conclusion::Success),
        Just(Conclusion::Failure),
        Just(Conclusion::Cancelled),
        Just(Conclusion::TimedOut),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let at = || 0..8usize;
    prop_oneof![
        2 => (group(), any::<bool>()).prop_map(|(group, git_ref)| Act::Create { group, git_ref }),
        6 => (at(), group(), 0..4u8, any::<bool>())
            .prop_map(|(run, group, gate, always)| Act::Add { run, group, gate, always }),
        1 => at().prop_map(|run| Act::Skip { run }),
        4 => (0..40u64).prop_map(|hours| Act::Pass { hours }),
        1 => (700..900u64).prop_map(|hours| Act::Pass { hours }),
        6 => at().prop_map(|job| Act::Start { job }),
        5 => (at(), conclusion()).prop_map(|(job, conclusion)| Act::End { job, conclusion }),
        2 => at().prop_map(|run| Act::EndRun { run }),
        1 => (at(), any::<bool>()).prop_map(|(run, force)| Act::Cancel { run, force }),
        1 => at().prop_map(|run| Act::Rerun { run }),
        3 => (at(), 0..4u8, any::<bool>())
            .prop_map(|(run, who, approved)| Act::Review { run, who, approved }),
        1 => at().prop_map(|run| Act::Bypass { run }),
        1 => Just(Act::Delete),
        1 => (any::<bool>(), 0..90u32).prop_map(|(reviewers, timer)| Act::Protect { reviewers, timer }),
    ]
}

/// Plays one act on a run or job picked among those that exist; refusals are fine.
fn play(story: &mut Story, runs: &mut Vec<RunId>, jobs: &mut Vec<JobId>, act: Act) {
    let run_at = |runs: &[RunId], at: usize| runs.iter().rev().nth(at).copied();
    let job_at = |jobs: &[JobId], at: usize| jobs.iter().rev().nth(at).copied();
    let ann = login("ann");
    let now = story.now;
    match act {
        Act::Pass { hours } => story.pass(Duration::from_secs(hours * 3600)),
        Act::Create { group, git_ref } => {
            let mut request = story.request();
            request.concurrency = group;
            if git_ref {
                request.git_ref = "refs/heads/other".to_owned();
            }
            runs.push(story.create(request));
        }
        Act::Add {
            run,
            group,
            gate,
            always,
        } => {
            let Some(run) = run_at(runs, run) else { return };
            let request = JobRequest {
                environment: match gate {
                    0 => None,
                    1 => Some(env("new")),
                    _ => Some(env("production")),
                },
                concurrency: group,
                survives_cancel: always,
                ..JobRequest::new("job", 1)
            };
            jobs.extend(story.hub.add_job(now, &mut story.log, run, request));
        }
        Act::Skip { run } => {
            let Some(run) = run_at(runs, run) else { return };
            let request = JobRequest::new("skipped", 1);
            let _ = story.hub.skip_job(now, &mut story.log, run, request);
        }
        Act::Start { job } => {
            let Some(job) = job_at(jobs, job) else { return };
            let _ = story.hub.start_job(now, &mut story.log, job);
        }
        Act::End { job, conclusion } => {
            let Some(job) = job_at(jobs, job) else { return };
            let _ = story.hub.complete_job(now, &mut story.log, job, conclusion);
        }
        Act::EndRun { run } => {
            let Some(run) = run_at(runs, run) else { return };
            let _ = story
                .hub
                .complete_run(now, &mut story.log, run, Conclusion::Failure);
        }
        Act::Cancel { run, force } => {
            let Some(run) = run_at(runs, run) else { return };
            let _ = if force {
                story
                    .hub
                    .force_cancel_run(now, &mut story.log, run, &ann, "")
            } else {
                story.hub.cancel_run(now, &mut story.log, run, &ann, "")
            };
        }
        Act::Rerun { run } => {
            let Some(run) = run_at(runs, run) else { return };
            let _ = story.hub.rerun(now, &mut story.log, run, &ann);
        }
        Act::Review { run, who, approved } => {
            let Some(run) = run_at(runs, run) else { return };
            let who = ["ann", "bob", "carol", "mallory"][usize::from(who)];
            let _ = story.review(run, who, approved);
        }
        Act::Bypass { run } => {
            let Some(run) = run_at(runs, run) else { return };
            let production = env("production");
            let _ = story
                .hub
                .bypass(now, &mut story.log, run, &production, &ann, "");
        }
        Act::Delete => {
            let production = env("production");
            let _ = story
                .hub
                .delete_environment(now, &mut story.log, &ann, &production);
        }
        Act::Protect { reviewers, timer } => {
            let settings = EnvironmentSettings {
                reviewers: if reviewers {
                    production().reviewers
                } else {
                    Vec::new()
                },
                wait_timer: timer,
                ..production()
            };
            let _ =
                story
                    .hub
                    .set_environment(now, &mut story.log, &ann, env("production"), settings);
        }
    }
}

/// Reads the whole log as a stranger would.
fn judge(story: &Story) -> Result<(), TestCaseError> {
    let mut holders: BTreeMap<String, Holder> = BTreeMap::new();
    let mut open_jobs: BTreeSet<JobId> = BTreeSet::new();
    let mut closed_jobs: BTreeSet<JobId> = BTreeSet::new();
    let mut open_runs: BTreeSet<RunId> = BTreeSet::new();
    let mut asked: BTreeSet<JobId> = BTreeSet::new();
    let mut let_pass: BTreeSet<JobId> = BTreeSet::new();
    let mut last = None;
    let holder = |run: &RunId, job: &Option<JobId>| job.map_or(Holder::Run(*run), Holder::Job);
    for event in story.log.events() {
        prop_assert!(last <= Some(event.at), "time runs forward");
        last = Some(event.at);
        let live = |job: &JobId| -> Result<(), TestCaseError> {
            prop_assert!(open_jobs.contains(job), "{event:?} of a job that is over");
            Ok(())
        };
        match &event.what {
            What::RunCreated { run, .. } => {
                prop_assert!(open_runs.insert(*run));
            }
            What::RunCompleted { run, .. } => {
                prop_assert!(open_runs.remove(run), "{event:?} twice");
                let left = open_jobs
                    .iter()
                    .find(|job| story.hub.job(**job).unwrap().run == *run);
                prop_assert!(left.is_none(), "{left:?} outlives its run");
            }
            What::RunPending { run, .. } | What::CancelRequested { run, .. } => {
                prop_assert!(open_runs.contains(run), "{event:?}");
            }
            What::JobCreated { run, job, .. } => {
                prop_assert!(open_runs.contains(run));
                prop_assert!(open_jobs.insert(*job));
            }
            What::JobWaiting { job, .. } => {
                live(job)?;
                prop_assert!(asked.insert(*job), "asked once");
            }
            What::Reviewed { job, approved, .. } => {
                live(job)?;
                if *approved {
                    let_pass.insert(*job);
                }
            }
            What::GateBypassed { job, .. } => {
                live(job)?;
                let_pass.insert(*job);
            }
            What::JobPending { job, .. }
            | What::JobQueued { job, .. }
            | What::GateRefused { job, .. }
            | What::EnvironmentCreated { job, .. } => live(job)?,
            What::JobStarted { job, .. } => {
                live(job)?;
                let record = story.hub.job(*job).unwrap();
                if let Some(group) = &record.concurrency {
                    let held = holders.get(&group.name.to_lowercase());
                    prop_assert_eq!(held, Some(&Holder::Job(*job)), "runs without its group");
                }
            }
            What::JobCompleted { job, .. } => {
                live(job)?;
                open_jobs.remove(job);
                closed_jobs.insert(*job);
            }
            What::GroupAcquired { group, run, job } => {
                let before = holders.insert(group.to_lowercase(), holder(run, job));
                prop_assert_eq!(before, None, "two holders");
                if let Some(job) = job {
                    live(job)?;
                }
            }
            What::GroupReleased { group, run, job } => {
                let before = holders.remove(&group.to_lowercase());
                prop_assert_eq!(before, Some(holder(run, job)), "released by its holder");
            }
            _ => {}
        }
    }
    for (group, holder) in holders {
        prop_assert_eq!(story.hub.group_holder(&group), Some(holder));
        let over = match holder {
            Holder::Job(job) => closed_jobs.contains(&job),
            Holder::Run(run) => !open_runs.contains(&run),
        };
        prop_assert!(!over, "{holder:?} is over and holds {group}");
    }
    // Who was asked for a review and runs was let pass by someone.
    for job in &asked {
        let record = story.hub.job(*job).unwrap();
        let reviewers = story.log.events().iter().any(|event| {
            matches!(&event.what, What::JobWaiting { job: of, reviewers, .. } if of == job && !reviewers.is_empty())
        });
        if record.started_at.is_some() && reviewers {
            prop_assert!(let_pass.contains(job), "{job} started unreviewed");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_hub_keeps_its_word(acts in proptest::collection::vec(act(), 1..120)) {
        let mut story = Story::new();
        let (mut runs, mut jobs) = (Vec::new(), Vec::new());
        for act in acts {
            play(&mut story, &mut runs, &mut jobs, act);
        }
        judge(&story)?;
        // A runner that tidies up can always end everything, and nothing is held after that.
        for round in 0..200 {
            story.pass(Duration::from_secs(60));
            for job in story.hub.startable() {
                story.start(job);
            }
            for job in jobs.clone() {
                let _ = story.hub.complete_job(story.now, &mut story.log, job, Conclusion::Success);
            }
            let open: Vec<RunId> = story.hub.runs(&RunFilter::default()).iter()
                .filter(|run| run.status != RunStatus::Completed).map(|run| run.id).collect();
            for run in &open {
                // Two runs may each hold the group that the other's job waits for.
                if round > 50 {
                    let _ = story.hub.force_cancel_run(story.now, &mut story.log, *run, &login("ann"), "");
                }
                let production = env("production");
                let _ = story.hub.bypass(story.now, &mut story.log, *run, &production, &login("ann"), "");
                let _ = story.hub.complete_run(story.now, &mut story.log, *run, Conclusion::Success);
            }
            if open.is_empty() {
                break;
            }
            prop_assert!(round < 199, "stuck: {:?}", story.hub.runs(&RunFilter::default()));
        }
        judge(&story)?;
        prop_assert_eq!(story.hub.group_holder("g"), None);
        prop_assert_eq!(story.hub.group_holder("h"), None);
        prop_assert_eq!(story.hub.next_timer(), None);
    }
}
