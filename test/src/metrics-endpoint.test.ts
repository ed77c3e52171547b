import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '@etcdts/core';
import { assert, eventually, startEtcd, suite } from '@etcdts/testing';

const program = fileURLToPath(new URL('../../examples/metrics-endpoint/dist/service.js', import.meta.url));
const test = suite('example: a metrics endpoint', { timeoutMs: 30_000 });

test('answers Prometheus, registers itself anew where its lease is lost, and ends at a signal', async () => {
  await using etcd = await startEtcd();
  await using client = createClient({ endpoints: etcd.endpoints });
  const env = { ...process.env, ETCD_ENDPOINTS: etcd.endpoint, PORT: '0' };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const url = line.replace('metrics at ', '');
    const has = (sample: RegExp) => async (): Promise<boolean> => sample.test(await (await fetch(url)).text());
    await eventually(has(/^grpc_client_handled_total\{.*grpc_method="Put",grpc_code="OK"\} [1-9]/m));
    await eventually(has(/^etcdts_watches 1$/m));
    await eventually(has(/^etcdts_leases 1$/m));
    assert.match((await fetch(url)).headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.is((await fetch(new URL('/', url))).status, 404);
    const registered = async () => (await client.kv.get('metrics-endpoint/services/', { prefix: true })).kvs;
    assert.equal(
      (await registered()).map((kv) => kv.text()),
      [url],
    );
    for (const id of (await client.lease.leases()).leases) await client.lease.revoke(id);
    await eventually(has(/^etcdts_leases_lost_total 1$/m));
    await eventually(async () => (await registered()).length === 1);
  } finally {
    child.kill();
  }
  assert.equal(await exited, [0, null]);
});

test.run();
