// How a story is drawn: time, lanes, and the state of the world at an instant.

const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "onclick") element.addEventListener("click", value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

const clock = (ms) => {
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
};

// Long stretches in which nothing happens are drawn short: a rehearsal waits for half an hour to see that all is quiet.
const LONG = 60_000;
const SHORT = 12_000;

const scaleOf = (film) => {
  const instants = new Set([0, film.end]);
  const add = (...values) => values.forEach((value) => value !== null && value !== undefined && instants.add(value));
  film.people.forEach((deed) => add(deed.at));
  film.lines.forEach((line) => add(line.at));
  for (const run of film.runs) {
    add(run.created, run.ended);
    for (const job of run.jobs) {
      add(job.created, job.pending, job.started, job.ended);
      if (job.review) add(job.review.from, job.review.to);
      job.steps.forEach((step) => add(step.started, step.ended));
    }
  }
  for (const service of film.services) {
    service.tasks.forEach((task) => add(task.started, task.in_service, task.out_of_service, task.stopped));
    service.deployments.forEach((deployment) => { add(deployment.started); deployment.states.forEach((state) => add(state[0])); });
  }
  Object.values(film.requests).forEach((requests) => requests.forEach((request) => add(request[0])));
  const points = [...instants].sort((a, b) => a - b);
  const offsets = [0];
  const gaps = [];
  for (let i = 1; i < points.length; i++) {
    const length = points[i] - points[i - 1];
    if (length > LONG) gaps.push([points[i - 1], points[i]]);
    offsets.push(offsets[i - 1] + (length > LONG ? SHORT : length));
  }
  const all = Math.max(offsets[offsets.length - 1], 1);
  const find = (values, wanted) => {
    let low = 0, high = values.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (values[middle] <= wanted) low = middle; else high = middle - 1;
    }
    return low;
  };
  // In percent of a lane, with a little room at both ends.
  const place = (at) => {
    const i = find(points, at);
    if (i + 1 >= points.length) return 99;
    const share = (at - points[i]) / (points[i + 1] - points[i]);
    return 1 + 98 * (offsets[i] + share * (offsets[i + 1] - offsets[i])) / all;
  };
  return { place, points, gaps };
};

// A hue for each image, in the order in which they appear; the label tells them apart without colour.
const huesOf = (film) => {
  const hues = new Map();
  const add = (digest) => hues.has(digest) || hues.set(digest, (205 + hues.size * 137) % 360);
  film.services.forEach((service) => { service.deployments.forEach((d) => d.digest && add(d.digest)); service.tasks.forEach((t) => add(t.digest)); });
  return hues;
};

const nameOf = (film, digest) => film.images[digest] ? `${film.images[digest]} (${digest.slice(0, 7)})` : digest;

const runName = (run) => `${run.workflow} #${run.id}${run.attempt > 1 ? ` attempt ${run.attempt}` : ""}`;

const lanesOf = (story, marks, scale, hooks) => {
  const film = story.film;
  const hues = huesOf(film);
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const fill = (digest) => `background: hsl(${hues.get(digest) ?? 0} ${dark ? "45% 28%" : "65% 84%"});`;
  const span = (from, to) => {
    const left = scale.place(from);
    return `left: ${left}%; width: ${Math.max(scale.place(to ?? film.end) - left, 0)}%;`;
  };
  const bar = (from, to, kind, label, title, onclick, style = "") =>
    make("button", { type: "button", tabindex: "-1", class: `bar ${kind}`, style: span(from, to) + style, title: `${clock(from)}–${to === null || to === undefined ? "" : clock(to)} ${title}`, onclick }, label);
  const lane = (label, children, head = false) =>
    make("div", { class: head ? "lane head" : "lane" }, make("div", { class: "label", title: label }, label), make("div", { class: "track" }, ...children));
  const lanes = [];
  const ticks = [];
  for (const point of scale.points) if (!ticks.length || scale.place(point) - scale.place(ticks[ticks.length - 1]) > 9) ticks.push(point);
  lanes.push(lane("Virtual time", ticks.map((point) => make("time", { class: "axis", style: `left: ${scale.place(point)}%` }, clock(point))), true));
  for (const promise of new Set(marks.map((mark) => mark.promise)))
    lanes.push(lane(`✗ ${promise}`, marks.filter((mark) => mark.promise === promise).map((mark) =>
      make("button", { type: "button", tabindex: "-1", class: "mark fault", style: `left: ${scale.place(mark.at)}%`, title: `${clock(mark.at)} ${mark.message}`, "aria-label": mark.message, onclick: () => hooks.mark(mark) }, "✗"))));
  lanes.push(lane("People and faults", film.people.map((deed) =>
    make("button", {
      type: "button", tabindex: "-1", class: deed.fault ? "mark fault" : "mark", style: `left: ${scale.place(deed.at)}%`,
      title: `${clock(deed.at)} ${deed.who} ${deed.what}`, "aria-label": `${deed.who} ${deed.what}`, onclick: () => hooks.seek(deed.at),
    }, deed.fault ? "!" : deed.who.charAt(0).toUpperCase()))));
  for (const run of film.runs) {
    const end = run.conclusion ? run.conclusion.replace("_", " ") : "still open";
    lanes.push(lane(runName(run), [bar(run.created, run.ended, run.conclusion ?? "", `${run.trigger} · ${end}`, `${runName(run)}: ${end}`, () => hooks.seek(run.created))], true));
    for (const job of run.jobs) {
      if (job.conclusion === "skipped" && job.started === null) continue;
      const parts = [];
      const before = job.review?.from ?? job.started ?? job.ended;
      if (job.pending !== null) parts.push(bar(job.pending, job.started ?? job.ended, "waits", "waits for its group", `${job.name} waits for its concurrency group`, () => hooks.seek(job.pending)));
      else if (before !== null && before > job.created) parts.push(bar(job.created, before, "waits", "", `${job.name} is queued`, () => hooks.seek(job.created)));
      if (job.review) parts.push(bar(job.review.from, job.review.to, "review", `${job.review.environment}: asks ${job.review.reviewers.join(", ")}`, `waits for a review of ${job.review.environment} by ${job.review.reviewers.join(", ")}`, () => hooks.seek(job.review.from)));
      for (const step of job.steps) parts.push(bar(step.started, step.ended, step.conclusion ?? "", step.name, `${step.name}: ${step.conclusion ?? "still runs"}`, () => hooks.step(run, job, step)));
      lanes.push(lane(`  ${job.name}`, parts));
    }
  }
  const groups = new Map();
  film.locks.forEach((lock) => groups.set(lock.group, [...(groups.get(lock.group) ?? []), lock]));
  if (groups.size) lanes.push(lane("Concurrency groups", [], true));
  for (const [group, locks] of groups)
    lanes.push(lane(`  ${group}`, locks.map((lock) => bar(lock.from, lock.to, "", `#${lock.run}`, `run #${lock.run} holds ${group}`, () => hooks.seek(lock.from)))));
  for (const service of film.services) {
    lanes.push(lane(service.name, [], true));
    lanes.push(lane("  deployments", service.deployments.map((deployment) => {
      const last = deployment.states[deployment.states.length - 1];
      const label = `${deployment.rollback ? "rolls back to " : ""}${nameOf(film, deployment.digest)}`;
      return bar(deployment.started, last ? last[0] : null, last && /FAILED|ROLLBACK/.test(last[1]) ? "failure" : "image", label, `${label}: ${deployment.states.map((state) => state[1]).join(", ") || "in progress"}`, () => hooks.seek(deployment.started), last && /FAILED|ROLLBACK/.test(last[1]) ? "" : fill(deployment.digest));
    })));
    const digests = [...new Set(service.tasks.map((task) => task.digest))];
    for (const digest of digests) {
      const tasks = service.tasks.filter((task) => task.digest === digest);
      lanes.push(lane(`  tasks of ${nameOf(film, digest)}`, tasks.flatMap((task) => {
        const parts = [bar(task.started, task.stopped, "waits", "", `task ${task.stopped === null ? "runs" : `stops: ${task.reason}`}`, () => hooks.seek(task.started))];
        if (task.in_service !== null) parts.push(bar(task.in_service, task.out_of_service ?? task.stopped, "image", "in service", "in service", () => hooks.seek(task.in_service), fill(digest)));
        return parts;
      })));
    }
    const serving = service.serving;
    lanes.push(lane("  a request gets", serving.map(([at, targets], i) => {
      const names = Object.keys(targets);
      const label = names.length ? names.map((digest) => nameOf(film, digest)).join(" or ") : "503: no target";
      const to = i + 1 < serving.length ? serving[i + 1][0] : film.end;
      return bar(at, to, names.length === 1 ? "image" : names.length ? "cancelled" : "nothing", label, label, () => hooks.seek(at), names.length === 1 ? fill(names[0]) : "");
    })));
  }
  for (const [host, requests] of Object.entries(film.requests)) {
    lanes.push(lane(`Steps ask ${host}`, requests.map(([at, status, digest]) =>
      make("span", { class: status !== null && status < 400 ? "tick" : "tick bad", style: `left: ${scale.place(at)}%`, title: `${clock(at)} ${status ?? "no answer"}${digest ? ` from ${nameOf(film, digest)}` : ""}` }))));
  }
  return lanes;
};

// What is true at an instant: served, held, asked for, running.
const stateAt = (film, at) => {
  const open = (from, to) => from !== null && from !== undefined && from <= at && (to === null || to === undefined || at < to);
  const served = film.services.map((service) => {
    const now = service.serving.filter((change) => change[0] <= at).pop();
    const targets = now ? Object.entries(now[1]) : [];
    return `${service.name}: ${targets.length ? targets.map(([digest, count]) => `${nameOf(film, digest)}, ${count} target${count === 1 ? "" : "s"}`).join("; ") : "nothing"}`;
  });
  const held = film.locks.filter((lock) => open(lock.from, lock.to)).map((lock) => `${lock.group}: run #${lock.run}`);
  const asked = [];
  const running = [];
  for (const run of film.runs) for (const job of run.jobs) {
    if (job.review && open(job.review.from, job.review.to)) asked.push(`${job.review.reviewers.join(" or ")} for ${job.review.environment}, in ${runName(run)}`);
    if (!open(job.started, job.ended)) continue;
    const step = job.steps.filter((step) => open(step.started, step.ended)).pop();
    running.push({ run, job, step });
  }
  return { served, held, asked, running };
};
