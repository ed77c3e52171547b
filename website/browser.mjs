// A headless Chromium: the one in the npm package @sparticuz/chromium (for Linux on x64), else one that the machine has, else one
// that apt-get installs for root.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const PACKAGE = '@sparticuz/chromium';
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Unpacks the browser beside the other packages. Returns its path, and the environment in which it has libraries of its own. */
async function unpacked() {
  const json = new URL('../../package.json', import.meta.resolve(PACKAGE));
  const { version } = JSON.parse(readFileSync(json, 'utf8'));
  const folder = fileURLToPath(new URL(`node_modules/.cache/chromium-${version}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  const before = { ...process.env };
  // The package unpacks to the folder for temporary files, where another version may lie, and its libraries only for Lambda.
  Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x' });
  try {
    const { default: chromium } = await import(PACKAGE);
    const executablePath = await chromium.executablePath();
    const { FONTCONFIG_PATH, LD_LIBRARY_PATH } = process.env;
    return { executablePath, env: { ...before, FONTCONFIG_PATH, LD_LIBRARY_PATH } };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

function ofTheMachine() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the PATH has none of ${NAMES.join(', ')}`);
  return { executablePath: found };
}

function ofApt() {
  if (process.getuid?.() !== 0) throw new Error('apt-get is for root');
  const { status, stderr } = spawnSync('apt-get', ['install', '-y', 'chromium'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`apt-get install chromium failed: ${stderr ?? 'it is missing'}`);
  return ofTheMachine();
}

const sources = [
  async () => ({ executablePath: (await unpacked()).executablePath }),
  unpacked,
  async () => ofTheMachine(),
  async () => ofApt(),
];

/** Starts a browser. The error says why each source has none. */
export async function startBrowser() {
  // Chromium has no sandbox for root. The pages that it opens are our own.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const reasons = [];
  for (const source of sources) {
    try {
      return await puppeteer.launch({ ...(await source()), args, headless: 'shell' });
    } catch (error) {
      reasons.push(String(error.message).trim().split('\n')[0]);
    }
  }
  throw new Error(reasons.join('; '));
}
