use lockkeeper_world::event::{Conclusion, What};
use lockkeeper_world::hub::*;
use lockkeeper_world::ids::{JobId, RunId};

use crate::story::*;

/// A run of its own for each job.
fn contender(story: &mut Story, request: JobRequest) -> (RunId, JobId) {
    let run = story.run();
    let job = story.job(run, request);
    (run, job)
}

#[test]
fn a_job_that_waits_for_a_reviewer_holds_its_group() {
    let mut story = Story::new();
    let waiting = JobRequest {
        concurrency: Some(group("deploy-production")),
        ..gated("deploy")
    };
    let (first_run, first) = contender(&mut story, waiting.clone());
    let (_, second) = contender(&mut story, locked("deploy", "Deploy-Production"));
    assert_eq!(story.state(first), "waiting");
    assert_eq!(story.state(second), "pending");

    story.cancel(first_run);
    assert_eq!(story.conclusion(first), Some(Conclusion::Cancelled));
    assert_eq!(story.state(second), "queued");
    assert_eq!(story.hub.completions(), [first]);
    assert!(story.hub.cancellations().is_empty());
}

#[test]
fn a_newer_pending_job_replaces_the_older_one() {
    let mut story = Story::new();
    let jobs: Vec<JobId> = (0..3)
        .map(|_| contender(&mut story, locked("deploy", "g")).1)
        .collect();
    assert_eq!(story.state(jobs[0]), "queued");
    assert_eq!(story.conclusion(jobs[1]), Some(Conclusion::Cancelled));
    assert_eq!(story.state(jobs[2]), "pending");
    story.start(jobs[0]);
    story.end(jobs[0], Conclusion::Success);
    assert_eq!(story.state(jobs[2]), "queued");
    assert_eq!(story.hub.group_holder("G"), Some(Holder::Job(jobs[2])));
}

#[test]
fn queue_max_keeps_a_hundred_in_order_and_turns_the_rest_away() {
    let mut story = Story::new();
    let request = JobRequest {
        concurrency: Some(Group {
            max_queue: true,
            ..group("g")
        }),
        ..JobRequest::new("deploy", 10)
    };
    let jobs: Vec<JobId> = (0..102)
        .map(|_| contender(&mut story, request.clone()).1)
        .collect();
    assert_eq!(story.conclusion(jobs[101]), Some(Conclusion::Cancelled));
    for job in &jobs[..101] {
        story.start(*job);
        story.end(*job, Conclusion::Success);
    }
    assert_eq!(story.hub.group_holder("g"), None);
}

#[test]
fn cancel_in_progress_interrupts_the_holder_through_its_runner() {
    let mut story = Story::new();
    let request = JobRequest {
        concurrency: Some(Group {
            cancel_in_progress: true,
            ..group("g")
        }),
        ..JobRequest::new("deploy", 10)
    };
    let (_, first) = contender(&mut story, request.clone());
    story.start(first);
    let (_, second) = contender(&mut story, request.clone());
    assert_eq!(story.hub.cancellations(), [first]);
    assert_eq!(story.state(second), "pending");
    // A third one takes the second's place; the first is not cancelled twice.
    let (_, third) = contender(&mut story, request);
    assert!(story.hub.cancellations().is_empty());
    assert_eq!(story.conclusion(second), Some(Conclusion::Cancelled));
    story.end(first, Conclusion::Cancelled);
    assert_eq!(story.state(third), "queued");
    let asked = story.happened(|what| matches!(what, What::CancelRequested { .. }));
    assert_eq!(asked, 2, "the first and the second, once each");
}

#[test]
fn runs_and_jobs_share_groups() {
    let mut story = Story::new();
    let (_, job) = contender(&mut story, locked("deploy", "g"));
    let mut request = story.request();
    request.concurrency = Some(group("G"));
    story.hub.ready_runs();
    let run = story.create(request);
    assert_eq!(story.status(run), RunStatus::Pending);
    assert!(story.hub.ready_runs().is_empty());
    let early = story
        .hub
        .add_job(story.now, &mut story.log, run, JobRequest::new("x", 1));
    assert!(early.is_err(), "it has not started");

    story.start(job);
    story.end(job, Conclusion::Failure);
    assert_eq!(story.hub.ready_runs(), [run]);
    assert_eq!(story.status(run), RunStatus::Queued);
    let (_, next) = contender(&mut story, locked("deploy", "g"));
    assert_eq!(story.state(next), "pending");
    let inner = story.job(run, JobRequest::new("build", 4));
    story.start(inner);
    story.end(inner, Conclusion::Success);
    assert_eq!(story.state(next), "pending", "the run still holds it");
    story.end_run(run, Conclusion::Success);
    assert_eq!(story.state(next), "queued");
}

#[test]
fn a_pending_run_that_is_replaced_never_starts() {
    let mut story = Story::new();
    let mut request = story.request();
    request.concurrency = Some(group("g"));
    let runs: Vec<RunId> = (0..3).map(|_| story.create(request.clone())).collect();
    assert_eq!(story.hub.ready_runs(), [runs[0]]);
    let replaced = story.hub.run(runs[1]).unwrap();
    assert_eq!(replaced.conclusion, Some(Conclusion::Cancelled));
    story.cancel(runs[2]);
    story.end_run(runs[0], Conclusion::Success);
    assert!(story.hub.ready_runs().is_empty());
    assert_eq!(story.hub.group_holder("g"), None);
}

#[test]
fn a_job_that_asks_for_the_group_of_its_own_run_is_cancelled() {
    let mut story = Story::new();
    let mut request = story.request();
    request.concurrency = Some(group("g"));
    let run = story.create(request);
    let job = story.job(run, locked("deploy", "g"));
    assert_eq!(story.conclusion(job), Some(Conclusion::Cancelled));
    story.end_run(run, Conclusion::Cancelled);
    assert_eq!(story.hub.group_holder("g"), None);
}

#[test]
fn cancelling_a_run_never_hands_its_group_to_its_own_siblings() {
    let mut story = Story::new();
    let run = story.run();
    let first = story.job(run, locked("a", "g"));
    let second = story.job(run, locked("b", "g"));
    let (_, stranger) = contender(
        &mut story,
        JobRequest {
            concurrency: Some(Group {
                max_queue: true,
                ..group("g")
            }),
            ..JobRequest::new("c", 9)
        },
    );
    story.cancel(run);
    assert_eq!(story.conclusion(first), Some(Conclusion::Cancelled));
    assert_eq!(story.conclusion(second), Some(Conclusion::Cancelled));
    assert_eq!(story.state(stranger), "queued");
    let acquired =
        |what: &What| matches!(what, What::GroupAcquired { job: Some(job), .. } if *job == second);
    assert_eq!(story.happened(acquired), 0);
}
