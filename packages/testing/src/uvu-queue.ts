// During its import, uvu decides whether it starts the suites, so that this module must be imported before it. uvu's own start
// swallows errors of hooks and reports success; file-run.ts starts the suites instead.

/** One suite of uvu. It runs the tests and returns `[errors, passed, skipped, total]`. */
export type QueuedSuite = () => Promise<[errors: string | true, passed: number, skipped: number, total: number]>;

/** The suites whose `.run()` was called, in order. file-run.ts removes them as it runs them. */
export const queue: QueuedSuite[] = [];

Object.assign(globalThis, { UVU_DEFER: 1, UVU_INDEX: 0, UVU_QUEUE: [queue] });
