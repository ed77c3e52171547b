/** What the program can be told while it runs. */
export interface Config {
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly maxConnections: number;
  readonly maintenance: boolean;
}

/** What holds where etcd says nothing. */
export const defaults: Config = { logLevel: 'info', maxConnections: 100, maintenance: false };

/** Everything that is wrong with a configuration, for those who wrote it. */
export class InvalidConfig extends Error {
  override readonly name = 'InvalidConfig';
}

// One reader for each setting: the compiler sees to it that none is missing.
const readers: { readonly [K in keyof Config]: (text: string) => Config[K] } = {
  logLevel: (text) => oneOf(text, ['debug', 'info', 'warn', 'error']),
  maxConnections: (text) => wholeNumber(text, 1, 10_000),
  maintenance: (text) => oneOf(text, ['true', 'false']) === 'true',
};

/** Makes a configuration of the texts in etcd, by setting. Throws {@link InvalidConfig}. */
export function parseConfig(texts: ReadonlyMap<string, string>): Config {
  const config: Record<string, unknown> = { ...defaults };
  const problems: string[] = [];
  for (const [name, text] of texts) {
    if (!Object.hasOwn(readers, name)) problems.push(`${name} is no setting`);
    else {
      try {
        config[name] = readers[name as keyof Config](text);
      } catch (error) {
        problems.push(`${name} ${(error as Error).message}, not ${JSON.stringify(text)}`);
      }
    }
  }
  if (problems.length > 0) throw new InvalidConfig(problems.join('; '));
  return config as unknown as Config;
}

function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === text);
  if (found === undefined) throw new Error(`must be one of ${allowed.join(', ')}`);
  return found;
}

function wholeNumber(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new Error(`must be a whole number from ${min} to ${max}`);
  return value;
}
