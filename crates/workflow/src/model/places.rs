//! Every place that a model holds.

use super::{
    ActionFile, CallSecrets, ComputedKey, Concurrency, Container, Credentials, Defaults, Filter,
    Input, Job, Keys, Matrix, Pairs, PermissionsKind, RunsKind, Step, StepKind, Strategy, Triggers,
    Workflow,
};
use crate::condition::Condition;
use crate::place::{Place, Spanned};
use crate::template::{Data, Template};

impl Workflow {
    /// Calls `visit` with the place of everything in the model: keys, values, and expressions in
    /// them. What the model holds without a place, such as a boolean, is in its
    /// [`Tree`](crate::yaml::Tree).
    pub fn places(&self, visit: &mut dyn FnMut(&Place)) {
        let mut walk = Walk(visit);
        walk.keys(&self.keys);
        walk.words([&self.name, &self.description]);
        walk.templates(&self.run_name);
        walk.triggers(&self.on);
        if let Some(permissions) = &self.permissions {
            walk.permissions(permissions);
        }
        walk.pairs(&self.env);
        walk.defaults(&self.defaults);
        walk.concurrency(self.concurrency.as_ref());
        walk.words([&self.cache_mode]);
        for job in self.jobs.values() {
            walk.job(job);
        }
        for unmodelled in &self.unmodelled {
            walk.place(&unmodelled.place);
        }
        walk.place(&self.place);
    }
}

impl ActionFile {
    /// As [`Workflow::places`].
    pub fn places(&self, visit: &mut dyn FnMut(&Place)) {
        let mut walk = Walk(visit);
        walk.keys(&self.keys);
        walk.words([&self.name, &self.author, &self.description]);
        for input in self.inputs.values() {
            walk.word(&input.id);
            walk.keys(&input.keys);
            walk.words([&input.description, &input.deprecation_message]);
            walk.templates(&input.default);
            walk.place(&input.place);
        }
        for output in self.outputs.values() {
            walk.word(&output.id);
            walk.keys(&output.keys);
            walk.words([&output.description]);
            walk.templates(&output.value);
            walk.place(&output.place);
        }
        walk.keys(&self.runs.keys);
        walk.word(&self.runs.using);
        walk.place(&self.runs.place);
        match &self.runs.kind {
            RunsKind::Composite(runs) => runs.steps.iter().for_each(|step| walk.step(step)),
            RunsKind::JavaScript(runs) => {
                walk.word(&runs.main);
                walk.words([&runs.pre, &runs.post]);
                walk.conditions([&runs.pre_if, &runs.post_if]);
            }
            RunsKind::Docker(runs) => {
                walk.word(&runs.image);
                let (pre, post) = (&runs.pre_entrypoint, &runs.post_entrypoint);
                walk.words([&runs.entrypoint, pre, post]);
                walk.templates(&runs.args);
                walk.pairs(&runs.env);
                walk.conditions([&runs.pre_if, &runs.post_if]);
            }
        }
        if let Some(branding) = &self.branding {
            walk.keys(&branding.keys);
            walk.words([&branding.icon, &branding.color]);
            walk.place(&branding.place);
        }
        self.unread.iter().for_each(|key| walk.word(key));
        walk.place(&self.place);
    }
}

struct Walk<'v>(&'v mut dyn FnMut(&Place));

impl Walk<'_> {
    fn place(&mut self, place: &Place) {
        (self.0)(place);
    }

    fn keys(&mut self, keys: &Keys) {
        keys.iter().for_each(|key| self.word(key));
    }

    fn word<T>(&mut self, word: &Spanned<T>) {
        self.place(&word.place);
    }

    fn words<'w, T: 'w>(&mut self, words: impl IntoIterator<Item = &'w Option<Spanned<T>>>) {
        words.into_iter().flatten().for_each(|word| self.word(word));
    }

    fn template(&mut self, template: &Template) {
        self.place(template.place());
        template.expressions().for_each(|e| self.place(&e.place));
    }

    fn templates<'t>(&mut self, templates: impl IntoIterator<Item = &'t Template>) {
        templates.into_iter().for_each(|t| self.template(t));
    }

    fn conditions<'c>(
        &mut self,
        conditions: impl IntoIterator<Item = &'c Option<Spanned<Condition>>>,
    ) {
        for condition in conditions.into_iter().flatten() {
            self.word(condition);
            let expressions = condition.value.expressions();
            expressions.for_each(|e| self.place(&e.place));
        }
    }

    fn pairs(&mut self, pairs: &Pairs) {
        for (name, _) in pairs {
            self.word(name);
        }
        for (name, _) in &pairs.computed {
            if let ComputedKey::Insert(place) = name {
                self.place(place);
            }
        }
        self.templates(pairs.templates());
        pairs.place.iter().for_each(|place| self.place(place));
    }

    fn data(&mut self, data: &Data) {
        self.place(data.place());
        match data {
            Data::Scalar(template) => self.template(template),
            Data::Sequence(items, _) => items.iter().for_each(|item| self.data(item)),
            Data::Mapping(entries, _) => {
                for (name, value) in entries {
                    self.word(name);
                    self.data(value);
                }
            }
        }
    }

    fn triggers(&mut self, on: &Triggers) {
        self.place(&on.place);
        self.keys(&on.keys);
        let filtered = [
            &on.push,
            &on.pull_request,
            &on.pull_request_target,
            &on.merge_group,
        ];
        for filters in filtered.into_iter().flatten() {
            self.place(&filters.place);
            self.keys(&filters.keys);
            self.filter(filters.branches.as_ref());
            self.filter(filters.tags.as_ref());
            self.filter(filters.paths.as_ref());
            filters.types.iter().for_each(|word| self.word(word));
        }
        if let Some(dispatch) = &on.workflow_dispatch {
            self.place(&dispatch.place);
            self.keys(&dispatch.keys);
            dispatch.inputs.values().for_each(|input| self.input(input));
        }
        if let Some(call) = &on.workflow_call {
            self.place(&call.place);
            self.keys(&call.keys);
            call.inputs.values().for_each(|input| self.input(input));
            for output in call.outputs.values() {
                self.place(&output.place);
                self.keys(&output.keys);
                self.template(&output.value);
            }
            for secret in call.secrets.values() {
                self.place(&secret.place);
                self.keys(&secret.keys);
            }
        }
        if let Some(run) = &on.workflow_run {
            self.place(&run.place);
            self.keys(&run.keys);
            let words = run.workflows.iter().chain(&run.types);
            words.for_each(|word| self.word(word));
            self.filter(run.branches.as_ref());
        }
        for cron in &on.schedule {
            self.keys(&cron.keys);
            self.word(&cron.cron);
            self.words([&cron.timezone]);
        }
        for event in &on.other {
            self.word(&event.name);
            self.keys(&event.keys);
            let words = event
                .types
                .iter()
                .chain(&event.names)
                .chain(&event.versions);
            words.for_each(|word| self.word(word));
        }
    }

    fn filter(&mut self, filter: Option<&Filter>) {
        if let Some(Filter::Include(patterns) | Filter::Ignore(patterns)) = filter {
            patterns.iter().for_each(|pattern| self.word(pattern));
        }
    }

    fn input(&mut self, input: &Input) {
        self.place(&input.place);
        self.keys(&input.keys);
        self.templates(&input.default);
        input.options.iter().for_each(|option| self.word(option));
    }

    fn permissions(&mut self, permissions: &super::Permissions) {
        self.place(&permissions.place);
        if let PermissionsKind::Scopes(scopes) = &permissions.kind {
            for (scope, access) in scopes {
                self.word(scope);
                self.word(access);
            }
        }
    }

    fn defaults(&mut self, defaults: &Defaults) {
        self.keys(&defaults.keys);
        self.keys(&defaults.run.keys);
        self.templates(&defaults.run.shell);
        self.templates(&defaults.run.working_directory);
    }

    fn concurrency(&mut self, concurrency: Option<&Concurrency>) {
        if let Some(concurrency) = concurrency {
            self.place(&concurrency.place);
            self.keys(&concurrency.keys);
            self.template(&concurrency.group);
            self.templates(&concurrency.cancel_in_progress);
        }
    }

    fn job(&mut self, job: &Job) {
        self.word(&job.id);
        self.place(&job.place);
        self.keys(&job.keys);
        self.templates(&job.name);
        job.needs.iter().for_each(|need| self.word(need));
        self.conditions([&job.if_]);
        if let Some(runs_on) = &job.runs_on {
            self.place(&runs_on.place);
            self.keys(&runs_on.keys);
            self.templates(runs_on.group.iter().chain(&runs_on.labels));
        }
        if let Some(environment) = &job.environment {
            self.place(&environment.place);
            self.keys(&environment.keys);
            self.template(&environment.name);
            self.templates(environment.url.iter().chain(&environment.deployment));
        }
        self.concurrency(job.concurrency.as_ref());
        self.pairs(&job.outputs);
        self.pairs(&job.env);
        self.defaults(&job.defaults);
        let minutes = job.timeout_minutes.iter();
        self.templates(minutes.chain(&job.cancel_timeout_minutes));
        self.templates(&job.continue_on_error);
        if let Some(permissions) = &job.permissions {
            self.permissions(permissions);
        }
        self.words([&job.cache_mode]);
        self.templates(&job.services.whole);
        for container in job.services.values().chain(&job.container) {
            self.container(container);
        }
        if let Some(strategy) = &job.strategy {
            self.strategy(strategy);
        }
        if let Some(snapshot) = &job.snapshot {
            self.place(&snapshot.place);
            self.keys(&snapshot.keys);
            self.word(&snapshot.image_name);
            self.words([&snapshot.version]);
            self.conditions([&snapshot.if_]);
        }
        if let Some(call) = &job.call {
            self.word(&call.uses);
            self.pairs(&call.with);
            if let CallSecrets::Given(secrets) = &call.secrets {
                self.pairs(secrets);
            }
        }
        job.steps.iter().for_each(|step| self.step(step));
    }

    fn container(&mut self, container: &Container) {
        self.words([&container.name]);
        self.place(&container.place);
        self.keys(&container.keys);
        self.template(&container.image);
        let single = [
            &container.options,
            &container.entrypoint,
            &container.command,
        ];
        self.templates(single.into_iter().flatten());
        self.templates(container.ports.iter().chain(&container.volumes));
        self.pairs(&container.env);
        if let Some(credentials) = &container.credentials {
            self.credentials(credentials);
        }
    }

    fn credentials(&mut self, credentials: &Credentials) {
        self.place(&credentials.place);
        self.keys(&credentials.keys);
        let parts = [
            &credentials.username,
            &credentials.password,
            &credentials.whole,
        ];
        self.templates(parts.into_iter().flatten());
    }

    fn strategy(&mut self, strategy: &Strategy) {
        self.place(&strategy.place);
        self.keys(&strategy.keys);
        let parts = [&strategy.fail_fast, &strategy.max_parallel, &strategy.whole];
        self.templates(parts.into_iter().flatten());
        if let Some(matrix) = &strategy.matrix {
            self.matrix(matrix);
        }
    }

    fn matrix(&mut self, matrix: &Matrix) {
        self.place(&matrix.place);
        self.templates(&matrix.whole);
        for (name, data) in &matrix.axes {
            self.word(name);
            self.data(data);
        }
        self.keys(&matrix.keys);
        let lists = matrix.include.iter().chain(&matrix.exclude);
        lists.for_each(|data| self.data(data));
    }

    fn step(&mut self, step: &Step) {
        self.place(&step.place);
        self.keys(&step.keys);
        self.words([&step.id]);
        self.templates(&step.name);
        self.conditions([&step.if_]);
        self.pairs(&step.env);
        let single = step.timeout_minutes.iter().chain(&step.continue_on_error);
        self.templates(single);
        match &step.kind {
            StepKind::Run {
                script,
                shell,
                working_directory,
            } => {
                self.template(script);
                self.templates(shell.iter().chain(working_directory));
            }
            StepKind::Uses { action, with } => {
                self.word(action);
                self.pairs(with);
            }
            StepKind::Wait { steps } => steps.iter().for_each(|step| self.word(step)),
            StepKind::WaitAll => {}
            StepKind::Cancel { step } => self.word(step),
            StepKind::Parallel { steps } => steps.iter().for_each(|step| self.step(step)),
        }
    }
}
