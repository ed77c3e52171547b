// Services beside etcd's API, on a real etcd: gRPC health, which it has served since 3.0.
import { createClient } from '@etcdts/core';
import {
  defineService,
  invoke,
  invokeStream,
  servedBy,
  type Interceptor,
  type ProtocolJson,
} from '@etcdts/core/plugin';
import { metrics } from '@etcdts/metrics';
import { retry } from '@etcdts/retry';
import { assert, rejects, startEtcd, suite, type EtcdServer } from '@etcdts/testing';
import { Registry } from 'prom-client';

const test = suite('services beside the API of etcd', { timeoutMs: 20_000 });

let etcd: EtcdServer;
test.before(async () => {
  etcd = await startEtcd();
});
test.after(() => etcd?.close());

interface HealthTypes {
  readonly Check: { readonly request: { readonly service?: string }; readonly response: { readonly status: string } };
  readonly Watch: HealthTypes['Check'];
}

const status = { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 };
const health: ProtocolJson = {
  nested: {
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: {
                  fields: { status: { type: 'ServingStatus', id: 1 } },
                  nested: { ServingStatus: { values: status } },
                },
                Health: {
                  methods: {
                    Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' },
                    Watch: {
                      requestType: 'HealthCheckRequest',
                      responseType: 'HealthCheckResponse',
                      responseStream: true,
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
const { Check, Watch } = defineService<HealthTypes>(health, { reads: ['Check', 'Watch'] });

test('K-4 gRPC health of etcd is checked and watched, through the interceptors of the client', async () => {
  const registry = new Registry();
  const seen: string[] = [];
  const noting: Interceptor = {
    name: 'noting',
    unary: (next, method) => async (call) => {
      const response = await next(call);
      seen.push(`${method.label} ${call.context.get(servedBy)}`);
      return response;
    },
    stream: (next, method) => (call) => {
      seen.push(method.label);
      return next(call);
    },
  };
  const interceptors = [metrics({ registry }), retry(), noting];
  await using client = createClient({ endpoints: etcd.endpoints, interceptors });
  assert.equal(await invoke(client, Check, {}), { status: 'SERVING' });
  for await (const message of invokeStream(client, Watch, { service: '' })) {
    assert.equal(message, { status: 'SERVING' });
    break;
  }
  assert.equal(seen, [`Health.Check ${etcd.endpoints[0]}`, 'Health.Watch']);
  assert.match(await registry.metrics(), /grpc\.health\.v1\.Health/);
});

test('K-4 the failure of an RPC of another service is typed, and names it', async () => {
  await using client = createClient({ endpoints: etcd.endpoints });
  const strange = { ...Check, service: 'grpc.health.v1.Nothing', path: '/grpc.health.v1.Nothing/Check' };
  await rejects(invoke(client, Check, { service: 'none' }), { code: 'NOT_FOUND', method: 'Health.Check' });
  await rejects(invoke(client, strange, {}), { code: 'UNIMPLEMENTED', outcome: 'not-applied' });
  assert.throws(() => invoke({} as never, Check, {}), /client is no client of this package/);
  assert.throws(() => invokeStream({} as never, Watch, {}), /client is no client of this package/);
});

test('K-2 the endpoint of each call that went well is printed by an interceptor, for each member', async () => {
  const printed: string[] = [];
  const printing: Interceptor = {
    name: 'printing',
    unary: (next) => async (call) => {
      const response = await next(call);
      printed.push(`${call.method.label} ${call.context.get(servedBy)}`);
      return response;
    },
  };
  const [, port] = etcd.endpoint.split(':');
  const endpoints = [`127.0.0.1:${port}`, `localhost:${port}`];
  await using client = createClient({ endpoints, interceptors: [printing] });
  for (const endpoint of endpoints) await client.kv.put('services/endpoint', 'x', { endpoint });
  for (const [avoided, other] of [endpoints, endpoints.toReversed()]) {
    for (let i = 0; i < 3; i++) await client.kv.get('services/endpoint', { avoid: [avoided as string] });
    assert.equal(printed.slice(-3), Array(3).fill(`KV.Range ${other}`));
  }
  assert.equal(
    printed.slice(0, 2),
    endpoints.map((endpoint) => `KV.Put ${endpoint}`),
  );
});

test.run();
