const data = JSON.parse(document.getElementById("data").textContent);
const stage = document.getElementById("stage");
const body = document.getElementById("stage-body");
let open = null;

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // A page from a file may have no clipboard: select the text instead.
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = "Selected";
      return;
    }
    button.textContent = "Copied";
  });
}

// A link to a line opens the file that holds it.
const reveal = () => {
  const target = location.hash.length > 1 ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const details = target?.closest("details");
  if (details && !details.open) {
    details.open = true;
    target.scrollIntoView({ block: "center" });
  }
};
addEventListener("hashchange", reveal);

const storyName = (story) => `${story.id}${story.settings === "defaults" ? " (GitHub's defaults)" : ""}`;

const show = (index, at) => {
  const story = data.stories[index];
  const film = story.film;
  const scale = scaleOf(film);
  const marks = data.marks.filter((mark) => mark.story === index);
  const chain = new Set(marks.flatMap((mark) => mark.chain));
  const cursor = make("div", { class: "cursor" });
  const slider = make("input", { type: "range", min: 0, max: scale.points.length - 1, step: 1, "aria-label": "Instant" });
  const now = make("output", { "aria-live": "off" });
  const state = make("div", { class: "state" });
  const log = make("div", {});
  const grid = make("div", { class: "lane-grid" });

  const list = (title, items) => make("div", {}, make("h3", {}, title), items.length ? make("ul", {}, ...items.map((item) => make("li", {}, item))) : make("p", { class: "meaning" }, "nobody"));
  const showLog = (run, job, step) => {
    log.replaceChildren(
      make("h3", {}, `${runName(run)} · ${job.name} · ${step.name} `, make("a", { href: `#${anchorOf(run.workflow, step.line)}` }, `${run.workflow}:${step.line}`)),
      make("pre", { class: "log", tabindex: 0, "aria-label": "Log of the step" }, step.log.length ? step.log.join("\n") : "(it printed nothing)"),
    );
  };
  const seek = (instant) => {
    const low = scale.points.findLastIndex((point) => point <= instant);
    slider.value = Math.max(low, 0);
    update(instant);
  };
  const update = (instant) => {
    const labels = grid.querySelector(".label")?.getBoundingClientRect().width ?? 0;
    cursor.style.left = `calc(${labels}px + (100% - ${labels}px) * ${scale.place(instant) / 100})`;
    now.textContent = clock(instant);
    const { served, held, asked, running } = stateAt(film, instant);
    state.replaceChildren(
      list("Who is served what", served),
      list("Who holds which group", held),
      list("Who must review", asked),
      list("What runs", running.map(({ run, job, step }) => make("span", {}, `${runName(run)} · ${job.name} `,
        step ? make("button", { type: "button", onclick: () => showLog(run, job, step) }, step.name) : ""))),
    );
    const lines = film.lines.filter((line) => line.at <= instant).slice(-6);
    state.append(make("div", {}, make("h3", {}, "What happened last"), make("ol", { class: "chain" }, ...lines.map((line) =>
      make("li", { class: chain.has(line.seq) ? "in-chain" : false }, make("time", {}, line.time), " ", make("b", {}, line.who), ` ${line.what}`)))));
  };
  slider.addEventListener("input", () => update(scale.points[Number(slider.value)]));
  const mark = (mark) => {
    seek(mark.at);
    log.replaceChildren(make("h3", {}, `✗ ${mark.promise} `, make("a", { href: `#${anchorOf(mark.file, mark.line)}` }, `${mark.file}:${mark.line}`)), make("p", {}, `${mark.message}.`));
  };
  const hooks = { seek, mark, step: (run, job, step) => { seek(step.started); showLog(run, job, step); } };
  grid.append(...lanesOf(story, marks, scale, hooks), cursor);

  const storySelect = make("select", { id: "story-select" }, ...data.stories.map((other, i) => make("option", { value: i, selected: i === index }, storyName(other))));
  storySelect.addEventListener("change", () => show(Number(storySelect.value)));
  const zoom = make("select", { id: "zoom-select" }, ...[1, 2, 4, 8, 16].map((factor) => make("option", { value: factor }, `${factor}×`)));
  zoom.addEventListener("change", () => { grid.style.width = `${100 * Number(zoom.value)}%`; update(scale.points[Number(slider.value)]); });
  const pair = make("div", {});
  const compare = make("select", { id: "compare-select" }, make("option", { value: "" }, "nothing"), ...data.stories.map((other, i) => i === index ? null : make("option", { value: i }, storyName(other))));
  compare.addEventListener("change", () => pair.replaceChildren(...(compare.value === "" ? [] : sideBySide(story, data.stories[Number(compare.value)]))));

  body.replaceChildren(
    make("div", { class: "controls" },
      make("label", { for: "story-select" }, "Story "), storySelect,
      make("label", { for: "compare-select" }, "beside "), compare,
      make("label", { for: "zoom-select" }, "Zoom "), zoom),
    make("p", {}, `${story.title}.`),
    make("div", { class: "controls" }, slider, now),
    make("div", { class: "lanes", tabindex: 0, role: "group", "aria-label": "Lanes over time; the list of stories below tells the same in words" }, grid),
    state, log, pair,
  );
  stage.hidden = false;
  for (const [from, to] of scale.gaps) for (const track of grid.querySelectorAll(".lane:not(.head) .track")) {
    const left = scale.place(from);
    track.prepend(make("div", { class: "gap", style: `left: ${left}%; width: ${scale.place(to) - left}%`, title: `nothing happens for ${clock(to - from)}` }));
  }
  const labels = grid.querySelector(".label").getBoundingClientRect().width;
  for (const mark of marks) {
    grid.append(make("div", { class: "breach", style: `left: calc(${labels}px + (100% - ${labels}px) * ${scale.place(mark.at) / 100})` }));
  }
  open = { seek, scale, slider };
  seek(at ?? marks[0]?.at ?? film.end);
};

const anchorOf = (file, line) => `file-${[...file].map((c) => /[A-Za-z0-9-]/.test(c) ? c : `_${c.codePointAt(0).toString(16)}_`).join("")}-${line}`;

// The lines of two stories, with the first that differs marked. Names of runs and images differ from the start, so only who and what count.
const sideBySide = (left, right) => {
  const key = (line) => `${line.who} ${line.what}`;
  let first = 0;
  while (first < left.film.lines.length && first < right.film.lines.length && key(left.film.lines[first]) === key(right.film.lines[first])) first++;
  const column = (story) => make("div", {}, make("h3", {}, storyName(story)), make("ol", { class: "chain" }, ...story.film.lines.map((line, i) =>
    make("li", { class: i === first ? "differs" : false }, make("time", {}, line.time), " ", make("b", {}, line.who), ` ${line.what}`))));
  return [make("p", {}, `Alike for ${first} lines; the first difference is marked.`), make("div", { class: "pair" }, column(left), column(right))];
};

for (const link of document.querySelectorAll("a.to-story")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const index = Number(link.dataset.story);
    const mark = data.marks.find((mark) => mark.story === index && String(mark.seq) === link.dataset.seq);
    show(index, mark?.at);
    stage.scrollIntoView();
  });
}

// [ and ] go to the instant before and after, as the slider's arrow keys do.
document.addEventListener("keydown", (event) => {
  if (!open || event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const step = event.key === "[" ? -1 : event.key === "]" ? 1 : 0;
  if (!step) return;
  const next = Math.min(Math.max(Number(open.slider.value) + step, 0), open.scale.points.length - 1);
  open.seek(open.scale.points[next]);
});

if (data.stories.length) show(data.marks[0]?.story ?? 0, data.marks[0]?.at);
reveal();
