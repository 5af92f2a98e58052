// The checks of script/html/check over the pages in a directory. Prints one line for each that fails.
"use strict";
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const puppeteer = require("puppeteer-core");

const work = path.resolve(process.argv[2]);
const pages = ["small", "typical", "hostile", "clean"];
let passed = 0;
let failed = 0;

function report(name, faults) {
  if (faults.length === 0) { passed += 1; return; }
  failed += 1;
  console.log(`FAILED: ${name}`);
  faults.slice(0, 10).forEach((fault) => console.log(`  ${fault}`));
}

function w3c() {
  const jar = path.join(work, "node_modules/vnu-jar/build/dist/vnu.jar");
  for (const page of pages) {
    const done = spawnSync("java", ["-Xss8m", "-jar", jar, "--format", "gnu", path.join(work, `${page}.html`)], { encoding: "utf8" });
    // vnu does not know the digests of a policy that a page carries itself; tests/html.rs compares them, and
    // Chromium, below, would refuse the style and the script.
    const faults = done.stderr.split("\n").filter((line) => line && !/violates Content Security Policy/.test(line));
    const ended = done.status === 0 || faults.length > 0;
    report(`${page}: the W3C's checker`, ended ? faults : [`it ended with ${done.status}: ${done.error ?? done.stderr}`]);
  }
}

function htmlValidate() {
  const settings = {
    root: true,
    extends: ["html-validate:recommended", "html-validate:a11y"],
    // The filters act while one types: there is nothing to submit.
    // The title is the name of the target, however long.
    rules: { "wcag/h32": "off", "long-title": "off" },
  };
  fs.writeFileSync(path.join(work, "htmlvalidate.json"), JSON.stringify(settings));
  const program = path.join(work, "node_modules/html-validate/bin/html-validate.mjs");
  for (const page of pages) {
    const words = [program, "--config", path.join(work, "htmlvalidate.json"), "--formatter", "text", path.join(work, `${page}.html`)];
    const done = spawnSync("node", words, { encoding: "utf8" });
    const faults = done.status === 0 ? [] : `${done.stdout}${done.stderr}${done.error ?? ""}`.split("\n").filter(Boolean);
    report(`${page}: html-validate`, faults);
  }
}

// Opens a page and gives what is wrong with it: requests, dialogs, messages, and what `look` returns.
async function visit(browser, page, settings, look) {
  const tab = await browser.newPage();
  const faults = [];
  tab.on("request", (request) => { if (!request.url().startsWith("file:")) faults.push(`asked for ${request.url()}`); });
  tab.on("dialog", (dialog) => { faults.push("opened a dialog"); dialog.dismiss(); });
  tab.on("console", (message) => faults.push(`console: ${message.text()}`));
  tab.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  await tab.setJavaScriptEnabled(settings.scripts ?? true);
  await tab.setViewport({ width: settings.width ?? 1440, height: 900 });
  await tab.emulateMediaType(settings.media ?? "screen");
  await tab.goto(`file://${work}/${page}.html${settings.hash ?? ""}`, { waitUntil: "load" });
  faults.push(...(await look(tab)));
  await tab.close();
  return faults;
}

const unless = (is, fault) => (is ? [] : [fault]);

async function widths(browser) {
  for (const page of pages) {
    for (const width of [360, 800, 1440]) {
      const faults = await visit(browser, page, { width }, async (tab) => {
        const needed = await tab.evaluate(() => document.documentElement.scrollWidth);
        return unless(needed <= width, `needs ${needed} pixels`);
      });
      report(`${page}: fits ${width} pixels, asks for nothing, says nothing`, faults);
    }
  }
}

async function withoutScripts(browser) {
  const faults = await visit(browser, "typical", { scripts: false }, (tab) => tab.evaluate(() => {
    const isSeen = (node) => node.getBoundingClientRect().height > 0 && node.checkVisibility();
    const faults = [];
    for (const selector of ["#findings tbody tr", "#suppressed tbody tr", "#packages tbody tr", "#layers li", "#coverage td", ".plot"]) {
      const nodes = [...document.querySelectorAll(selector)];
      if (nodes.length === 0 || !nodes.every(isSeen)) faults.push(`${selector} is not seen`);
    }
    if ([...document.querySelectorAll("form, thead button")].some(isSeen)) faults.push("controls that would do nothing are seen");
    const details = document.querySelector("#findings details");
    details.querySelector("summary").click();
    if (!details.open || !isSeen(details.querySelector(".advisories"))) faults.push("a row does not open");
    return faults;
  }));
  report("typical: read without scripts", faults);
}

async function printed(browser) {
  const faults = await visit(browser, "typical", { media: "print", scripts: false }, (tab) => tab.evaluate(() => {
    const details = [...document.querySelectorAll("details")];
    const closed = details.filter((one) => one.querySelector(".detail").getBoundingClientRect().height === 0).length;
    const isThere = getComputedStyle(document.querySelector("nav")).display !== "none";
    return [...(closed ? [`${closed} rows are closed`] : []), ...(isThere ? ["the navigation is printed"] : [])];
  }));
  report("typical: all rows are open on paper", faults);
}

async function controls(browser) {
  const faults = await visit(browser, "typical", {}, async (tab) => {
    const faults = [];
    const shown = () => tab.$eval("#filter output", (output) => Number(output.value.split(" ")[0]));
    const rows = () => tab.$$eval("#findings tbody", (rows) => rows.filter((row) => !row.hidden).length);
    const settle = () => new Promise((resolve) => setTimeout(resolve, 250));
    const all = await rows();
    faults.push(...unless(await shown() === all, "the count is wrong at first"));
    await tab.type("#filter [name=text]", "certificate");
    await settle();
    const some = await rows();
    faults.push(...unless(some > 0 && some < all && await shown() === some, `a search shows ${some} of ${all}`));
    await tab.click("#filter [type=reset]");
    await settle();
    faults.push(...unless(await rows() === all, "reset does not show all"));
    for (const [name, value] of [["severity", "1"], ["layer", "3"], ["kind", "npm"], ["fix", "0"], ["risk", "1"]]) {
      await tab.select(`#filter [name=${name}]`, value);
      await settle();
      const some = await rows();
      faults.push(...unless(some > 0 && some < all, `${name} shows ${some} of ${all}`));
      await tab.click("#filter [type=reset]");
      await settle();
    }
    // By the keyboard: the heading is a button.
    await tab.focus("#findings thead th:nth-child(3) button");
    await tab.keyboard.press("Enter");
    const names = await tab.$$eval("#findings tbody", (rows) => rows.map((row) => row.rows[0].cells[2].textContent));
    const isSorted = names.every((name, index) => index === 0 || names[index - 1].localeCompare(name, "en", { numeric: true, sensitivity: "base" }) <= 0);
    const state = await tab.$eval("#findings thead th:nth-child(3)", (heading) => heading.getAttribute("aria-sort"));
    faults.push(...unless(isSorted && state === "ascending" && names.length === all, "sorting by package"));
    await tab.click("[data-show-severity=critical]");
    await settle();
    const words = await tab.$$eval("#findings tbody:not([hidden]) .grade", (words) => [...new Set(words.map((word) => word.textContent))]);
    faults.push(...unless(words.join() === "critical", `a number of the verdict leads to ${words.join()}`));
    return faults;
  });
  report("typical: sorting and filtering", faults);
  const id = fs.readFileSync(path.join(work, "typical.html"), "utf8").match(/<tbody id="(f-[0-9a-f]{16})"/)[1];
  report("typical: a link to a finding opens it", await visit(browser, "typical", { hash: `#${id}` }, async (tab) =>
    unless(await tab.$eval(`#${id} details`, (details) => details.open), "it is closed")));
}

async function large(browser) {
  const start = Date.now();
  const faults = await visit(browser, "large", {}, async (tab) => {
    const loaded = Date.now() - start;
    const took = await tab.evaluate(async () => {
      const start = performance.now();
      document.querySelector("#findings thead button").click();
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return Math.round(performance.now() - start);
    });
    const bytes = fs.statSync(path.join(work, "large.html")).size;
    console.log(`large: 5,000 findings, 20,000 packages: ${(bytes / 1e6).toFixed(1)} MB, loaded in ${loaded} ms, sorted in ${took} ms`);
    // Generous, for a busy machine: it is to notice a page that hangs.
    return [...unless(loaded < 30_000, "loading"), ...unless(took < 15_000, "sorting")];
  });
  report("large: stays usable", faults);
}

(async () => {
  w3c();
  htmlValidate();
  const browser = await puppeteer.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ["--no-sandbox", "--disable-gpu"] });
  for (const check of [widths, withoutScripts, printed, controls, large]) await check(browser);
  await browser.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
})().catch((error) => {
  console.log(`FAILED: ${error.stack}\n${passed} passed, ${failed + 1} failed`);
  process.exitCode = 1;
});
