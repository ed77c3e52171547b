import type { Transport } from '@etcdts/core/plugin';
import type { Suite } from '../suite.ts';
import { cancelContract } from './connection-cancels.ts';
import { connectContract } from './connection-connects.ts';
import { endContract } from './connection-ends.ts';
import { limitContract } from './connection-limits.ts';
import { lossContract } from './connection-losses.ts';
import { messageContract } from './connection-messages.ts';
import { unaryContract } from './connection-unary.ts';

/** Adds the tests that every {@link Transport}'s connections pass, against servers that the tests script themselves. */
export function connectionContract(test: Suite, transport: () => Transport): void {
  connectContract(test, transport);
  messageContract(test, transport);
  unaryContract(test, transport);
  endContract(test, transport);
  lossContract(test, transport);
  cancelContract(test, transport);
  limitContract(test, transport);
}
