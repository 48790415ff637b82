// Opens each page in Chromium, as a reader would: light and dark, with and without script, by hand and by keyboard.
// Prints what is wrong and exits 10; exits 1 if it could not look.
import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const findings = [];

const look = async (browser, file, options, visit) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const say = (text) => findings.push(`${file}: ${text}`);
  page.on("console", (message) => message.type() === "error" && say(`console: ${message.text()}`));
  page.on("pageerror", (error) => say(`script: ${error}`));
  page.on("request", (request) => /^(file|data|blob):/.test(request.url()) || say(`asks for ${request.url()}`));
  await page.goto(pathToFileURL(resolve(file)).href);
  await visit(page, say);
  await context.close();
};

const accessible = async (page, say) => {
  await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(() => window.axe.run());
  for (const violation of violations) say(`${violation.id}: ${violation.help} (${violation.nodes[0].html})`);
};

const firstScreen = async (page, say) => {
  const shown = await page.evaluate(() => {
    const section = document.querySelector("section.broken");
    const bottom = (selector) => section.querySelector(selector)?.getBoundingClientRect().bottom ?? Infinity;
    return section && {
      "title": bottom("h2"), "sentence": bottom(".sentence"), "place": bottom(".place a"), "story": bottom(".story-title"),
      "timeline": bottom("ol.chain"), "moment at which it broke": bottom("li.here .turn"), "remedy": bottom(".mend"),
      "replay": bottom(".command code"), "copy button": bottom(".copy:not([hidden])"), "screen": innerHeight,
    };
  });
  for (const [what, bottom] of Object.entries(shown ?? {})) if (bottom > shown.screen) say(`the ${what} of the first broken promise is below the first screen`);
};

const works = async (page, say) => {
  const expect = (holds, text) => holds || say(text);
  if (!(await page.locator("#stage").count())) return say("has no story over time");
  const output = page.locator("#stage output");
  const before = await output.textContent();
  await page.locator("#stage input[type=range]").focus();
  await page.keyboard.press("Home");
  await expect((await output.textContent()) === "00:00:00", "the Home key does not bring the cursor to the beginning");
  await page.keyboard.press("End");
  const last = await output.textContent();
  await page.locator("#stage .lanes").focus();
  for (let i = 0; i < 40; i++) await page.keyboard.press("[");
  await expect((await output.textContent()) < last, "the [ key does not move the cursor back");
  await expect((await page.locator("#stage .state h3").count()) === 5, "the state of the world is not shown");
  const steps = page.locator("#stage .lane .bar.success");
  await steps.last().dispatchEvent("click");
  await expect((await page.locator("#stage pre.log").count()) === 1, "a step's log does not open");
  await page.locator("#compare-select").selectOption({ index: 1 });
  await expect((await page.locator(".pair li.differs").count()) >= 1, "two stories side by side show no difference");
  const link = page.locator("section.broken .evidence a").first();
  await link.click();
  const line = page.locator(".line:target");
  await expect((await line.count()) === 1 && (await line.isVisible()), "a link to a line does not show that line");
  await expect(before !== "", "the cursor has no time");
};

const browser = await chromium.launch({
  executablePath: process.env.LOCKKEEPER_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  for (const file of process.argv.slice(2)) {
    statSync(file);
    await look(browser, file, { colorScheme: "light" }, async (page, say) => { await firstScreen(page, say); await accessible(page, say); await works(page, say); });
    await look(browser, file, { colorScheme: "dark" }, accessible);
    await look(browser, file, { javaScriptEnabled: false }, async (page, say) => {
      if ((await page.locator("ol.chain li").count()) === 0) say("without script there is no list of what happened");
    });
  }
} finally {
  await browser.close();
}
if (findings.length) {
  console.log(findings.join("\n"));
  process.exit(10);
}
