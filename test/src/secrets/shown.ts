// Gathers what a process has shown until it is searched.
import { SHORTEST, type Hit, type KnownSecrets, type SecretKind } from './known-secrets.ts';
import { printed, textsOf } from './texts.ts';

/** Where something was shown. `output` is what the process itself printed, in which a program's own data may stand. */
export type Place = 'errors' | 'log lines' | 'labels' | 'descriptions' | 'output';

/** How much was shown in each place, and which secrets were. */
export interface Findings {
  readonly looked: Readonly<Record<Place, number>>;
  readonly secrets: number;
  readonly hits: readonly string[];
}

/** Texts may be searched before all secrets are known once there are this many characters of them. */
const MOST_CHARACTERS = 8_000_000;
const MOST_HITS = 20;

/** Keeps texts, not things, so that nothing lives longer for it; and each text once. */
export class Shown {
  readonly #secrets: KnownSecrets;
  readonly #looked: Record<Place, number> = { errors: 0, 'log lines': 0, labels: 0, descriptions: 0, output: 0 };
  readonly #texts: Map<string, Place> = new Map();
  readonly #errors: Set<string> = new Set();
  /** By place and secret: one text shows that it leaks as well as a thousand do. */
  readonly #hits: Map<string, string> = new Map();
  #characters = 0;

  constructor(secrets: KnownSecrets) {
    this.#secrets = secrets;
  }

  /** An error; of those that read the same, with their causes, the first is printed in all ways. */
  error(error: Error): void {
    this.#looked.errors++;
    const reads = printed(() => `${error} ${JSON.stringify(error)} ${String(error.cause)}`) || error.message;
    if (this.#errors.has(reads)) return;
    this.#errors.add(reads);
    for (const text of textsOf(error)) this.#keep('errors', text);
  }

  text(place: Exclude<Place, 'errors'>, text: string, count = 1): void {
    this.#looked[place] += count;
    this.#keep(place, text);
  }

  findings(): Findings {
    this.#search();
    const { size, tooShort } = this.#secrets;
    const hits = [...this.#hits.values()].slice(0, MOST_HITS);
    if (tooShort > 0) hits.push(`${tooShort} passwords or tokens of under ${SHORTEST} bytes, which none can look for`);
    return { looked: this.#looked, secrets: size, hits };
  }

  #keep(place: Place, text: string): void {
    if (this.#texts.has(text)) return;
    this.#texts.set(text, place);
    this.#characters += text.length;
    if (this.#characters > MOST_CHARACTERS) this.#search();
  }

  #search(): void {
    for (const [text, place] of this.#texts) {
      const kinds: readonly SecretKind[] = place === 'output' ? ['credential'] : ['credential', 'data'];
      const hit = this.#secrets.find(text, kinds);
      const name = `${place} ${hit?.form}`;
      if (hit && !this.#hits.has(name)) this.#hits.set(name, sayHit(place, hit));
    }
    this.#texts.clear();
    this.#characters = 0;
  }
}

function sayHit(place: Place, { kind, form, around }: Hit): string {
  return `${kind} ${JSON.stringify(form)} is shown in ${place}: …${around.replace(/\s+/g, ' ')}…`;
}
