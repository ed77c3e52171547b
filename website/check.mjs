// Opens every page of site/ in headless Chromium, at the width of a phone, and uses the search and the buttons that copy code.
//   node website/check.mjs                        prints what is wrong; exits 1 if anything is, and 77 without a browser
//   node website/check.mjs --screenshots <folder> only writes pictures of each kind of page
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startBrowser } from './browser.mjs';
import { root } from './entries.mjs';
import { contrastFaults, copyFaults, layoutFaults } from './page-checks.mjs';
import { serve } from './server.mjs';

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };
const TABS = 3;
const KINDS = {
  home: 'index.html',
  guide: 'guides/watch.html',
  table: 'guides/mistakes.html',
  package: 'api/core.html',
  interface: 'api/core/WatchOptions.html',
  class: 'api/core/EtcdError.html',
  function: 'api/core/createClient.html',
  type: 'api/core/EtcdErrorCode.html',
};

const site = join(root, 'site');
const files = readdirSync(site, { recursive: true }).filter((file) => file.endsWith('.html'));
const faults = [];
const fault = (file, text) => faults.push(`${file} ${text}`);

async function newPage(browser) {
  const page = await browser.newPage();
  const where = () => new URL(page.url()).pathname.slice(1);
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) fault(where(), `writes to the console: ${message.text()}`);
  });
  page.on('pageerror', (error) => fault(where(), `throws: ${error.message}`));
  page.on('requestfailed', (request) => fault(where(), `cannot load ${request.url()}`));
  return page;
}

async function open(page, file, ...checks) {
  const { status } = Object(await page.goto(`${address}/${file}`));
  if (status?.call === undefined) fault(file, 'has no answer');
  for (const check of checks) for (const text of await page.evaluate(check)) fault(file, text);
}

/** Every page, on several tabs. */
async function openAll(browser) {
  const rest = [...files];
  const work = async () => {
    const page = await newPage(browser);
    await page.setViewport(PHONE);
    for (let file = rest.pop(); file !== undefined; file = rest.pop()) await open(page, file, layoutFaults, copyFaults);
    await page.close();
  };
  await Promise.all(Array.from({ length: TABS }, work));
}

async function searchFor(page, text) {
  await page.click('#tsd-search-trigger');
  await page.type('#tsd-search-input', text);
  await page.waitForSelector('#tsd-search-results a', { timeout: 10_000 });
  return page.$$eval('#tsd-search-results a', (links) => links.map((link) => link.getAttribute('href')));
}

async function trySearch(browser) {
  const page = await newPage(browser);
  await page.setViewport(DESK);
  await open(page, KINDS.home);
  const found = await searchFor(page, 'startRevision');
  for (const part of ['api/core/WatchOptions.html#startrevision', 'guides/']) {
    if (!found.some((link) => link.includes(part)))
      fault('search', `for startRevision finds nothing in ${part}, but ${found}`);
  }
  await page.close();
}

async function tryToCopy(browser) {
  await browser.defaultBrowserContext().overridePermissions(address, ['clipboard-read', 'clipboard-sanitized-write']);
  const page = await newPage(browser);
  await open(page, KINDS.guide);
  await page.hover('pre');
  await page.click('pre button');
  const code = await page.$eval('pre code', (element) => element.innerText);
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  if (copied.trim() !== code.trim()) fault(KINDS.guide, `copies ${JSON.stringify(copied)}`);
  await page.close();
}

/** A page of each kind, light and dark. */
async function openKinds(browser, pictures) {
  const page = await newPage(browser);
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    for (const [kind, file] of Object.entries(KINDS)) {
      await page.setViewport(DESK);
      await open(page, file, contrastFaults);
      if (pictures === undefined) continue;
      await page.screenshot({ path: join(pictures, `${kind}-${scheme}.png`) });
      await page.setViewport(PHONE);
      await page.screenshot({ path: join(pictures, `${kind}-${scheme}-phone.png`) });
    }
  }
  if (pictures !== undefined) {
    await page.setViewport(DESK);
    await searchFor(page, 'startRevision');
    await page.screenshot({ path: join(pictures, 'search-dark.png') });
  }
  await page.close();
}

const { address, close } = await serve(site);
let browser;
try {
  browser = await startBrowser();
} catch (error) {
  console.log(`There is no browser: ${error.message}`);
  process.exitCode = 77;
}
if (browser !== undefined) {
  const pictures = process.argv[2] === '--screenshots' ? process.argv[3] : undefined;
  if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  if (pictures === undefined) {
    await openAll(browser);
    await trySearch(browser);
    await tryToCopy(browser);
  }
  await openKinds(browser, pictures);
  console.log(
    `${await browser.version()} opened ${(pictures === undefined ? files : Object.keys(KINDS)).length} pages.`,
  );
  await browser.close();
  for (const each of faults) console.log(each);
  if (files.length === 0 || faults.length > 0) process.exitCode = 1;
}
close();
