/** The milliseconds of each unit of `grpc-timeout` (gRPC's PROTOCOL-HTTP2, Requests). */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** How many characters a timeout has at most. */
const LONGEST = 9;

/** Reads `grpc-timeout`. Returns milliseconds, or why it is malformed, in the words of grpc-go (`decodeTimeout` of its transport). */
export function readTimeout(text: string): number | string {
  const quoted = JSON.stringify(text);
  if (text.length < 2) return `transport: timeout string is too short: ${quoted}`;
  if (text.length > LONGEST) return `transport: timeout string is too long: ${quoted}`;
  const unit = UNITS[text.slice(-1)];
  if (unit === undefined) return `transport: timeout unit is not recognized: ${quoted}`;
  const digits = text.slice(0, -1);
  if (!/^\d+$/.test(digits)) return `strconv.ParseUint: parsing ${JSON.stringify(digits)}: invalid syntax`;
  return Number(digits) * unit;
}
