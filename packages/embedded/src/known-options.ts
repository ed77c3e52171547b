/** The options that there are, each by its name. */
export type KnownOptions<O extends object> = Readonly<Record<keyof O, unknown>>;

/** Refuses what is no object of options, and an option that is not known, for callers without a compiler that does. */
export function checkOptions<O extends object>(options: O, known: KnownOptions<O>, caller: string): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `${caller}: options must be an object, not ${options === null ? 'null' : `a ${typeof options}`}`,
    );
  }
  const stranger = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (stranger === undefined) return;
  throw new TypeError(`${caller}: unknown option ${stranger}; there are ${Object.keys(known).join(', ')}`);
}
