use lockkeeper_names::NameError;

/// Why no pipeline can be written for these rules and this repository.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error("{place} asks for the gate `{gate}`, which this repository cannot run: {remedy}")]
    NoCommand {
        gate: &'static str,
        place: String,
        remedy: &'static str,
    },
    #[error("{place} asks for {asked}% coverage, which cannot be checked here: {why}")]
    NoCoverage {
        asked: u8,
        place: String,
        why: String,
    },
    #[error(
        "{place} asks for {asked}% coverage, but the script `test` is content with {own}%: raise its --lines to {asked}"
    )]
    CoverageTooLow { own: u8, asked: u8, place: String },
    #[error(
        "{place} asks for an image, but there is no Dockerfile in the repository's root: add one"
    )]
    NoDockerfile { place: String },
    #[error(
        "the rules name no ECS service: add `Service: <name>` and `Cluster: <name>` to the infrastructure section"
    )]
    NoService,
    #[error("the rules name several services ({names}): one pipeline deploys one service so far")]
    SeveralServices { names: String },
    #[error("the rules name no {what} for {environment}: add it to the infrastructure section")]
    Missing {
        what: &'static str,
        environment: &'static str,
    },
    #[error(
        "{place} asks for smoke tests, but no endpoint is named that they could ask: add `Health check endpoint: /health`"
    )]
    NothingToAsk { place: String },
    #[error("{place}: staging that is deployed by hand is not supported so far, only on merge")]
    StagingByHand { place: String },
    #[error("{place}: an approval before staging is not supported so far")]
    StagingApproval { place: String },
    #[error("{place}: production that is deployed on merge is not supported so far, only by hand")]
    ProductionByMerge { place: String },
    #[error(
        "staging is deployed from {staging} and production from {production}: one branch for both is all that is supported so far"
    )]
    TwoBranches { staging: String, production: String },
    #[error(
        "staging is in account {staging} and production in {production}: images and their evidence live in one registry, so one account for both is all that is supported so far"
    )]
    TwoAccounts { staging: String, production: String },
    #[error("{first} and {second} contradict each other")]
    Contradiction { first: String, second: String },
    #[error("a role's name would be too long or malformed: {0}")]
    Name(#[from] NameError),
}
