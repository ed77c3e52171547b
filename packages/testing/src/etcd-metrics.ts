import { get } from 'node:http';

/** Fetches a plain HTTP page over a connection of its own. Rejects after one second. */
export function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Without an agent no connection is kept, which would look like a leak of the test.
    const request = get(url, { agent: false, signal: AbortSignal.timeout(1_000) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
  });
}

/** Adds up the series of a Prometheus page that have the name and at least the labels; 0 if there is none. */
export function sumMetric(page: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  let sum = 0;
  for (const line of page.split('\n')) {
    const [, series, set = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (series !== name) continue;
    const has = new Map([...set.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key, text]));
    if (Object.entries(labels).every(([key, text]) => has.get(key) === text)) sum += Number(value);
  }
  return sum;
}
