export { assert, suite } from './suite.ts';
export type { Hook, HookFunction, Suite, SuiteOptions, TestContext, TestFunction } from './suite.ts';
export { deferred, eventually, rejects } from './eventually.ts';
export type { Deferred, ErrorCheck, EventuallyOptions } from './eventually.ts';
