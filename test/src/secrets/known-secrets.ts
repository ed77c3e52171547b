// The secrets, and whether a text shows one of them.
import { formsOf, searchable } from './texts.ts';

/**
 * `credential` is a password, token or private key, which must never be printed. `data` are keys, values and users, which a
 * program may print.
 */
export type SecretKind = 'credential' | 'data';

/** One secret in one text, with what is around it. */
export interface Hit {
  readonly kind: SecretKind;
  readonly form: string;
  readonly around: string;
}

/** What is shorter stands in texts by chance. */
export const SHORTEST = 8;
/** Enough to tell a secret by; a value may have megabytes, and a text may quote the beginning alone. */
const LONGEST = 32;
const MOST = 20_000;

/** Secrets, by how their forms begin: a text is gone through once, however many there are. */
export class KnownSecrets {
  readonly #forms: Map<string, { readonly kind: SecretKind; readonly form: string }[]> = new Map();
  readonly #known: Set<string> = new Set();

  get size(): number {
    return this.#known.size;
  }

  /** How many passwords and tokens were sent that are too short to be looked for: tests have no reason to use such. */
  tooShort = 0;

  /** Learns one; not what is too short or too plain to be told from other text. */
  learn(kind: SecretKind, secret: string | Uint8Array): void {
    const bytes = Buffer.from(typeof secret === 'string' ? secret.slice(0, LONGEST) : secret.subarray(0, LONGEST));
    if (kind === 'data' && this.#known.size >= MOST) return;
    const name = kind + bytes.toString('latin1');
    if (this.#known.has(name) || !isTelling(bytes)) return;
    this.#known.add(name);
    for (const form of new Set(formsOf(bytes))) {
      if (form.length < SHORTEST) continue;
      const start = form.slice(0, SHORTEST);
      const alike = this.#forms.get(start);
      if (alike === undefined) this.#forms.set(start, [{ kind, form }]);
      else alike.push({ kind, form });
    }
  }

  /** The first of the secrets of these kinds that a text shows. */
  find(shown: string, kinds: readonly SecretKind[] = ['credential', 'data']): Hit | undefined {
    const text = searchable(shown);
    for (let i = 0; i + SHORTEST <= text.length; i++) {
      const alike = this.#forms.get(text.slice(i, i + SHORTEST));
      const found = alike?.find(({ kind, form }) => kinds.includes(kind) && text.startsWith(form, i));
      if (found) return { ...found, around: text.slice(Math.max(0, i - 100), i + 200) };
    }
    return undefined;
  }
}

/** Bytes that say something: not zeros, numbers or the address of a server, which clients show. */
function isTelling(bytes: Buffer): boolean {
  if (bytes.length < SHORTEST || new Set(bytes).size < 4) return false;
  const text = bytes.toString('latin1');
  return /[^\d.,:-]/.test(text) && !/^(https?:\/\/)?(\d+\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d*)?$/.test(text);
}
