// uvu decides while it is being imported whether it starts the suites by itself, so this module has to be imported
// before it. Its own start swallows errors of hooks and reports success; file-run.ts starts the suites instead.

/** One suite as uvu hands it over: runs it and returns `[errors, passed, skipped, total]`. */
export type QueuedSuite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

/** The suites whose `.run()` was called, in order; file-run.ts takes them out as it runs them. */
export const queue: QueuedSuite[] = [];

Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: [queue] });
