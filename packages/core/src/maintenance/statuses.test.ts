import { assert, rejects, suite } from '@etcdts/testing';
import type { StatusResponse } from '../messages.ts';
import { checkVersion, type StatusSource } from './statuses.ts';

function running(versions: Readonly<Record<string, string>>): StatusSource {
  return {
    status: async (endpoint) => {
      const version = versions[endpoint];
      if (version === undefined) throw new Error(`${endpoint} is down`);
      return { version } as StatusResponse;
    },
  };
}

const test = suite('checkVersion');

test('CL-12 passes where every endpoint runs 3.4.0 or newer', async () => {
  const versions = ['3.4.0', '3.4.0+git', '3.4.37', '3.5.0-alpha.0', '3.10.1', '4.0.0', '10.0.0-rc.1'];
  const source = running(Object.fromEntries(versions.map((version) => [version, version])));
  await checkVersion(source, versions);
});

test('CF-12 V-05 CL-12 one older endpoint fails, by name and version', async () => {
  for (const old of ['3.3.27', '3.4.0-rc.1', '2.99.99', '3.3.99+git']) {
    const error = await rejects(checkVersion(running({ a: '3.7.0', b: old }), ['a', 'b']), {
      code: 'OLD_CLUSTER',
      endpoint: 'b',
      outcome: 'not-applied',
      attempts: 1,
    });
    assert.ok(error.message.includes(`b runs etcd "${old}"`), error.message);
  }
});

test('CL-12 a version that cannot be read fails, and is cut short in the error', async () => {
  await rejects(checkVersion(running({ a: '' }), ['a']), { code: 'OLD_CLUSTER' });
  const error = await rejects(checkVersion(running({ a: 'x'.repeat(1000) }), ['a']), { code: 'OLD_CLUSTER' });
  assert.ok(error.message.length < 200);
});

test('CL-12 an endpoint that does not answer fails', async () => {
  await rejects(checkVersion(running({ a: '3.7.0' }), ['a', 'b']), /b is down/);
});

test.run();
