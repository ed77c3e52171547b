const MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads a duration as Go writes it, such as `1h30m` or `0.5s`, in milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^[-+]?0$/.test(text)) return 0;
  const [, sign, parts] = /^([-+]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text) ?? [];
  if (parts === undefined) return undefined;
  let sum = 0;
  for (const [, number, unit = ''] of parts.matchAll(/([\d.]+)(\D+)/g)) sum += Number(number) * (MS[unit] ?? NaN);
  return sign === '-' ? -sum : sum;
}
