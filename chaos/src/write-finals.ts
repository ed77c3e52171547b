import type { EtcdClient } from '@etcdts/core';
import { pause } from './clock.ts';
import type { Operation } from './history.ts';
import { DIRECTORY, PAIRS, REGISTERS } from './keys.ts';
import { perform } from './perform.ts';
import type { Finals } from './workload/finals.ts';

/** Enough revisions for watches that start in the future, then one change of each kind. */
export async function writeFinals(client: EtcdClient, record: (operation: Operation) => void): Promise<Finals> {
  let values = 0;
  // An attempt whose reply is lost may have been applied, so that the next one has another value.
  const write = async (request: (value: string) => Parameters<typeof perform>[1]): Promise<number> => {
    for (;;) {
      const operation = await perform(client, request(`final.${++values}`), { process: 0, client: 0 });
      record(operation);
      if (operation.revision !== undefined) return operation.revision;
      await pause(200);
    }
  };
  const put = (key: string): Promise<number> => write((value) => ({ type: 'put', key, value }));
  for (let i = 0; i < 400; i++) await put(`${REGISTERS}${i % 10}`);
  const register = await put(`${REGISTERS}3`);
  const entry = await put(`${DIRECTORY}00`);
  const deletion = await write(() => ({ type: 'delete', key: `${DIRECTORY}00` }));
  const pair = await write((value) => ({
    type: 'txn',
    compares: [],
    success: ['a', 'b'].map((side) => ({ type: 'put', key: `${PAIRS}0/${side}`, value })),
    failure: [],
  }));
  return { register, entry, deletion, pair };
}
