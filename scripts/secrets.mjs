// Gathers the findings of the guard in test/src/secrets from the processes of test files, for the runner.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The module that every test file is preloaded with. */
export const guard = new URL('../test/dist/secrets/guard.js', import.meta.url).href;

const PLACES = ['errors', 'log lines', 'labels', 'descriptions'];

/** The file to which a test file and the programs that it starts write their findings, a line each. */
export class FindingsFile {
  #folder = mkdtempSync(join(tmpdir(), 'etcdts-secrets-'));
  #path = join(this.#folder, 'findings.jsonl');

  /** The variables for the environment of the test file. */
  get env() {
    return { ETCDTS_SECRETS_REPORT: this.#path };
  }

  /** Returns the sum over all processes and removes the file. `missing` means that the process with this id wrote nothing. */
  take(pid) {
    const sum = noFindings();
    let missing = true;
    try {
      for (const line of readFileSync(this.#path, 'utf8').split('\n').filter(Boolean)) {
        const one = JSON.parse(line);
        addFindings(sum, one);
        if (one.pid === pid) missing = false;
      }
    } catch (error) {
      if (error.code !== 'ENOENT') sum.hits.push(`what was found is not readable: ${error.message}`);
    }
    rmSync(this.#folder, { recursive: true, force: true });
    return { ...sum, missing };
  }
}

/** Makes an empty sum. */
export function noFindings() {
  /** @type {string[]} */
  const hits = [];
  /** @type {Record<string, number>} */
  const connections = {};
  return { connections, looked: Object.fromEntries(PLACES.map((place) => [place, 0])), secrets: 0, hits };
}

export function addFindings(sum, { looked, secrets, hits, connections = {} }) {
  for (const name of Object.keys(connections)) sum.connections[name] = (sum.connections[name] ?? 0) + connections[name];
  for (const place of PLACES) sum.looked[place] += looked[place];
  sum.secrets += secrets;
  sum.hits.push(...hits);
}

/** `5 errors, 4 log lines, … looked at for 7 secrets, 0 hits`. */
export function sayFindings({ looked, secrets, hits }) {
  return `${PLACES.map((place) => `${looked[place]} ${place}`).join(', ')} looked at for ${secrets} secrets, ${hits.length} hits`;
}

/** `120 by @etcdts/http2, 8 by counted`. */
export function sayConnections({ connections }) {
  const parts = Object.entries(connections).sort(([, a], [, b]) => b - a);
  return parts.map(([name, count]) => `${count} by ${name}`).join(', ') || 'none';
}

/** The places without a search. In a whole run, that means that the guard does not see them. */
export function unseen({ looked }) {
  return PLACES.filter((place) => looked[place] === 0);
}
