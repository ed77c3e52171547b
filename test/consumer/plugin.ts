// A plugin and the application that uses it: an interceptor with a call option of its own, and a wrapper.
import { strict as assert } from 'node:assert';
import { createClient, EtcdError, isEtcdError, type EtcdOperations } from '@etcdts/core';
import { invalidArgument, wrapClient, type Interceptor } from '@etcdts/core/plugin';

declare module '@etcdts/core' {
  interface CallOptions {
    /** Whom the audit names. */
    actor?: string | undefined;
  }
}

function audit(actors: string[]): Interceptor {
  return {
    name: 'audit',
    options: ['actor'],
    unary: (next) => (call) => {
      // The entry for authors sees the option, too.
      const actor: string | undefined = call.options.actor;
      actors.push(actor ?? 'nobody');
      return next(call);
    },
  };
}

function withoutWrites(client: EtcdOperations): EtcdOperations {
  const refuse = (): Promise<never> => Promise.reject(invalidArgument('key', 'must not be written'));
  return wrapClient(client, {
    kv: (next) => ({
      range: (request, options) => next.range(request, options),
      rangeStream: (request, options) => next.rangeStream(request, options),
      compact: (request, options) => next.compact(request, options),
      put: refuse,
      deleteRange: refuse,
      txn: refuse,
    }),
  });
}

async function main(): Promise<void> {
  const actors: string[] = [];
  const client = createClient({ endpoints: process.env['ETCD_ENDPOINT'] ?? '', interceptors: [audit(actors)] });
  await client.kv.get('colour', { actor: 'alice' });
  assert.deepEqual(actors, ['alice']);
  // @ts-expect-error: nobody has added this option
  const unknown = Promise.resolve().then(() => client.kv.get('colour', { actors: 'alice' }));
  assert.equal(await unknown.catch((reason: unknown) => isEtcdError(reason, 'INVALID_ARGUMENT')), true);
  // One copy of the code behind both entries: the client that one made is known to the other, and so is the class.
  const error: unknown = await withoutWrites(client)
    .kv.put('colour', 'blue')
    .catch((reason: unknown) => reason);
  assert.ok(error instanceof EtcdError);
  assert.equal(error.code, 'INVALID_ARGUMENT');
  await client.close();
  console.log('done');
}

void main();
