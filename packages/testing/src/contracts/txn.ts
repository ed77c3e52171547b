import type { Suite } from '../suite.ts';
import type { ContractContext } from './kv.ts';
import { kvTxns } from './kv-txns.ts';

/**
 * Adds the tests of everything that transactions promise, in keys as the client under test names them. A transparent wrapper
 * passes them all.
 */
export function txnContract(test: Suite, context: () => ContractContext): void {
  kvTxns(test, () => context().client.kv);
}
