use std::time::Duration;

use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;

use crate::story::*;

#[test]
fn a_job_is_startable_after_its_pick_up_delay_and_only_then() {
    let mut story = Story::new();
    let run = story.run();
    assert_eq!(story.hub.ready_runs(), [run]);
    assert!(story.hub.ready_runs().is_empty(), "handed out once");
    let job = story.job(run, JobRequest::new("build", 7));
    assert!(story.hub.startable().is_empty());
    assert!(story.hub.start_job(story.now, &mut story.log, job).is_err());
    story.start(job);
    assert_eq!(story.status(run), RunStatus::InProgress);
    let early = story
        .hub
        .complete_run(story.now, &mut story.log, run, Conclusion::Success);
    assert!(early.is_err(), "a job still runs");
    story.end(job, Conclusion::Success);
    story.end_run(run, Conclusion::Success);
    assert_eq!(story.status(run), RunStatus::Completed);
    assert!(
        story
            .hub
            .add_job(story.now, &mut story.log, run, JobRequest::new("x", 1))
            .is_err()
    );
}

#[test]
fn cancelling_ends_what_does_not_run_and_hands_out_what_does() {
    let mut story = Story::new();
    let run = story.run();
    let running = story.job(run, JobRequest::new("running", 1));
    story.start(running);
    let finished = story.job(run, JobRequest::new("finished", 2));
    story.start(finished);
    story.end(finished, Conclusion::Success);
    let holder = story.run();
    story.job(holder, locked("holder", "g"));
    let pending = story.job(run, locked("pending", "g"));
    let waiting = story.job(run, gated("waiting"));
    let queued = story.job(run, JobRequest::new("queued", 3));

    story.cancel(run);
    for job in [pending, waiting, queued] {
        assert_eq!(story.conclusion(job), Some(Conclusion::Cancelled));
    }
    assert_eq!(story.conclusion(finished), Some(Conclusion::Success));
    assert_eq!(story.hub.completions(), [pending, waiting, queued]);
    assert_eq!(story.hub.cancellations(), [running]);
    story.cancel(run);
    assert!(story.hub.cancellations().is_empty(), "handed out once");
    assert_eq!(story.state(running), "in_progress");
    assert!(story.hub.run(run).unwrap().cancelled);

    // The runner's own clean-up may still end with something else.
    story.end(running, Conclusion::Cancelled);
    story.end_run(run, Conclusion::Cancelled);
    let again = story
        .hub
        .cancel_run(story.now, &mut story.log, run, &login("bob"), "");
    assert!(again.is_err());
}

#[test]
fn a_job_with_always_survives_cancelling_but_not_forcing() {
    let mut story = Story::new();
    let run = story.run();
    let job = story.job(
        run,
        JobRequest {
            survives_cancel: true,
            ..JobRequest::new("cleanup", 20)
        },
    );
    story.start(job);
    story.cancel(run);
    assert!(story.hub.cancellations().is_empty());
    let later = story.job(run, JobRequest::new("outcome", 30));
    assert_eq!(story.state(later), "queued", "its `if` let it run");
    let (now, log) = (story.now, &mut story.log);
    story
        .hub
        .force_cancel_run(now, log, run, &login("bob"), "")
        .unwrap();
    assert_eq!(story.hub.cancellations(), [job]);
}

#[test]
fn only_people_with_write_access_cancel_and_rerun() {
    let mut story = Story::new();
    let run = story.run();
    let (now, log) = (story.now, &mut story.log);
    for stranger in ["dave", "mallory"] {
        assert!(
            story
                .hub
                .cancel_run(now, log, run, &login(stranger), "")
                .is_err()
        );
    }
    story.end_run(run, Conclusion::Success);
    assert!(
        story
            .hub
            .rerun(story.now, &mut story.log, run, &login("dave"))
            .is_err()
    );
}

#[test]
fn a_rerun_asks_again_and_keeps_the_history() {
    let mut story = Story::new();
    let run = story.run();
    let first = story.job(run, gated("deploy"));
    story.hub.ready_runs();
    let rerun = |story: &mut Story| {
        let (now, log) = (story.now, &mut story.log);
        story.hub.rerun(now, log, run, &login("carol"))
    };
    assert!(rerun(&mut story).is_err(), "still running");
    story.review(run, "carol", true).unwrap();
    story.start(first);
    story.end(first, Conclusion::Success);
    story.end_run(run, Conclusion::Success);

    assert_eq!(rerun(&mut story), Ok(2));
    assert_eq!(story.hub.ready_runs(), [run]);
    let second = story.job(run, gated("deploy"));
    assert_eq!(story.state(second), "waiting");
    assert_eq!(story.hub.approvals(run).len(), 1);
    let record = story.hub.run(run).unwrap();
    assert_eq!((record.attempt, record.number), (2, 1));
    assert_eq!(record.actor, login("bob"));
    assert_eq!(record.triggering_actor, login("carol"));
    assert_eq!(story.hub.jobs_of(run), [second]);
    story.review(run, "bob", false).unwrap();
    assert_eq!(story.hub.approvals(run).len(), 2);
}

#[test]
fn a_run_ends_after_thirty_five_days_and_cannot_be_rerun_after_thirty() {
    let mut story = Story::new();
    let day = Duration::from_secs(86_400);
    let run = story.run();
    let job = story.job(run, JobRequest::new("deploy", 1));
    story.start(job);
    story.pass(day * 36);
    assert_eq!(story.hub.cancellations(), [job]);
    story.end(job, Conclusion::Cancelled);
    story.end_run(run, Conclusion::Cancelled);
    let rerun = story
        .hub
        .rerun(story.now, &mut story.log, run, &login("bob"));
    assert!(rerun.unwrap_err().why.contains("over a month ago"));
    assert_eq!(story.hub.next_timer(), None);
}

#[test]
fn runs_are_found_by_what_people_ask_for() {
    let mut story = Story::new();
    let waiting = story.run();
    story.job(waiting, gated("deploy"));
    let mut push = story.request();
    push.workflow = file("ci.yml");
    push.trigger = "push".to_owned();
    let done = story.create(push);
    story.end_run(done, Conclusion::Failure);

    let found = |filter: RunFilter| -> Vec<_> {
        story.hub.runs(&filter).iter().map(|run| run.id).collect()
    };
    let status = |text: &str| RunFilter {
        status: Some(text.to_owned()),
        ..RunFilter::default()
    };
    assert_eq!(found(RunFilter::default()), [done, waiting]);
    assert_eq!(found(status("waiting")), [waiting]);
    assert_eq!(found(status("failure")), [done]);
    assert_eq!(found(status("in_progress")), []);
    let of_deploy = RunFilter {
        workflow: Some(file("deploy.yml")),
        ..status("completed")
    };
    assert_eq!(found(of_deploy), []);
    let completed = |what: &What| matches!(what, What::RunCompleted { .. });
    assert_eq!(story.happened(completed), 1);
}
