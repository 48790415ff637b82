//! Phrases that several rules share, in the pattern language of [`pattern`](crate::pattern).

/// The pattern behind a `<name>`; a name that is not here is a bug and panics.
pub(crate) fn phrase(name: &str) -> &'static str {
    match PHRASES.iter().find(|(known, _)| *known == name) {
        Some((_, pattern)) => pattern,
        None => panic!("the lexicon has no phrase `{name}`"),
    }
}

const PHRASES: &[(&str, &str)] = &[
    (
        "must",
        "(must|shall|should|will|need to|needs to|has to|have to|is to|are to)",
    ),
    ("be", "(is|are|gets|get|<must> be|<must> get)"),
    ("is", "[=|is|are|->]"),
    ("each", "(every|each|any|all)"),
    (
        "env",
        "(#staging(staging|stage|stg)|#production(production|prod|prd)) [environment|env]",
    ),
    (
        "envs",
        "(#every([both|all|every|each] (environment|environments|envs))|[both|either] <env> ([and|or|&|+] <env>)*)",
    ),
    (
        "deploy",
        "(deploy|deploys|deployment|deployments|release|releases|rollout|rollouts)",
    ),
    (
        "deploying",
        "(deploying|releasing|deployment|deployments|a deployment|deploy|deploys|release|releases)",
    ),
    // A deployment of an environment, as a noun.
    (
        "env-deploy",
        "([<each>] <env> [<deploy>]|[<each>] <deploying> (to|on|in|into|of) <env>)",
    ),
    (
        "deploys",
        "(deploys|deploy|<must> deploy|<be> deployed|<be> deployed to|releases|<be> released|updates|<be> updated|redeploys|<be> redeployed)",
    ),
    ("automatically", "(automatically|automatic|automated|auto)"),
    (
        "merge",
        "(merge|merges|push|pushes|merged pull-request|merged pull-requests|merged pr|merged prs|merging|pushing|commit|commits)",
    ),
    (
        "branch",
        "([branch] {branch} [branch]|{branch:named-branch} branch|branch {branch:named-branch})",
    ),
    (
        "when",
        "(on|upon|after|when|whenever|with|for|by|at|once|following|from)",
    ),
    ("pr", "(pr|prs|pull-request|pull-requests)"),
    ("merged", "(merged|pushed)"),
    // What sets an automatic deployment off.
    (
        "on-merge",
        "(<when> [<each>] <merge> [(to|into|on|in) <branch>]|<when> [<each>] [pr|pull-request|change|changes|code|commit] (is|are|gets|get|) <merged> [(to|into) <branch>]|from <branch>)",
    ),
    (
        "person",
        "(human|person|reviewer|reviewers|maintainer|maintainers|team member|teammate|colleague|lead|someone|somebody|required reviewer|required reviewers|designated reviewer|designated reviewers)",
    ),
    (
        "approval",
        "[explicit|prior] [manual|human|reviewer] (approval|approvals|sign-off|signoff)",
    ),
    (
        "github-gate",
        "[(using|via|through|with|by|in|by means of)] (github (environment|environments) [protection|protected] [(with|and) required reviewers|required reviewers|approval|approvals]|production environment [protection]|environment protection [rule|rules]|required reviewers)",
    ),
    (
        "prohibited",
        "(prohibited|forbidden|disallowed|banned|blocked|not allowed|not permitted)",
    ),
    (
        "required",
        "(required|mandatory|compulsory|necessary|needed|obligatory)",
    ),
    (
        "pushes",
        "(push|pushes|commit|commits|pushing|committing|merge|merges)",
    ),
    (
        "dispatch",
        "([github actions] workflow_dispatch [event|trigger|run]|workflow-dispatch|[a] manual workflow run)",
    ),
    (
        "via",
        "(via|through|by|using|with|from|on|over|by means of)",
    ),
    (
        "pass",
        "(pass|passes|passing|succeed|succeeds|be green|is green|are green|be passing|are passing|is passing)",
    ),
    (
        "at-least",
        "(at least|>=|minimum|minimum of|min|no less than|not less than|above or equal to)",
    ),
    (
        "percent",
        "[<at-least>] {percent:number} (%|percent|per cent) [or (more|higher|above)] [minimum]",
    ),
    (
        "before-merge",
        "(before [it|they] (merge|merging|merged|being merged|a merge|a pull-request (is|can be) merged|a pr (is|can be) merged|they can be merged|it can be merged) [(to|into) <branch>]|to merge|to be merged|(on|in|for) [<each>] <pr>|(on|in) ci|in <pr> ci)",
    ),
    (
        "tests",
        "[all|unit|automated|all unit|all automated] (test|tests|test suite|testing)",
    ),
    (
        "severity",
        "(#low(low)|#medium(medium)|#high(high)|#critical(critical))",
    ),
    (
        "severities",
        "(<severity> ([and|or|+|&] <severity>)*|#upwards(<severity>) (or|and) (higher|above|worse))",
    ),
    (
        "gate",
        "(#lint(lint|linting|linter|linters|lints|eslint)|#type-check(type-check|type-checks|type-checking|tsc)|#test(<tests>) [[with|and|at] #coverage(<percent> [test|code|line] [coverage]|[test|code|line] coverage [of|is] <percent>)]|#coverage([test|code|line|unit test] coverage [of|is] <percent>|<percent> [test|code|line] coverage)|#build([container] (docker|image|docker image|container|container image) (build|builds))|#scan([the] (trivy [security|image|vulnerability|container] [scan|scanning] [of the image]|(security|image|container|vulnerability|image security|image vulnerability|container security) scan (with|by|using|via|) trivy|(image|container|docker image|image security|image vulnerability|container image) (scan|scanning)) [(for|on|at|with|fails on|blocks on) [severity]] [#severities(<severities>) [severity|severities] [findings|vulnerabilities|cves|issues|fail|block]]))",
    ),
    (
        "from",
        "(#who(by <person> [in github]|from <person>)|(by|from) {login} ([and|or] {login})*)",
    ),
    (
        "before-it",
        "(before [it|they] (start|starts|run|runs|happen|happens|proceed|proceeds|go live)|before (deploy|deployment|deploying|release))",
    ),
    (
        "by-hand",
        "(manual|manually|by hand|by a person|by <person>|on demand|(via|through|by|using|with|from) <dispatch>|<dispatch>)",
    ),
    (
        "smoke",
        "[automated] (smoke-test|smoke-tests|smoke-testing|smoke checks)",
    ),
    (
        "runs",
        "(run|runs|<must> run|<be> run|<be> executed|execute|executes|<must> pass|pass|happen|<be> <required>)",
    ),
    (
        "after",
        "(after|following) ([<each>] [<env>] [successful] <deploy>|deploying) [to <envs>]",
    ),
    (
        "previous",
        "(previous|last|prior|earlier|last known good|last good|previously deployed|last working|preceding)",
    ),
    (
        "redeploy",
        "(redeploy|redeploys|redeploying|re-deploy|re-deploying|deploy|deploying) <previous> (image [tag|version]|tag|version|release [tag]|docker image|container image|image tag) [(via|through|by|using|with|from) #dispatch(<dispatch>)]",
    ),
    (
        "ecr",
        "(ecr|amazon ecr|aws ecr|elastic container registry|amazon elastic container registry)",
    ),
    (
        "fargate",
        "([aws|amazon] (ecs fargate|fargate|ecs on fargate|ecs with fargate|ecs (fargate)|elastic container service on fargate|ecs/fargate))",
    ),
    (
        "topic",
        "(deployment|deploy|release|ci/cd|ci|cd|infrastructure|environment|aws|ecs|pipeline|git|branch|branching|merge|general|basic|core|key|hard)",
    ),
    // What announces rules and says nothing about them.
    (
        "neutral",
        "[these|following|important|note|mandatory] [following] [<topic>] (rules|rule|requirements|settings|setting|policy|policies|details|configuration|conventions|environments|infrastructure|deployment|deployments|release|releases|ci|cd|ci/cd|pipeline|branching|branches|branch|workflow|process|approvals|approval|rollback|rollbacks|pull-requests|pull-request|prs|smoke-tests|tests|testing|coverage|gates|images|scanning|security|important|note) [apply|hold|are mandatory|are required] [(to|for) [<each>] <topic>]",
    ),
    (
        "day",
        "({weekday:day}|business (day|days)|working (day|days))",
    ),
    // Between two days stands a word or a mark that says whether the days between them count.
    (
        "span",
        "(<day> [(to|through|until|till|-) <day>]|{range:day-range})",
    ),
    ("days", "#days(<span> ((,|, and|, or|and|or|&|nor) <day>)*)"),
    (
        "on-days",
        "(on|during|over|at|in) #days(<span> ((,|, and|, or|and|or|&|nor) [on] <day>)*)",
    ),
    (
        "hours",
        "#hours([between|from] {from:time} (and|to|until|till|-) {to:time}|{hours:times})",
    ),
    ("zone", "[in] [time-zone] {zone} [time|time-zone]"),
    (
        "window",
        // Right behind a list, hours could be those of its last day.
        "(#days(<span>) [<hours>] [<zone>]|<days> [, <hours>] [<zone>]|<hours> [<zone>] [on|during] <days>|<hours> [<zone>])",
    ),
    (
        "migrations",
        "[all|pending] [database|db|schema] (migrations|migration)",
    ),
    ("migration-command", "{command:code} ({command:code})*"),
    (
        "before-deploy",
        "before (<each> <deploy>|deploying|<each> <deploy> to (both|all) (environments|envs))",
    ),
    (
        "production-images",
        "((production|prod) images|images that (production|prod) (served|ran)|images served by (production|prod))",
    ),
    ("gates", "<gate> ([and|+|&|plus] <gate>)*"),
    (
        "ci",
        "([<each>] [<pr>] (ci|ci/cd|ci pipeline|checks|ci checks|required checks|status checks|required status checks) [on [<each>] <pr>|for [<each>] <pr>])",
    ),
    ("be-merged", "(be merged|is merged|are merged|merge|merges)"),
    (
        "enforced",
        "(enforced [by|in] [ci]|(in|by) ci|<before-merge>)",
    ),
    (
        "findings",
        "<severities> [severity|severities] [findings|finding|vulnerabilities|vulnerability|cves|issues]",
    ),
    (
        "fail",
        "(fail|fails|block|blocks) [build|ci|pr|pull-request|merge|pipeline|check]",
    ),
    (
        "before",
        "(before [it is|they are|being] (push|pushed|pushing|merge|merged|deploy|deployed|deployment) [to ecr]|<before-merge>|in ci|in pipeline|on [<each>] <pr>)",
    ),
];
